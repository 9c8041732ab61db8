"""OTLP over TLS: whom it trusts, as whom it appears, and what it says when that fails."""

from __future__ import annotations

from typing import Any

import pytest
from support.builders.ship_values import encoded
from support.fakes.otlp_protocols import BOTH, GRPC, HTTP, OtlpProtocol
from support.fakes.otlp_receiver import OtlpReceiver
from support.fakes.tls_files import Certificate, make_certificate
from support.fakes.tunnel import Tunnel

from fuse_otel.core.batching.export_result import Accepted, ExportResult, Retry, Suspended
from fuse_otel.core.batching.gzip_member import deflate
from fuse_otel.core.model.telemetry import Signal
from fuse_otel.errors import ConfigurationError

TRACES = Signal.TRACES
UNTRUSTED = "the back end's certificate is not trusted: "
UNUSABLE = "cannot be used: it is no usable PEM"


@pytest.fixture(params=BOTH.values(), ids=BOTH.keys())
def protocol(request: pytest.FixtureRequest) -> OtlpProtocol:
    return request.param


@pytest.fixture(scope="module")
def ours(tmp_path_factory) -> Certificate:
    return make_certificate(tmp_path_factory.mktemp("tls"), "ours")


@pytest.fixture(scope="module")
def theirs(tmp_path_factory) -> Certificate:
    return make_certificate(tmp_path_factory.mktemp("tls"), "theirs", "DNS:elsewhere.example")


@pytest.fixture
def garbage(tmp_path) -> str:
    file = tmp_path / "garbage.pem"
    file.write_text("no PEM")
    return str(file)


def send(protocol: OtlpProtocol, url: str, **options: Any) -> ExportResult:
    destination = protocol.to(url, **options)
    outcome = destination.send(TRACES, deflate(encoded(TRACES, "a")), 2)
    destination.close()
    return outcome


def held_for_tls(outcome: ExportResult) -> str:
    """The reason."""
    assert isinstance(outcome, Suspended)
    assert outcome.code == "tls"
    return outcome.reason


# --- over both ---


def test_a_certificate_that_is_known_is_trusted(protocol, ours):
    with protocol.secured(ours) as receiver:
        outcome = send(protocol, receiver.url, certificate=str(ours.certificate))
    assert isinstance(outcome, Accepted)


def test_a_certificate_that_nobody_knows_is_for_the_operator(protocol, ours):
    with protocol.secured(ours) as receiver:
        reason = held_for_tls(send(protocol, receiver.url))
    assert reason.startswith(f"{UNTRUSTED}self")


def test_authorities_of_the_environment_are_trusted(protocol, ours, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(ours.certificate))
    with protocol.secured(ours) as receiver:
        assert isinstance(send(protocol, receiver.url), Accepted)


def test_a_certificate_of_another_host_is_for_the_operator(protocol, theirs):
    with protocol.secured(theirs) as receiver:
        outcome = send(protocol, receiver.url, certificate=str(theirs.certificate))
    assert held_for_tls(outcome).startswith(UNTRUSTED)


def test_a_back_end_may_ask_who_we_are(protocol, ours, theirs):
    with protocol.secured(ours, theirs) as receiver:
        outcome = send(
            protocol,
            receiver.url,
            certificate=str(ours.certificate),
            client_certificate=str(theirs.certificate),
            client_key=str(theirs.key),
        )
    assert isinstance(outcome, Accepted)


def test_a_client_certificate_alone_keeps_the_well_known_authorities(protocol, ours, theirs):
    with protocol.secured(ours) as receiver:
        outcome = send(
            protocol,
            receiver.url,
            client_certificate=str(theirs.certificate),
            client_key=str(theirs.key),
        )
    assert held_for_tls(outcome).startswith(UNTRUSTED)


def test_tls_to_a_plain_port_is_for_the_operator(protocol):
    with protocol.receiver() as receiver:
        outcome = send(protocol, receiver.url.replace("http:", "https:"))
    assert "else write http://" in held_for_tls(outcome)


def test_certificates_that_cannot_be_read_are_named(protocol, tmp_path, garbage):
    missing = str(tmp_path / "none.pem")
    for options, sentence in [
        ({"certificate": missing}, "none.pem: Cannot read the file: No such file"),
        ({"certificate": garbage}, f"garbage.pem {UNUSABLE}"),
        ({"client_certificate": missing}, "none.pem: Cannot read the file: No such file"),
        ({"client_certificate": garbage}, f"garbage.pem {UNUSABLE}"),
    ]:
        with pytest.raises(ConfigurationError, match=sentence):
            protocol.to("https://host:4317", **options)


# --- over HTTP ---


def test_not_to_say_who_we_are_is_for_the_operator(ours, theirs):
    with HTTP.secured(ours, theirs) as receiver:
        outcome = send(HTTP, receiver.url, certificate=str(ours.certificate))
    assert held_for_tls(outcome).startswith("TLS failed: TLSV13_ALERT_CERTIFICATE_REQUIRED")


def test_plain_http_to_a_port_of_python_that_speaks_tls_is_never_accepted(ours):
    with HTTP.secured(ours) as receiver:
        outcome = send(HTTP, receiver.url.replace("https:", "http:"))
    assert isinstance(outcome, Suspended | Retry)


def test_a_key_that_is_locked_or_of_another_certificate_is_named(tmp_path, ours):
    locked = make_certificate(tmp_path, "locked", password="secret")
    for certificate, key, sentence in [
        (locked.certificate, locked.key, "its key .*locked.pem cannot be used"),
        (ours.certificate, locked.certificate, f"its key .*ours.pem {UNUSABLE}"),
    ]:
        with pytest.raises(ConfigurationError, match=sentence):
            HTTP.to("https://host", client_certificate=str(certificate), client_key=str(key))


# --- over gRPC ---


def test_a_name_without_a_scheme_is_spoken_to_in_tls(ours):
    with GRPC.secured(ours) as receiver:
        url = f"127.0.0.1:{receiver.port}"
        assert isinstance(send(GRPC, url, certificate=str(ours.certificate)), Accepted)


def test_what_is_wrong_with_a_certificate_is_reported_although_grpc_does_not(ours, theirs):
    with GRPC.secured(ours) as receiver:
        assert send(GRPC, receiver.url) == Suspended("tls", f"{UNTRUSTED}self signed certificate")
    with GRPC.secured(theirs) as receiver:
        outcome = send(GRPC, receiver.url, certificate=str(theirs.certificate))
    assert outcome == Suspended("tls", f"{UNTRUSTED}it is of another host")


def test_not_to_say_who_we_are_is_tried_again_with_a_hint(ours, theirs):
    """GRPC's servers hang up without a word."""
    with GRPC.secured(ours, theirs) as receiver:
        outcome = send(GRPC, receiver.url, certificate=str(ours.certificate))
    assert isinstance(outcome, Retry)
    assert "some a client certificate" in outcome.reason


def test_a_server_that_says_what_it_misses_is_for_the_operator(ours, theirs):
    """As those of Go do: by an alert after the handshake."""
    context = ours.server(clients=theirs)
    context.set_alpn_protocols(["h2"])
    with OtlpReceiver(tls=context) as receiver:
        outcome = send(GRPC, receiver.url, certificate=str(ours.certificate))
    assert outcome == Suspended("tls", "the back end broke TLS off; check the client certificate")


def test_plain_text_to_a_tls_port_is_tried_again_with_a_hint(ours):
    with GRPC.secured(ours) as receiver:
        outcome = send(GRPC, receiver.url.replace("https:", "http:"))
    assert isinstance(outcome, Retry)
    assert "a TLS port needs https://" in outcome.reason


def test_a_server_of_http_1_behind_tls_is_for_the_operator(ours):
    with HTTP.secured(ours) as receiver:
        outcome = send(GRPC, receiver.url, certificate=str(ours.certificate))
    assert isinstance(outcome, Suspended)
    assert outcome.code == "protocol"


# --- through a proxy ---


def test_through_a_proxy_the_certificate_is_checked_for_the_back_end(
    monkeypatch, protocol, no_proxy, theirs
):
    with protocol.secured(theirs) as receiver, Tunnel(receiver.port) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        trust = {"certificate": str(theirs.certificate)}
        outcome = send(protocol, "https://elsewhere.example:4317", **trust)
        assert isinstance(outcome, Accepted)
        assert len(receiver.requests) == 1
        assert isinstance(send(protocol, "https://back-end.example:4317", **trust), Suspended)
    assert {head.split()[1] for head in proxy.heads} == {
        "elsewhere.example:4317", "back-end.example:4317",
    }  # fmt: skip
