"""OTLP/JSON printed from OTLP's bytes, so that both tell the same.

OTLP/JSON is not protobuf's own JSON: ids are hexadecimal and enums are numbers.
https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding

The messages of OTLP traces and logs as tables: field number → name in JSON and kind.

From https://github.com/open-telemetry/opentelemetry-proto, version 1; the tests hold the tables
against protobuf's own descriptors. What is not listed is skipped by the reader.
"""

from __future__ import annotations

import math
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from struct import Struct
from typing import Any, TypeAlias

import msgspec

from fuse_otel.core.encoding.relabel import CHUNK, EIGHT_BYTES, FOUR_BYTES, VARINT, raw_fields


class Kind(Enum):
    """How a field is written: on the wire, and in JSON as OTLP wants it."""

    STRING = "string"
    ID = "bytes, in JSON hexadecimal"
    BYTES = "bytes, in JSON base64"
    NUMBER = "varint, in JSON a number (uint32, int32, enum)"
    INT64 = "varint, in JSON a decimal string"
    BOOL = "varint, in JSON true or false"
    FIXED32 = "4 bytes, in JSON a number"
    FIXED64 = "8 bytes, in JSON a decimal string"
    DOUBLE = "8 bytes, in JSON a number or NaN, Infinity, -Infinity as a string"
    MESSAGE = "a message"


@dataclass(frozen=True, slots=True)
class Field:
    name: str
    kind: Kind
    repeated: bool = False
    message: Message | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """``fields`` is filled in afterwards where a message holds itself."""

    name: str
    fields: dict[int, Field] = field(default_factory=dict)


def _message(name: str, fields: Mapping[int, Field]) -> Message:
    return Message(name, dict(fields))


def _one(name: str, message: Message) -> Field:
    return Field(name, Kind.MESSAGE, message=message)


def _many(name: str, message: Message) -> Field:
    return Field(name, Kind.MESSAGE, repeated=True, message=message)


ANY_VALUE = Message("opentelemetry.proto.common.v1.AnyValue")
KEY_VALUE = _message(
    "opentelemetry.proto.common.v1.KeyValue",
    {1: Field("key", Kind.STRING), 2: _one("value", ANY_VALUE)},
)
_ARRAY_VALUE = _message(
    "opentelemetry.proto.common.v1.ArrayValue",
    {1: _many("values", ANY_VALUE)},
)
_KEY_VALUE_LIST = _message(
    "opentelemetry.proto.common.v1.KeyValueList",
    {1: _many("values", KEY_VALUE)},
)
ANY_VALUE.fields.update(
    {
        1: Field("stringValue", Kind.STRING),
        2: Field("boolValue", Kind.BOOL),
        3: Field("intValue", Kind.INT64),
        4: Field("doubleValue", Kind.DOUBLE),
        5: _one("arrayValue", _ARRAY_VALUE),
        6: _one("kvlistValue", _KEY_VALUE_LIST),
        7: Field("bytesValue", Kind.BYTES),
    }
)

_DROPPED = "droppedAttributesCount"
RESOURCE = _message(
    "opentelemetry.proto.resource.v1.Resource",
    {1: _many("attributes", KEY_VALUE), 2: Field(_DROPPED, Kind.NUMBER)},
)
SCOPE = _message(
    "opentelemetry.proto.common.v1.InstrumentationScope",
    {
        1: Field("name", Kind.STRING),
        2: Field("version", Kind.STRING),
        3: _many("attributes", KEY_VALUE),
        4: Field(_DROPPED, Kind.NUMBER),
    },
)
SPAN_EVENT = _message(
    "opentelemetry.proto.trace.v1.Span.Event",
    {
        1: Field("timeUnixNano", Kind.FIXED64),
        2: Field("name", Kind.STRING),
        3: _many("attributes", KEY_VALUE),
        4: Field(_DROPPED, Kind.NUMBER),
    },
)
SPAN_LINK = _message(
    "opentelemetry.proto.trace.v1.Span.Link",
    {
        1: Field("traceId", Kind.ID),
        2: Field("spanId", Kind.ID),
        3: Field("traceState", Kind.STRING),
        4: _many("attributes", KEY_VALUE),
        5: Field(_DROPPED, Kind.NUMBER),
        6: Field("flags", Kind.FIXED32),
    },
)
STATUS = _message(
    "opentelemetry.proto.trace.v1.Status",
    {2: Field("message", Kind.STRING), 3: Field("code", Kind.NUMBER)},
)
SPAN = _message(
    "opentelemetry.proto.trace.v1.Span",
    {
        1: Field("traceId", Kind.ID),
        2: Field("spanId", Kind.ID),
        3: Field("traceState", Kind.STRING),
        4: Field("parentSpanId", Kind.ID),
        5: Field("name", Kind.STRING),
        6: Field("kind", Kind.NUMBER),
        7: Field("startTimeUnixNano", Kind.FIXED64),
        8: Field("endTimeUnixNano", Kind.FIXED64),
        9: _many("attributes", KEY_VALUE),
        10: Field(_DROPPED, Kind.NUMBER),
        11: _many("events", SPAN_EVENT),
        12: Field("droppedEventsCount", Kind.NUMBER),
        13: _many("links", SPAN_LINK),
        14: Field("droppedLinksCount", Kind.NUMBER),
        15: _one("status", STATUS),
        16: Field("flags", Kind.FIXED32),
    },
)
LOG_RECORD = _message(
    "opentelemetry.proto.logs.v1.LogRecord",
    {
        1: Field("timeUnixNano", Kind.FIXED64),
        2: Field("severityNumber", Kind.NUMBER),
        3: Field("severityText", Kind.STRING),
        5: _one("body", ANY_VALUE),
        6: _many("attributes", KEY_VALUE),
        7: Field(_DROPPED, Kind.NUMBER),
        8: Field("flags", Kind.FIXED32),
        9: Field("traceId", Kind.ID),
        10: Field("spanId", Kind.ID),
        11: Field("observedTimeUnixNano", Kind.FIXED64),
        12: Field("eventName", Kind.STRING),
    },
)


def _request(signal: str, plural: str, member: Field) -> Message:
    """An export request: resources hold scopes, scopes hold spans or log records."""
    package = f"opentelemetry.proto.{signal}.v1"
    schema_url = Field("schemaUrl", Kind.STRING)
    scoped = _message(
        f"{package}.Scope{plural}",
        {1: _one("scope", SCOPE), 2: member, 3: schema_url},
    )
    resource = _message(
        f"{package}.Resource{plural}",
        {1: _one("resource", RESOURCE), 2: _many(f"scope{plural}", scoped), 3: schema_url},
    )
    return _message(
        f"opentelemetry.proto.collector.{signal}.v1.Export{signal.capitalize()}ServiceRequest",
        {1: _many(f"resource{plural}", resource)},
    )


TRACES_REQUEST = _request("trace", "Spans", _many("spans", SPAN))
LOGS_REQUEST = _request("logs", "Logs", _many("logRecords", LOG_RECORD))


Json: TypeAlias = dict[str, Any]

_MAX_DEPTH = 100  # protobuf's own limit
_DOUBLE = Struct("<d")


def traces_json(data: bytes) -> Json:
    """An ``ExportTraceServiceRequest`` as OTLP/JSON. Raises ``ValueError`` if it is none."""
    return _read(memoryview(data), TRACES_REQUEST, 0)


def logs_json(data: bytes) -> Json:
    """An ``ExportLogsServiceRequest`` as OTLP/JSON. Raises ``ValueError`` if it is none."""
    return _read(memoryview(data), LOGS_REQUEST, 0)


def dumps(request: Mapping[str, object]) -> str:
    """One line, without its end."""
    return msgspec.json.encode(request).decode()


def _read(data: memoryview, message: Message, depth: int) -> Json:
    if depth > _MAX_DEPTH:
        raise ValueError(f"messages are nested deeper than {_MAX_DEPTH}")
    out: Json = {}
    for number, wire_type, raw in raw_fields(data):
        field = message.fields.get(number)
        if field is None or wire_type != _WIRE_TYPES[field.kind]:
            continue  # of a newer OTLP than ours
        value = _value(field, raw, depth)
        if field.repeated:
            out.setdefault(field.name, []).append(value)
        else:
            out[field.name] = value
    return out


def _value(field: Field, raw: int | memoryview, depth: int) -> object:
    if isinstance(raw, int):
        return _FROM_VARINT[field.kind](raw)
    if field.message is not None:
        return _read(raw, field.message, depth + 1)
    return _FROM_BYTES[field.kind](bytes(raw))


def _int64(number: int) -> str:
    signed = number - (1 << 64) if number >> 63 else number
    return str(signed)


def _fixed64(raw: bytes) -> str:
    return str(int.from_bytes(raw, "little"))


def _double(raw: bytes) -> float | str:
    (number,) = _DOUBLE.unpack(raw)
    if math.isfinite(number):
        return float(number)
    if math.isnan(number):
        return "NaN"
    return "Infinity" if number > 0 else "-Infinity"


_FROM_VARINT: Mapping[Kind, Callable[[int], object]] = {
    Kind.NUMBER: lambda number: number & 0xFFFFFFFF,
    Kind.INT64: _int64,
    Kind.BOOL: bool,
}
_FROM_BYTES: Mapping[Kind, Callable[[bytes], object]] = {
    Kind.STRING: lambda raw: raw.decode(errors="replace"),
    Kind.ID: bytes.hex,
    Kind.BYTES: lambda raw: b64encode(raw).decode(),
    Kind.FIXED32: lambda raw: int.from_bytes(raw, "little"),
    Kind.FIXED64: _fixed64,
    Kind.DOUBLE: _double,
}
_WIRE_TYPES: Mapping[Kind, int] = {
    Kind.STRING: CHUNK,
    Kind.ID: CHUNK,
    Kind.BYTES: CHUNK,
    Kind.MESSAGE: CHUNK,
    Kind.NUMBER: VARINT,
    Kind.INT64: VARINT,
    Kind.BOOL: VARINT,
    Kind.FIXED32: FOUR_BYTES,
    Kind.FIXED64: EIGHT_BYTES,
    Kind.DOUBLE: EIGHT_BYTES,
}
