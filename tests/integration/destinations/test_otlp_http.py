"""OTLP/HTTP over real sockets: what is sent, how long it may take, whom it trusts."""

from __future__ import annotations

import time
from collections.abc import Iterator
from email.utils import formatdate
from typing import Any

import httpx
import pytest
from support.builders.ship_values import encoded
from support.fakes.otlp_answer import ACCEPTED, text
from support.fakes.otlp_receiver import OtlpReceiver
from support.fakes.raw_http import RawServer, always
from support.fakes.raw_http import answer as raw_answer

from fuse_otel import __version__
from fuse_otel.core.batching.export_result import (
    Accepted,
    ExportResult,
    PermanentFailure,
    Retry,
    Suspended,
)
from fuse_otel.core.batching.gzip_member import deflate
from fuse_otel.core.model.telemetry import Signal
from fuse_otel.destinations.http_result import result_of_failure
from fuse_otel.destinations.options import OtlpOptions
from fuse_otel.destinations.otlp_http import OtlpHttp
from fuse_otel.errors import ConfigurationError

DATA = deflate(encoded(Signal.TRACES, "a"))
TRACES = Signal.TRACES


@pytest.fixture
def receiver() -> Iterator[OtlpReceiver]:
    with OtlpReceiver() as running:
        yield running


def send(url: str, data: bytes = DATA, **options: Any) -> ExportResult:
    destination = OtlpHttp(OtlpOptions("main", {TRACES: url}, **options), lambda: 1000.0)
    outcome = destination.send(TRACES, data, 2)
    destination.close()
    return outcome


# --- what is sent ---


def test_a_body_goes_as_it_is(receiver):
    send(f"{receiver.url}/v1/traces")
    (request,) = receiver.requests
    assert request.content == DATA
    assert request.headers["content-type"] == "application/x-protobuf"
    assert request.headers["content-encoding"] == "gzip"
    assert request.headers["content-length"] == str(len(DATA))
    assert request.headers["user-agent"] == f"fuse-otel/{__version__}"


def test_without_compression_the_body_goes_inflated(receiver):
    send(f"{receiver.url}/v1/traces", compression={TRACES: "none"})
    (request,) = receiver.requests
    assert request.content == encoded(TRACES, "a")
    assert "content-encoding" not in request.headers


def test_the_address_is_used_as_it_is(receiver):
    send(f"{receiver.url}/tenant%2F7/traces")
    assert receiver.requests[0].path == "/tenant%2F7/traces"


def test_each_signal_has_its_own_headers(receiver):
    options = OtlpOptions(
        "main",
        {signal: f"{receiver.url}/v1/{signal}" for signal in Signal},
        headers={
            TRACES: {"Authorization": "Bearer t", "User-Agent": "mine"},
            Signal.LOGS: {"X-Scope-OrgID": "7", "Content-Type": "text/plain"},
        },
    )
    destination = OtlpHttp(options)
    for signal in Signal:
        destination.send(signal, deflate(encoded(signal, "a")), 2)
    destination.close()
    traces, logs = (request.headers for request in receiver.requests)
    assert (traces["authorization"], traces["user-agent"]) == ("Bearer t", "mine")
    assert (logs["x-scope-orgid"], logs["content-type"]) == ("7", "application/x-protobuf")
    assert "authorization" not in logs


def test_credentials_in_the_address_are_basic_authentication(receiver):
    send(receiver.url.replace("//", "//user:secret@") + "/v1/traces")
    assert receiver.requests[0].headers["authorization"] == "Basic dXNlcjpzZWNyZXQ="


def test_one_connection_serves_many_requests(receiver):
    destination = OtlpHttp(OtlpOptions("main", {TRACES: f"{receiver.url}/v1/traces"}))
    for _ in range(3):
        assert destination.send(TRACES, DATA, 2) == Accepted("200")
    assert receiver.connections == 1
    destination.close()


def test_a_connection_the_back_end_closed_is_opened_anew(receiver):
    destination = OtlpHttp(OtlpOptions("main", {TRACES: f"{receiver.url}/v1/traces"}))
    receiver.then(ACCEPTED.but(headers={**ACCEPTED.headers, "Connection": "close"}))
    assert destination.send(TRACES, DATA, 2) == Accepted("200")
    assert destination.send(TRACES, DATA, 2) == Accepted("200")
    assert receiver.connections == 2
    destination.close()


# --- time ---


def test_a_back_end_that_dribbles_is_given_up_at_the_deadline(receiver):
    receiver.then(text(200, "x" * 100, "application/x-protobuf").but(dribble=0.1, keep=False))
    began = time.monotonic()
    outcome = send(f"{receiver.url}/v1/traces", timeout={TRACES: 0.5})
    assert outcome == Retry("timeout", "no complete answer within 0.5 s")
    assert time.monotonic() - began > 0.4


@pytest.mark.slow
def test_the_status_of_an_error_counts_though_its_words_dribble(receiver):
    receiver.then(text(400, "x" * 1000).but(dribble=0.1))
    outcome = send(f"{receiver.url}/v1/traces", timeout={TRACES: 5.0})
    assert outcome == PermanentFailure("400", "400 Bad Request")


def test_a_date_to_retry_at_is_read_by_the_clock_that_was_given(receiver):
    receiver.then(text(503, Retry_After=formatdate(1030, usegmt=True)))
    outcome = send(f"{receiver.url}/v1/traces")
    assert outcome == Retry("503", "503 Service Unavailable", 30.0)


# --- the network ---


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (
            "407 Proxy Authentication Required",
            Suspended("407", "the proxy refused to connect: 407"),
        ),
        ("403 Forbidden", Suspended("403", "the proxy refused to connect: 403")),
        ("502 Bad Gateway", Retry("502", "the proxy refused to connect: 502")),
        ("400 Bad Request", Retry("400", "the proxy refused to connect: 400")),
    ],
)
def test_what_a_proxy_answers_is_distinguished_from_the_back_end(monkeypatch, answer, outcome):
    with RawServer(always(raw_answer(status=answer))) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        assert send("https://back-end.example/v1/traces") == outcome
    assert proxy.heads[0].startswith("CONNECT back-end.example:443")


def test_a_proxy_that_refuses_in_another_way_is_tried_again():
    outcome = result_of_failure(httpx.ProxyError("Invalid username/password"), 10)
    assert outcome == Retry("proxy", "the proxy refused to connect")


# --- what cannot work is told when it is made ---


@pytest.mark.parametrize(
    "url", ["", "localhost:4318", "ftp://host/", "http://", "http://h:x/", "x"]
)
def test_an_address_that_is_none_is_refused(url):
    with pytest.raises(ConfigurationError, match=r"The endpoint of main, traces is no http"):
        OtlpHttp(OtlpOptions("main", {TRACES: url}))


def test_a_header_that_is_no_ascii_is_refused_without_being_shown():
    with pytest.raises(ConfigurationError) as refused:
        OtlpHttp(OtlpOptions("main", {TRACES: "http://h/"}, headers={TRACES: {"k": "pässword"}}))
    assert str(refused.value) == "A header of main, traces holds more than ASCII"


def test_a_header_that_cannot_be_sent_is_for_the_operator(receiver):
    outcome = send(f"{receiver.url}/v1/traces", headers={TRACES: {"k": "a\nb"}})
    assert outcome == Suspended("headers", "a configured header cannot be sent")
