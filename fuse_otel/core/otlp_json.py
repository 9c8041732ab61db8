"""OTLP/JSON printed from OTLP's bytes, so that both tell the same.

OTLP/JSON is not protobuf's own JSON: ids are hexadecimal and enums are numbers.
https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
"""

from __future__ import annotations

import math
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from struct import Struct
from typing import Any, TypeAlias

import msgspec

from fuse_otel.core.otlp_schema import LOGS_REQUEST, TRACES_REQUEST, Field, Kind, Message

Json: TypeAlias = dict[str, Any]

_MAX_DEPTH = 100  # protobuf's own limit
_MAX_VARINT = 10
_MAX_UINT64 = (1 << 64) - 1
_VARINT, _EIGHT_BYTES, _CHUNK, _FOUR_BYTES = 0, 1, 2, 5
_SIZES = {_EIGHT_BYTES: 8, _FOUR_BYTES: 4}
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
    for number, wire_type, raw in _raw_fields(data):
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


def _raw_fields(data: memoryview) -> Iterator[tuple[int, int, int | memoryview]]:
    """Field number, wire type and what was written, in the order of the bytes."""
    position = 0
    while position < len(data):
        tag, position = _varint(data, position)
        wire_type = tag & 7
        if wire_type == _VARINT:
            number, position = _varint(data, position)
            yield tag >> 3, wire_type, number
        else:
            chunk, position = _chunk(data, position, wire_type)
            yield tag >> 3, wire_type, chunk


def _chunk(data: memoryview, position: int, wire_type: int) -> tuple[memoryview, int]:
    if wire_type == _CHUNK:
        size, position = _varint(data, position)
    elif wire_type in _SIZES:
        size = _SIZES[wire_type]
    else:
        raise ValueError(f"no protobuf message: wire type {wire_type}")
    end = position + size
    if end > len(data):
        raise ValueError("the protobuf message is cut off")
    return data[position:end], end


def _varint(data: memoryview, position: int) -> tuple[int, int]:
    """The number and the position behind it."""
    number = 0
    for place, byte in enumerate(data[position : position + _MAX_VARINT]):
        number |= (byte & 0x7F) << (7 * place)
        if byte <= 0x7F:  # noqa: PLR2004 - the highest bit says that more bytes follow
            return number & _MAX_UINT64, position + place + 1
    raise ValueError("no protobuf message: a number in it is cut off or too long")


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
    Kind.STRING: _CHUNK,
    Kind.ID: _CHUNK,
    Kind.BYTES: _CHUNK,
    Kind.MESSAGE: _CHUNK,
    Kind.NUMBER: _VARINT,
    Kind.INT64: _VARINT,
    Kind.BOOL: _VARINT,
    Kind.FIXED32: _FOUR_BYTES,
    Kind.FIXED64: _EIGHT_BYTES,
    Kind.DOUBLE: _EIGHT_BYTES,
}
