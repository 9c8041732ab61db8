"""The daemon's own work as spans: a poll with the requests it made, an export.

The stock SDK and exporter, configured by the standard ``OTEL_*`` variables. This module needs
the SDK; import it only where these traces are switched on.
"""

from __future__ import annotations

import time
from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from threading import Lock, Thread
from typing import NamedTuple, TypeAlias

from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.semconv.attributes import error_attributes, http_attributes, service_attributes
from opentelemetry.trace import Span, SpanKind, StatusCode, set_span_in_context
from opentelemetry.util.types import AttributeValue

from fuse_otel import __version__
from fuse_otel.events import ApiAnswered, Event, ExportDone, PollDone

_MOST_HELD = 1000
_FAILED = 400
_NANO = 10**9

_Attributes: TypeAlias = Mapping[str, AttributeValue]


class _Request(NamedTuple):
    start: float
    end: float
    event: ApiAnswered


class SelfTraces:
    """A subscriber, for any number of threads. Events report finished work, so spans are made with
    past times; the clock gives UNIX seconds. ``protocol`` is OTLP's: ``grpc`` or ``http/protobuf``.
    """

    def __init__(
        self,
        *,
        protocol: str = "http/protobuf",
        clock: Callable[[], float] = time.time,
        exporter: SpanExporter | None = None,
    ) -> None:
        self._clock = clock
        self._provider = TracerProvider(resource=_resource(), shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(exporter or _exporter(protocol)))
        self._tracer = self._provider.get_tracer("fuse_otel.self", __version__)
        self._lock = Lock()
        self._held: defaultdict[str, deque[_Request]] = defaultdict(deque)

    def __call__(self, event: Event) -> None:
        match event:
            case ApiAnswered():
                self._hold(event)
            case PollDone():
                self._poll(event)
            case ExportDone():
                self._export(event)
            case _:
                pass  # metrics and log cover the rest

    def close(self, grace: float) -> bool:
        """Send waiting spans for at most ``grace`` seconds. Returns whether all were sent."""
        with self._lock:
            held = [request for requests in self._held.values() for request in requests]
            self._held.clear()
        for request in held:
            self._request(request, None)
        # The SDK's own time-outs do not bound an exporter that is in the middle of its retries.
        closing = Thread(target=self._provider.shutdown, name="self-traces", daemon=True)
        closing.start()
        closing.join(grace)
        return not closing.is_alive()

    def _hold(self, event: ApiAnswered) -> None:
        """Requests end before the poll they belong to: they wait for it."""
        end = self._clock()
        overflow = None
        with self._lock:
            requests = self._held[event.account]
            requests.append(_Request(end - event.seconds, end, event))
            if len(requests) > _MOST_HELD:
                overflow = requests.popleft()
        if overflow is not None:
            self._request(overflow, None)

    def _poll(self, event: PollDone) -> None:
        """Requests that ended before the poll began (a rescan, history) get no parent."""
        start = event.at - event.seconds
        with self._lock:
            requests = self._held.pop(event.account, ())
        attributes: _Attributes = {
            "fuse_otel.account": event.account,
            "fuse_otel.poll.listed": event.listed,
            "fuse_otel.poll.new": event.new,
            "fuse_otel.poll.stored": event.stored,
            "fuse_otel.poll.pending": event.pending,
            "fuse_otel.poll.requests": event.requests,
        }
        span = self._start("poll", SpanKind.INTERNAL, start, attributes)
        for request in requests:
            self._request(request, span if request.end > start else None)
        span.end(_nanoseconds(event.at))

    def _request(self, request: _Request, poll: Span | None) -> None:
        code = request.event.code
        attributes: dict[str, AttributeValue] = {
            http_attributes.HTTP_REQUEST_METHOD: "GET",
            http_attributes.HTTP_RESPONSE_STATUS_CODE: code,
            "fuse_otel.account": request.event.account,
            "fuse_otel.endpoint": request.event.endpoint,
        }
        name = f"GET {request.event.endpoint}"
        span = self._start(name, SpanKind.CLIENT, request.start, attributes, poll)
        if code >= _FAILED:
            _fail(span, str(code))
        span.end(_nanoseconds(request.end))

    def _export(self, event: ExportDone) -> None:
        end = self._clock()
        attributes: _Attributes = {
            "fuse_otel.destination": event.lane.destination,
            "fuse_otel.signal": event.lane.signal.value,
            "fuse_otel.export.outcome": event.result,
            "fuse_otel.export.code": event.code,
            "fuse_otel.export.items": event.items,
            "fuse_otel.export.rejected": event.rejected,
            "fuse_otel.export.failed": event.failed,
        }
        name = f"export {event.lane.signal.value}"
        span = self._start(name, SpanKind.CLIENT, end - event.seconds, attributes)
        if event.result != "accepted":
            _fail(span, event.code)
        span.end(_nanoseconds(end))

    def _start(
        self,
        name: str,
        kind: SpanKind,
        start: float,
        attributes: _Attributes,
        parent: Span | None = None,
    ) -> Span:
        return self._tracer.start_span(
            name,
            context=None if parent is None else set_span_in_context(parent),
            kind=kind,
            attributes=attributes,
            start_time=_nanoseconds(start),
        )


def _fail(span: Span, error_type: str) -> None:
    span.set_status(StatusCode.ERROR)
    span.set_attribute(error_attributes.ERROR_TYPE, error_type)


def _nanoseconds(seconds: float) -> int:
    return int(seconds * _NANO)


def _resource() -> Resource:
    """``OTEL_SERVICE_NAME`` and ``OTEL_RESOURCE_ATTRIBUTES`` go before our defaults."""
    ours = Resource.create(
        {
            service_attributes.SERVICE_NAME: "fuse-otel",
            service_attributes.SERVICE_VERSION: __version__,
        }
    )
    return ours.merge(OTELResourceDetector().detect())


def _exporter(protocol: str) -> SpanExporter:
    if protocol == "grpc":
        from opentelemetry.exporter.otlp.proto.grpc import trace_exporter as grpc  # noqa: PLC0415

        import fuse_otel.net.quiet_grpc  # noqa: F401, PLC0415 - before any module loads the other

        return grpc.OTLPSpanExporter()
    from opentelemetry.exporter.otlp.proto.http import trace_exporter as http  # noqa: PLC0415

    return http.OTLPSpanExporter()
