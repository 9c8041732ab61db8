"""OTLP over gRPC and TLS: whom it trusts, as whom it appears, and what it says when that fails."""

from __future__ import annotations

from typing import Any

import pytest
from support.grpc_receiver import GrpcReceiver
from support.otlp_receiver import OtlpReceiver
from support.ship_values import encoded
from support.tls_files import Certificate, make_certificate

from fuse_otel.core.gzip_member import deflate
from fuse_otel.core.outcome import Accepted, Held, Outcome, Retry
from fuse_otel.core.telemetry import Signal
from fuse_otel.destinations.otlp_grpc import OtlpGrpc, OtlpGrpcOptions
from fuse_otel.errors import ConfigurationError

TRACES = Signal.TRACES
OK = Accepted("OK")
UNTRUSTED = "the back end's certificate is not trusted: "


def send(url: str, **options: Any) -> Outcome:
    destination = OtlpGrpc(OtlpGrpcOptions("main", {TRACES: url}, **options))
    outcome = destination.send(TRACES, deflate(encoded(TRACES, "a")), 2)
    destination.close()
    return outcome


@pytest.fixture(scope="module")
def ours(tmp_path_factory) -> Certificate:
    return make_certificate(tmp_path_factory.mktemp("tls"), "ours")


@pytest.fixture(scope="module")
def theirs(tmp_path_factory) -> Certificate:
    return make_certificate(tmp_path_factory.mktemp("tls"), "theirs", "DNS:elsewhere.example")


def test_a_certificate_that_is_known_is_trusted(ours):
    with GrpcReceiver(tls=ours) as receiver:
        assert send(receiver.url, certificate=str(ours.certificate)) == OK


def test_a_name_without_a_scheme_is_spoken_to_in_tls(ours):
    with GrpcReceiver(tls=ours) as receiver:
        assert send(f"127.0.0.1:{receiver.port}", certificate=str(ours.certificate)) == OK


def test_a_certificate_that_nobody_knows_is_for_the_operator(ours):
    with GrpcReceiver(tls=ours) as receiver:
        assert send(receiver.url) == Held("tls", UNTRUSTED + "self signed certificate")


def test_authorities_of_the_environment_are_trusted_as_over_http(ours, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(ours.certificate))
    with GrpcReceiver(tls=ours) as receiver:
        assert send(receiver.url) == OK


def test_a_certificate_of_another_host_is_for_the_operator(theirs):
    with GrpcReceiver(tls=theirs) as receiver:
        outcome = send(receiver.url, certificate=str(theirs.certificate))
    assert outcome == Held("tls", UNTRUSTED + "it is of another host")


def test_a_back_end_may_ask_who_we_are(ours, theirs):
    with GrpcReceiver(tls=ours, clients=theirs) as receiver:
        outcome = send(
            receiver.url,
            certificate=str(ours.certificate),
            client_certificate=str(theirs.certificate),
            client_key=str(theirs.key),
        )
    assert outcome == OK


def test_not_to_say_who_we_are_is_tried_again_with_a_hint(ours, theirs):
    """GRPC's servers hang up without a word."""
    with GrpcReceiver(tls=ours, clients=theirs) as receiver:
        outcome = send(receiver.url, certificate=str(ours.certificate))
    assert isinstance(outcome, Retry)
    assert "some a client certificate" in outcome.reason


def test_a_server_that_says_what_it_misses_is_for_the_operator(ours, theirs):
    """As those of Go do: by an alert after the handshake."""
    context = ours.server(clients=theirs)
    context.set_alpn_protocols(["h2"])
    with OtlpReceiver(tls=context) as receiver:
        outcome = send(receiver.url, certificate=str(ours.certificate))
    assert outcome == Held("tls", "the back end broke TLS off; check the client certificate")


def test_tls_to_a_plain_port_is_for_the_operator():
    with GrpcReceiver() as receiver:
        outcome = send(receiver.url.replace("http:", "https:"))
    assert isinstance(outcome, Held)
    assert outcome.code == "tls"
    assert "else write http://" in outcome.reason


def test_plain_text_to_a_tls_port_is_tried_again_with_a_hint(ours):
    with GrpcReceiver(tls=ours) as receiver:
        outcome = send(receiver.url.replace("https:", "http:"))
    assert isinstance(outcome, Retry)
    assert "a TLS port needs https://" in outcome.reason


def test_a_server_of_http_1_behind_tls_is_for_the_operator(ours):
    with OtlpReceiver(tls=ours.server()) as receiver:
        outcome = send(receiver.url, certificate=str(ours.certificate))
    assert isinstance(outcome, Held)
    assert outcome.code == "protocol"


def test_certificates_that_cannot_be_read_are_named(tmp_path, ours):
    garbage = tmp_path / "garbage.pem"
    garbage.write_text("no PEM")
    for options, sentence in [
        ({"certificate": str(tmp_path / "none.pem")}, "none.pem cannot be used: No such file"),
        ({"certificate": str(garbage)}, "garbage.pem cannot be used: it is no usable PEM"),
        ({"client_certificate": str(garbage)}, "garbage.pem cannot be used: it is no usable PEM"),
    ]:
        with pytest.raises(ConfigurationError, match=sentence):
            OtlpGrpc(OtlpGrpcOptions("main", {TRACES: "https://host:4317"}, **options))
