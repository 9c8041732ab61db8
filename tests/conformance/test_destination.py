"""What the shipper relies on, for every destination."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from support.builders.ship_values import encoded
from support.fakes.grpc_receiver import GrpcReceiver
from support.fakes.otlp_receiver import OtlpReceiver

from fuse_otel.core.batching.export_result import Accepted, PermanentFailure
from fuse_otel.core.batching.gzip_member import deflate
from fuse_otel.core.encoding.otlp_json import logs_json, traces_json
from fuse_otel.core.model.telemetry import Signal
from fuse_otel.destinations.json_lines import ConsoleDestination, FileDestination
from fuse_otel.destinations.options import OtlpOptions
from fuse_otel.destinations.otlp_grpc import OtlpGrpc
from fuse_otel.destinations.otlp_http import OtlpHttp
from fuse_otel.ports import Destination

BOTH = pytest.mark.parametrize("signal", list(Signal))


@dataclass
class Far:
    """A destination, and the requests that arrived on its far side, as OTLP/JSON."""

    destination: Destination
    arrived: Callable[[], list[object]]


def _lines(text: str) -> list[object]:
    return [json.loads(line) for line in text.splitlines()]


def _requests(receiver: OtlpReceiver | GrpcReceiver) -> list[object]:
    return [
        (traces_json if request.path.endswith("traces") else logs_json)(request.inflated)
        for request in receiver.requests
    ]


def _http(folder: Path, compression: str = "gzip") -> Iterator[Far]:
    with OtlpReceiver() as receiver:
        options = OtlpOptions(
            "main",
            urls={signal: f"{receiver.url}/v1/{signal}" for signal in Signal},
            compression=dict.fromkeys(Signal, compression),
        )
        yield Far(OtlpHttp(options), lambda: _requests(receiver))


def _http_plain(folder: Path) -> Iterator[Far]:
    yield from _http(folder, "none")


def _grpc(folder: Path, compression: str = "gzip") -> Iterator[Far]:
    with GrpcReceiver() as receiver:
        options = OtlpOptions(
            "main",
            urls=dict.fromkeys(Signal, receiver.url),
            compression=dict.fromkeys(Signal, compression),
        )
        yield Far(OtlpGrpc(options), lambda: _requests(receiver))


def _grpc_plain(folder: Path) -> Iterator[Far]:
    yield from _grpc(folder, "none")


def _file(folder: Path) -> Iterator[Far]:
    path = folder / "calls.jsonl"
    yield Far(
        FileDestination(path),
        lambda: _lines(path.read_text()) if path.exists() else [],
    )


def _console(folder: Path) -> Iterator[Far]:
    stream = io.StringIO()
    yield Far(ConsoleDestination(stream), lambda: _lines(stream.getvalue()))


@pytest.fixture(params=[_http, _http_plain, _grpc, _grpc_plain, _file, _console])
def far(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Far]:
    for made in request.param(tmp_path):
        yield made
        made.destination.close()


def request_json(signal: Signal, *session_ids: str) -> object:
    read = traces_json if signal is Signal.TRACES else logs_json
    return read(b"".join(encoded(signal, session) for session in session_ids))


@BOTH
def test_what_is_accepted_has_arrived_unchanged(far, signal):
    data = deflate(encoded(signal, "a") + encoded(signal, "b"))
    assert isinstance(far.destination.send(signal, data, 4), Accepted)
    assert far.arrived() == [request_json(signal, "a", "b")]


def test_requests_arrive_in_the_order_they_are_sent(far):
    sent = [(signal, session) for session in "abc" for signal in Signal]
    for signal, session in sent:
        outcome = far.destination.send(signal, deflate(encoded(signal, session)), 2)
        assert isinstance(outcome, Accepted)
    assert far.arrived() == [request_json(signal, session) for signal, session in sent]


@BOTH
def test_an_empty_request_is_accepted(far, signal):
    """The shape of a test that the way is open."""
    assert isinstance(far.destination.send(signal, deflate(b""), 0), Accepted)
    assert far.arrived() == [{}]


@BOTH
def test_damaged_data_is_refused_and_never_raises(far, signal):
    outcome = far.destination.send(signal, b"no gzip at all", 2)
    assert isinstance(outcome, PermanentFailure)
    assert outcome.reason
    assert far.arrived() == []


def test_closing_twice_is_harmless(far):
    far.destination.close()
    far.destination.close()
