"""An OTLP back end that keeps of each call when it came and what its bytes were, and no more."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from hashlib import blake2b
from typing import NamedTuple

from opentelemetry.proto.logs.v1.logs_pb2 import ResourceLogs
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans

from fuse_otel.simulator.faults import FaultKind
from fuse_otel.simulator.requests import ReceivedRequest
from fuse_otel.simulator.responses import SimulatedResponse
from support.fakes.otlp_request import inflated_of, string
from support.rigs.long_run.fault_interval import FaultInterval

PROTOBUF = "application/x-protobuf"
_RESOURCES = 0x0A  # field 1, a message: the resource of both signals


class Arrival(NamedTuple):
    """A call in a request: when (simulated UNIX seconds), in which one, and its bytes' digest."""

    at: float
    request: int
    digest: str


class BackEnd:
    """Answers ``/{round}/v1/{signal}``; each round keeps its own arrivals. Requests of more than
    ``most_bytes`` (inflated) are too large.
    """

    def __init__(
        self, faults: Sequence[FaultInterval], clock: Callable[[], float], most_bytes: int
    ) -> None:
        self._faults = faults
        self._clock = clock
        self._most_bytes = most_bytes
        self.requests = 0
        self.refused = 0
        self.largest = 0
        self.bytes = 0
        # (round, signal) → session id → its arrivals
        self.arrivals: dict[tuple[str, str], dict[str, list[Arrival]]] = defaultdict(
            lambda: defaultdict(list)
        )

    def respond(self, request: ReceivedRequest) -> SimulatedResponse:
        round_, _, signal = request.target.strip("/").split("/")
        now = self._clock()
        kind = next((s.kind for s in self._faults if s.place == signal and s.on(now)), "")
        if kind not in {"", "lost"}:
            self.refused += 1
            return (
                SimulatedResponse(200, b"", delivery=FaultKind.DOWN)
                if kind == "close"
                else _error(kind)
            )
        inflated = inflated_of(request.headers, request.body)
        if len(inflated) > self._most_bytes:
            return _error("413")
        self._keep(round_, signal, inflated, now)
        return SimulatedResponse(200, b"", PROTOBUF, delivery=FaultKind.DOWN if kind else None)

    def _keep(self, round_: str, signal: str, inflated: bytes, now: float) -> None:
        self.requests += 1
        self.largest = max(self.largest, len(inflated))
        self.bytes += len(inflated)
        calls: dict[str, list[bytes]] = defaultdict(list)
        for piece in resources(inflated):
            calls[_session(signal, piece)].append(piece)
        for session, pieces in calls.items():
            digest = blake2b(b"".join(pieces), digest_size=16).hexdigest()
            self.arrivals[round_, signal][session].append(Arrival(now, self.requests, digest))


def _error(status: str) -> SimulatedResponse:
    return SimulatedResponse(int(status), b"", "text/plain")


def resources(inflated: bytes) -> Iterator[bytes]:
    """The resource messages of an export request, as their bytes are."""
    place = 0
    while place < len(inflated):
        if inflated[place] != _RESOURCES:
            raise ValueError("not an export request")
        length, place = _varint(inflated, place + 1)
        yield inflated[place : place + length]
        place += length


def _varint(data: bytes, place: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        value |= (data[place] & 0x7F) << shift
        if data[place] < 0x80:
            return value, place + 1
        place, shift = place + 1, shift + 7


def _session(signal: str, piece: bytes) -> str:
    if signal == "traces":
        scopes = ResourceSpans.FromString(piece).scope_spans
        return string(scopes[0].spans[0].attributes, "session.id")
    logs = ResourceLogs.FromString(piece).scope_logs
    return string(logs[0].log_records[0].attributes, "session.id")
