"""A fake of Grafana Tempo 2.1, for OTLP over HTTP and gRPC.

It behaves as the real one did when it was measured on 2026-11-23 and 2026-11-24: it takes spans of
any age and finds them by the trace id at once. A search reads blocks by their range of time, and
a span that is older than the slack when it arrives gives its block the time of arrival.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from opentelemetry.proto.common.v1.common_pb2 import InstrumentationScope
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import Span, TracesData

from support.fakes import grpc_answer, otlp_answer
from support.fakes.grpc_receiver import GrpcReceiver
from support.fakes.otlp_receiver import OtlpReceiver
from support.fakes.otlp_request import Request
from support.peers import traceql
from support.peers.expected import attributes
from support.peers.tempo import by_trace_id

STOCK_SLACK = 120.0
_NOT_IN_A_BLOCK = 1800.0  # seconds: a search that ends later also reads what is in memory


@dataclass
class _Trace:
    """``ranges``: start and end of what each request brought, as the blocks have it."""

    spans: dict[bytes, tuple[Span, Resource, InstrumentationScope]] = field(default_factory=dict)
    ranges: list[tuple[float, float]] = field(default_factory=list)

    @property
    def start(self) -> float:
        return min(span.start_time_unix_nano for span, _, _ in self.spans.values()) / 1e9


class FakeTempo:
    """A context manager. ``slack``: ``ingestion_time_range_slack`` in seconds."""

    def __init__(self, slack: float = STOCK_SLACK) -> None:
        self._slack = slack
        self._traces: dict[str, dict[bytes, _Trace]] = {}
        self._lock = threading.Lock()
        self._http = OtlpReceiver(decide=self._take_http)
        self._grpc = GrpcReceiver(decide=self._take_grpc)

    def __enter__(self) -> Self:
        self._http.start()
        self._grpc.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.stop()
        self._grpc.stop()

    @property
    def http(self) -> str:
        return self._http.url

    @property
    def grpc(self) -> str:
        return self._grpc.url

    def trace(self, tenant: str, trace_id: str) -> TracesData | None:
        with self._lock:
            found = self._traces.get(tenant, {}).get(bytes.fromhex(trace_id))
            if found is None:
                return None
            data = TracesData()
            for span, resource, scope in found.spans.values():
                group = data.resource_spans.add(resource=resource)
                group.scope_spans.add(scope=scope, spans=[span])
            return data

    def search(self, tenant: str, query: str, start: float, end: float) -> Mapping[str, Any]:
        meets = traceql.spanset(query)
        with self._lock:
            return by_trace_id(
                {"traceID": trace_id.hex().lstrip("0")}
                for trace_id, trace in self._traces.get(tenant, {}).items()
                if _is_read(trace, start, end)
                and any(
                    meets(span, attributes(resource.attributes))
                    for span, resource, _ in trace.spans.values()
                )
            )

    def _take_http(self, request: Request) -> otlp_answer.Answer:
        if request.path != "/v1/traces":
            return otlp_answer.Answer(404)
        if not self._take(request):
            return otlp_answer.text(401, "no org id")
        return otlp_answer.EMPTY_PARTIAL_SUCCESS

    def _take_grpc(self, request: Request) -> grpc_answer.GrpcAnswer:
        if request.path != "/v1/traces":
            return grpc_answer.GrpcAnswer("UNIMPLEMENTED", "unknown service")
        if not self._take(request):
            return grpc_answer.GrpcAnswer("UNAUTHENTICATED", "no org id")
        return grpc_answer.EMPTY_PARTIAL_SUCCESS

    def _take(self, request: Request) -> bool:
        """Store the request; ``False`` for one without a tenant."""
        tenant = request.headers.get("x-scope-orgid")
        if tenant is None:
            return False
        with self._lock:
            traces = self._traces.setdefault(tenant, {})
            for group in request.message.resource_spans:
                for scope in group.scope_spans:
                    for span in scope.spans:
                        trace = traces.setdefault(span.trace_id, _Trace())
                        trace.spans[span.span_id] = (span, group.resource, scope.scope)
                        trace.ranges.append(self._range(span, time.time()))
        return True

    def _range(self, span: Span, now: float) -> tuple[float, float]:
        start, end = span.start_time_unix_nano / 1e9, span.end_time_unix_nano / 1e9
        return (start, end) if start >= now - self._slack else (now, now)


def _is_read(trace: _Trace, start: float, end: float) -> bool:
    """Whether a search of these seconds reads the trace."""
    if end > time.time() - _NOT_IN_A_BLOCK and start <= trace.start <= end:
        return True
    return any(begin <= end and stop >= start for begin, stop in trace.ranges)
