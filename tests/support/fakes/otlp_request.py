"""An export request as it arrived, decoded with OpenTelemetry's own protobuf classes."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import Span

Message = ExportTraceServiceRequest | ExportLogsServiceRequest


@dataclass(frozen=True)
class Request:
    """``headers`` have lower-case names; ``message`` is what was decoded; ``kept``: stored."""

    path: str
    headers: Mapping[str, str]
    content: bytes
    inflated: bytes
    message: Message
    kept: bool

    @property
    def sessions(self) -> list[str]:
        """The session ids of its calls, in the order of the bytes."""
        spans = [string(span.attributes, "session.id") for span in self.spans]
        records = [string(record.attributes, "session.id") for record in self.records]
        return list(dict.fromkeys(spans + records))

    @property
    def keys(self) -> list[tuple[str, str]]:
        """Of each span or log record: trace id, and span id or ``log.record.uid``."""
        spans = [(span.trace_id.hex(), span.span_id.hex()) for span in self.spans]
        records = [
            (record.trace_id.hex(), string(record.attributes, "log.record.uid"))
            for record in self.records
        ]
        return spans + records

    @property
    def resources(self) -> list[Resource]:
        """One for each call, of logs one for each hour of a call."""
        if isinstance(self.message, ExportTraceServiceRequest):
            return [each.resource for each in self.message.resource_spans]
        return [each.resource for each in self.message.resource_logs]

    @property
    def spans(self) -> list[Span]:
        if not isinstance(self.message, ExportTraceServiceRequest):
            return []
        return [
            span
            for resource in self.message.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]

    @property
    def records(self) -> list[LogRecord]:
        if not isinstance(self.message, ExportLogsServiceRequest):
            return []
        return [
            record
            for resource in self.message.resource_logs
            for scope in resource.scope_logs
            for record in scope.log_records
        ]


def string(attributes: Iterable[KeyValue], key: str) -> str:
    """The string an attribute holds, ``""`` if it is not there."""
    return next((each.value.string_value for each in attributes if each.key == key), "")


def inflated_of(headers: Mapping[str, str], content: bytes) -> bytes:
    encoding = headers.get("content-encoding", "identity")
    if encoding == "identity":
        return content
    if encoding != "gzip":
        raise ValueError(f"content encoding {encoding}")
    inflater = zlib.decompressobj(31)
    inflated = inflater.decompress(content)
    if not inflater.eof or inflater.unused_data:
        raise ValueError("not exactly one gzip member")  # some back ends read only the first
    return inflated


def decoded(path: str, inflated: bytes) -> Message:
    message: Message
    if path.endswith("/traces"):
        message = ExportTraceServiceRequest()
    elif path.endswith("/logs"):
        message = ExportLogsServiceRequest()
    else:
        raise LookupError(path)
    message.ParseFromString(inflated)
    return message
