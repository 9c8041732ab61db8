"""OTLP/JSON printed from OTLP's bytes, so that both tell the same.

OTLP/JSON is not protobuf's own JSON: ids are hexadecimal and enums are numbers.
https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
"""

from __future__ import annotations

import math
from base64 import b64encode
from collections.abc import Callable, Mapping
from struct import Struct
from typing import Any, TypeAlias

import msgspec

from fuse_otel.core.otlp_schema import LOGS_REQUEST, TRACES_REQUEST, Field, Kind, Message
from fuse_otel.core.raw_fields import CHUNK, EIGHT_BYTES, FOUR_BYTES, VARINT, raw_fields

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
