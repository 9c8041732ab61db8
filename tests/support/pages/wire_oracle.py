"""What protobuf's own runtime makes of telemetry, to hold the hand-written encoder against."""

from collections.abc import Iterable

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import (
    AnyValue,
    ArrayValue,
    InstrumentationScope,
    KeyValue,
)
from opentelemetry.proto.logs.v1 import logs_pb2
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1 import trace_pb2

from fuse_otel.core.model import semconv
from fuse_otel.core.model.telemetry import Attributes, Span, Value
from support.oracle.telemetry import LogRecord, Telemetry

_SCOPE = InstrumentationScope(name=semconv.SCOPE_NAME, version=semconv.SCOPE_VERSION)


def traces_request(*calls: Telemetry) -> ExportTraceServiceRequest:
    """One resource a call that has spans, in order."""
    return ExportTraceServiceRequest(
        resource_spans=[
            trace_pb2.ResourceSpans(
                resource=_resource(call.resource),
                scope_spans=[
                    trace_pb2.ScopeSpans(
                        scope=_SCOPE,
                        spans=[_span(call.trace_id, span) for span in call.spans],
                        schema_url=semconv.SCHEMA_URL,
                    )
                ],
                schema_url=semconv.SCHEMA_URL,
            )
            for call in calls
            if call.spans
        ]
    )


def logs_request(
    call: Telemetry, groups: Iterable[tuple[Attributes, list[LogRecord]]]
) -> ExportLogsServiceRequest:
    """One resource a group of records."""
    return ExportLogsServiceRequest(
        resource_logs=[
            logs_pb2.ResourceLogs(
                resource=_resource(resource),
                scope_logs=[
                    logs_pb2.ScopeLogs(
                        scope=_SCOPE,
                        log_records=[_record(call.trace_id, record) for record in records],
                        schema_url=semconv.SCHEMA_URL,
                    )
                ],
                schema_url=semconv.SCHEMA_URL,
            )
            for resource, records in groups
        ]
    )


def _resource(attributes: Attributes) -> Resource:
    return Resource(attributes=_attributes(attributes))


def _span(trace_id: bytes, span: Span) -> trace_pb2.Span:
    made = trace_pb2.Span(
        trace_id=trace_id,
        span_id=_id(span.span_id),
        parent_span_id=_id(span.parent_id),
        name=span.name,
        kind=int(span.kind),
        start_time_unix_nano=span.start,
        end_time_unix_nano=span.end,
        attributes=_attributes(span.attributes),
        links=[
            trace_pb2.Span.Link(trace_id=link.trace_id, span_id=link.span_id, flags=0x300)
            for link in span.links
        ],
        flags=0x101,
    )
    if span.error:
        made.status.code = trace_pb2.Status.STATUS_CODE_ERROR
        made.status.message = span.message
    return made


def _record(trace_id: bytes, record: LogRecord) -> logs_pb2.LogRecord:
    return logs_pb2.LogRecord(
        time_unix_nano=record.time,
        observed_time_unix_nano=record.time,
        severity_number=record.severity_number,
        severity_text=record.severity_text,
        body=AnyValue(string_value=record.body),
        attributes=_attributes(record.attributes),
        flags=1,
        trace_id=trace_id,
        span_id=_id(record.span_id),
        event_name=record.event_name,
    )


def _id(span_id: int) -> bytes:
    return span_id.to_bytes(8, "big") if span_id else b""


def _attributes(attributes: Attributes) -> list[KeyValue]:
    return [KeyValue(key=key, value=_any(value)) for key, value in attributes.items()]


def _any(value: Value) -> AnyValue:
    if isinstance(value, str):
        return AnyValue(string_value=value)
    if isinstance(value, bool):
        return AnyValue(bool_value=value)
    if isinstance(value, int):
        return AnyValue(int_value=value)
    if isinstance(value, float):
        return AnyValue(double_value=value)
    values = [AnyValue(string_value=each) for each in value]
    return AnyValue(array_value=ArrayValue(values=values))
