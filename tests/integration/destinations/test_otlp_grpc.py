"""OTLP over gRPC on real sockets: what is sent, how long it waits, and a bad network."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from support.builders.ship_values import encoded
from support.fakes.grpc_receiver import GrpcReceiver
from support.fakes.otlp_receiver import OtlpReceiver
from support.fakes.raw_http import Peer, RawServer
from support.fakes.raw_http import answer as raw_answer
from support.fakes.relay import Relay
from support.patience import PATIENCE

from fuse_otel import __version__
from fuse_otel.core.batching.export_result import (
    Accepted,
    ExportResult,
    RequestTooLarge,
    Retry,
    Suspended,
)
from fuse_otel.core.batching.gzip_member import deflate, inflate
from fuse_otel.core.model.telemetry import Signal
from fuse_otel.destinations.options import OtlpOptions
from fuse_otel.destinations.otlp_grpc import OtlpGrpc

TRACES = Signal.TRACES
CONTENT = encoded(TRACES, "a", padding=5000)
DATA = deflate(CONTENT)
OK = Accepted("OK")
NO_GRPC = (
    "what answers speaks no gRPC; check the port: OTLP over HTTP (often 4318) is another protocol"
)
# An empty SETTINGS frame: the first word of a server of HTTP/2.
SETTINGS = b"\0\0\0\x04\0\0\0\0\0"


def made(url: str, **options: Any) -> OtlpGrpc:
    return OtlpGrpc(OtlpOptions("main", {TRACES: url}, **options))


def send(url: str, data: bytes = DATA, **options: Any) -> ExportResult:
    destination = made(url, **options)
    outcome = destination.send(TRACES, data, 2)
    destination.close()
    return outcome


def talking(talk: Callable[[Peer], object]) -> RawServer:
    """A server that does this with each connection, and hangs up."""

    def connected(peer: Peer) -> None:
        talk(peer)
        peer.close()

    return RawServer(lambda *_: None, connected)


@pytest.fixture
def receiver() -> Iterator[GrpcReceiver]:
    with GrpcReceiver() as running:
        yield running


# --- what is sent ---


def data_frame(peer: Peer) -> bytes:
    """What the client sends as its request, frame headers of HTTP/2 taken away."""
    peer.send(SETTINGS)
    peer.read(24)  # the preface
    content = b""
    while True:
        length, kind, flags = int.from_bytes(peer.read(3), "big"), peer.read(1)[0], peer.read(1)[0]
        peer.read(4)
        payload = peer.read(length)
        if kind == 0:
            content += payload
            if flags & 1:
                return content


@pytest.mark.parametrize("compression", ["gzip", "none"])
def test_the_bytes_go_as_they_are_under_grpcs_own_compression(compression):
    seen: list[bytes] = []
    with talking(lambda peer: seen.append(data_frame(peer))) as server:
        send(server.url, compression={TRACES: compression})
    flag, length, content = seen[0][0], int.from_bytes(seen[0][1:5], "big"), seen[0][5:]
    assert len(content) == length
    assert flag == (compression == "gzip")
    assert (inflate(content) if flag else content) == CONTENT


def test_each_signal_has_its_own_metadata_in_lower_case(receiver):
    destination = OtlpGrpc(
        OtlpOptions(
            "main",
            dict.fromkeys(Signal, receiver.url),
            headers={TRACES: {"Authorization": "Bearer t"}, Signal.LOGS: {"X-Scope-OrgID": "7"}},
        )
    )
    for signal in Signal:
        assert destination.send(signal, deflate(encoded(signal, "a")), 2) == OK
    destination.close()
    traces, logs = (request.headers for request in receiver.requests)
    assert traces["authorization"] == "Bearer t"
    assert logs["x-scope-orgid"] == "7"
    assert "authorization" not in logs
    assert traces["user-agent"].startswith(f"fuse-otel/{__version__} ")


def test_the_signals_may_go_to_different_places(receiver):
    with GrpcReceiver() as other:
        urls = {TRACES: receiver.url, Signal.LOGS: other.url}
        destination = OtlpGrpc(OtlpOptions("main", urls))
        for signal in Signal:
            assert destination.send(signal, deflate(encoded(signal, "a")), 2) == OK
        destination.close()
        assert (len(receiver.spans()), len(receiver.records())) == (2, 0)
        assert (len(other.spans()), len(other.records())) == (0, 2)


@pytest.mark.parametrize("form", ["127.0.0.1:{}", "dns:///127.0.0.1:{}", "ipv4:127.0.0.1:{}"])
def test_a_name_as_grpc_has_them_is_plain_where_it_is_configured(receiver, form):
    assert send(form.format(receiver.port), insecure=True) == OK


def test_a_grpc_name_uses_tls_unless_configured_otherwise(receiver):
    outcome = send(f"127.0.0.1:{receiver.port}")
    assert isinstance(outcome, Suspended)
    assert outcome.code == "tls"


def test_one_connection_serves_many_requests():
    with GrpcReceiver() as receiver, Relay(receiver.port) as relay:
        destination = made(relay.url)
        assert [destination.send(TRACES, DATA, 2) for _ in range(3)] == [OK] * 3
        assert relay.opened == 1
        destination.close()


def test_a_request_of_three_megabytes_arrives(receiver):
    content = encoded(TRACES, "a", padding=1_500_000)
    assert send(receiver.url, deflate(content)) == OK
    assert receiver.requests[0].inflated == content


@pytest.mark.parametrize("compression", ["gzip", "none"])
def test_a_request_that_is_larger_than_the_back_end_takes_is_distinguished_from_others(compression):
    with GrpcReceiver(max_size=1000) as receiver:
        outcome = send(receiver.url, compression={TRACES: compression})
    assert isinstance(outcome, RequestTooLarge)
    assert outcome.code == "RESOURCE_EXHAUSTED"


# --- time ---


def test_a_back_end_that_dribbles_is_given_up_at_the_deadline():
    with talking(lambda peer: peer.dribble(SETTINGS * 1000)) as server:
        outcome = send(server.url, timeout={TRACES: 0.5})
    assert outcome == Retry("timeout", "no complete answer within 0.5 s")


def test_a_port_that_accepts_and_is_silent_is_given_up_at_the_deadline():
    with talking(Peer.hold) as server:
        outcome = send(server.url, timeout={TRACES: 0.5})
    assert outcome == Retry("timeout", "no complete answer within 0.5 s")


# --- the network ---


def test_after_the_peers_restart_the_first_attempt_arrives(shut_port):
    """Whatever the channel remembers of the peer's absence."""
    with GrpcReceiver(port=shut_port) as first:
        destination = made(first.url)
        assert destination.send(TRACES, DATA, 2) == OK
    for _ in range(5):  # enough to make a channel of gRPC wait for seconds
        assert isinstance(destination.send(TRACES, DATA, 2), Retry)
    with GrpcReceiver(port=shut_port) as second:
        assert destination.send(TRACES, DATA, 2) == OK
        assert len(second.requests) == 1
    destination.close()


@pytest.mark.slow
def test_a_connection_that_went_silent_is_not_used_again():
    with GrpcReceiver() as receiver, Relay(receiver.port) as relay:
        destination = made(relay.url, timeout={TRACES: 10.0})
        assert destination.send(TRACES, DATA, 2) == OK
        relay.forget()  # as a firewall does: no word to either side
        assert isinstance(destination.send(TRACES, DATA, 2), Retry)
        assert destination.send(TRACES, DATA, 2) == OK
        assert relay.opened == 2
        destination.close()


@pytest.mark.parametrize(
    "words",
    [
        b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 404 Not Found\r\nContent-Length: 5\r\n\r\nno no",
        b"220 smtp.example ESMTP\r\n",
    ],
    ids=["400", "404", "smtp"],
)
def test_another_protocol_on_the_port_is_for_the_operator(words):
    with talking(lambda peer: (peer.read(24), peer.send(words), peer.hold())) as server:
        assert send(server.url) == Suspended("protocol", NO_GRPC)


def test_a_server_of_http_1_is_never_taken_for_a_back_end():
    with OtlpReceiver() as receiver:
        outcome = send(receiver.url)
    assert outcome == Suspended("protocol", NO_GRPC)


def test_a_proxy_that_has_no_back_end_is_tried_again():
    words = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"
    with talking(lambda peer: (peer.read(24), peer.send(words), peer.hold())) as server:
        outcome = send(server.url)
    assert isinstance(outcome, Retry)
    assert outcome.code == "network"


def test_a_peer_that_hangs_up_at_once_is_tried_again_with_a_hint():
    with talking(Peer.close) as server:
        outcome = send(server.url)
    assert isinstance(outcome, Retry)
    assert "a TLS port needs https://" in outcome.reason


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
    with RawServer(lambda peer, _: peer.send(raw_answer(status=answer))) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        assert send("http://back-end.example:4317") == outcome
    assert proxy.heads[0].startswith("CONNECT back-end.example:4317")


def test_a_back_end_that_no_proxy_is_wanted_for_is_spoken_to_directly(
    monkeypatch, receiver, shut_port
):
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{shut_port}")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    assert send(receiver.url) == OK


# --- what an answer may not bring into the log ---


QUIET = """
import sys
from fuse_otel.core.batching.gzip_member import deflate
from fuse_otel.core.model.telemetry import Signal
from fuse_otel.destinations.options import OtlpOptions
from fuse_otel.destinations.otlp_grpc import OtlpGrpc
import subprocess
headers = {Signal.TRACES: {"x-key": "a\\nb"}}
for url in sys.argv[1:]:
    for given in ({}, headers):
        one = OtlpGrpc(OtlpOptions("main", {Signal.TRACES: url}, headers=given))
        print(one.send(Signal.TRACES, deflate(b""), 0))
        subprocess.run(["true"], check=True)
        one.close()
"""


def test_the_library_writes_nothing_on_standard_error(receiver, shut_port):
    """Its own lines would go round the log, and name headers and whatever a peer says."""
    urls = [
        receiver.url,
        receiver.url.replace("http:", "https:"),
        f"http://127.0.0.1:{shut_port}",
        "http://back-end.invalid:1",
    ]
    environ = {name: text for name, text in os.environ.items() if not name.startswith("GRPC_")}
    ended = subprocess.run(
        [sys.executable, "-c", QUIET, *urls],
        env=environ, capture_output=True, text=True, check=True, timeout=PATIENCE,
    )  # fmt: skip
    assert ended.stderr == ""
    assert "a configured header cannot be sent" in ended.stdout
    assert "Accepted" in ended.stdout
