"""What came to a back end: requests are kept as they are, and counted when somebody asks."""

from __future__ import annotations

import time
from collections import Counter, deque
from dataclasses import dataclass, field

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from support.fakes.otlp_request import inflated_of, string

from fuse_otel.simulator.requests import ReceivedRequest
from fuse_otel.simulator.responses import SimulatedResponse

SESSION = "session.id"


@dataclass(slots=True)
class Received:
    """Counts of what arrived. ``traces`` has for each session id how often its root span came.
    ``first``: for each signal, session id → UNIX seconds of the first request that held it. Of
    logs, only the first record of a resource counts.
    """

    requests: int = 0
    spans: int = 0
    records: int = 0
    traces: Counter[str] = field(default_factory=Counter)
    first: dict[str, dict[str, float]] = field(default_factory=lambda: {"traces": {}, "logs": {}})

    def arrived(self, session_id: str, *, logs: bool) -> float | None:
        """When the call was here: its trace, and its log records if it has some."""
        signals = ("traces", "logs") if logs else ("traces",)
        times = [self.first[signal].get(session_id) for signal in signals]
        known = [each for each in times if each is not None]
        return max(known) if len(known) == len(times) else None


class Sink:
    """Takes each OTLP/HTTP request at ``/v1/traces`` and ``/v1/logs``. For a thread a connection
    that sends and one that asks.
    """

    def __init__(self) -> None:
        self._waiting: deque[tuple[float, ReceivedRequest]] = deque()
        self._received = Received()
        self.requests = 0

    def respond(self, request: ReceivedRequest) -> SimulatedResponse:
        self._waiting.append((time.time(), request))
        self.requests += 1
        return SimulatedResponse(200, b"", "application/x-protobuf")

    def received(self) -> Received:
        """All so far. Only what came since the last question is decoded."""
        while self._waiting:
            at, request = self._waiting.popleft()
            signal = request.target.rpartition("/")[2]
            data = inflated_of(request.headers, request.body)
            self._count(signal, data, at)
        return self._received

    def _count(self, signal: str, data: bytes, at: float) -> None:
        found = self._received
        found.requests += 1
        if signal == "traces":
            sessions, count = _calls(data)
            found.spans += count
            found.traces.update(sessions)
        else:
            sessions, count = _logged(data)
            found.records += count
        for session in sessions:
            found.first[signal].setdefault(session, at)


def _calls(data: bytes) -> tuple[list[str], int]:
    """The session ids of the root spans, and the number of all spans."""
    groups = ExportTraceServiceRequest.FromString(data).resource_spans
    spans = [span for group in groups for scope in group.scope_spans for span in scope.spans]
    roots = (span for span in spans if not span.parent_span_id)
    return [string(span.attributes, SESSION) for span in roots], len(spans)


def _logged(data: bytes) -> tuple[list[str], int]:
    """The session id of the first record of each resource, and the number of all records."""
    groups = ExportLogsServiceRequest.FromString(data).resource_logs
    scopes = [scope.log_records for group in groups for scope in group.scope_logs]
    firsts = [string(each[0].attributes, SESSION) for each in scopes if each]
    return firsts, sum(map(len, scopes))
