"""OTLP over HTTPS: whom it trusts, as whom it appears, and what it says when that fails."""

from __future__ import annotations

from typing import Any

import pytest
from support.otlp_receiver import OtlpReceiver
from support.ship_values import encoded
from support.tls_files import Certificate, make_certificate

from fuse_otel.core.gzip_member import deflate
from fuse_otel.core.outcome import Accepted, Held, Outcome, Retry
from fuse_otel.core.telemetry import Signal
from fuse_otel.destinations.otlp_http import OtlpHttp, OtlpHttpOptions
from fuse_otel.errors import ConfigurationError

TRACES = Signal.TRACES


def send(url: str, **options: Any) -> Outcome:
    destination = OtlpHttp(OtlpHttpOptions("main", {TRACES: url}, **options))
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
    with OtlpReceiver(tls=ours.server()) as receiver:
        url = f"{receiver.url}/v1/traces"
        assert send(url, certificate=str(ours.certificate)) == Accepted("200")


def test_a_certificate_that_nobody_knows_is_for_the_operator(ours):
    with OtlpReceiver(tls=ours.server()) as receiver:
        outcome = send(f"{receiver.url}/v1/traces")
    assert isinstance(outcome, Held)
    assert outcome.reason.startswith("the back end's certificate is not trusted: self")


def test_a_certificate_of_another_host_is_for_the_operator(theirs):
    with OtlpReceiver(tls=theirs.server()) as receiver:
        outcome = send(f"{receiver.url}/v1/traces", certificate=str(theirs.certificate))
    assert isinstance(outcome, Held)
    assert outcome.code == "tls"


def test_a_back_end_may_ask_who_we_are(ours, theirs):
    with OtlpReceiver(tls=ours.server(clients=theirs)) as receiver:
        outcome = send(
            f"{receiver.url}/v1/traces",
            certificate=str(ours.certificate),
            client_certificate=str(theirs.certificate),
            client_key=str(theirs.key),
        )
    assert outcome == Accepted("200")


def test_not_to_say_who_we_are_is_for_the_operator(ours, theirs):
    with OtlpReceiver(tls=ours.server(clients=theirs)) as receiver:
        outcome = send(f"{receiver.url}/v1/traces", certificate=str(ours.certificate))
    assert isinstance(outcome, Held)
    assert outcome.reason.startswith("TLS failed: TLSV13_ALERT_CERTIFICATE_REQUIRED")


def test_tls_to_a_plain_port_is_for_the_operator():
    with OtlpReceiver() as receiver:
        outcome = send(receiver.url.replace("http:", "https:") + "/v1/traces")
    assert isinstance(outcome, Held)
    assert "else write http://" in outcome.reason


def test_plain_http_to_a_port_of_python_that_speaks_tls_is_never_accepted(ours):
    with OtlpReceiver(tls=ours.server()) as receiver:
        outcome = send(receiver.url.replace("https:", "http:") + "/v1/traces")
    assert isinstance(outcome, Held | Retry)


def test_a_client_certificate_alone_keeps_the_well_known_authorities(ours, theirs):
    with OtlpReceiver(tls=ours.server()) as receiver:
        outcome = send(
            f"{receiver.url}/v1/traces",
            client_certificate=str(theirs.certificate),
            client_key=str(theirs.key),
        )
    assert isinstance(outcome, Held)
    assert "not trusted" in outcome.reason


def test_certificates_that_cannot_be_read_are_named(tmp_path, ours):
    missing, garbage = str(tmp_path / "none.pem"), tmp_path / "garbage.pem"
    garbage.write_text("no PEM")
    locked = make_certificate(tmp_path, "locked", password="secret")
    url = {TRACES: "https://host/"}
    for options, sentence in [
        ({"certificate": missing}, "The certificate .*none.pem cannot be used: No such file"),
        ({"certificate": str(garbage)}, "garbage.pem cannot be used: it is no usable PEM"),
        ({"client_certificate": missing}, "The client certificate or its key .*: No such file"),
        (
            {"client_certificate": str(locked.certificate), "client_key": str(locked.key)},
            "its key .*locked.pem cannot be used",
        ),
        (
            {"client_certificate": str(ours.certificate), "client_key": str(locked.certificate)},
            "its key .*ours.pem cannot be used: it is no usable PEM",
        ),
    ]:
        with pytest.raises(ConfigurationError, match=sentence):
            OtlpHttp(OtlpHttpOptions("main", url, **options))
