"""OTLP's bytes as OTLP/JSON, with the same content.

OTLP/JSON is not protobuf's own JSON: ids are hexadecimal and enums are numbers, which is why
protobuf's ``json_format`` does not print it.
https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
"""

from __future__ import annotations

import math
from base64 import b64encode
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, TypeAlias, TypeVar

import msgspec
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import DecodeError, Message
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

Json: TypeAlias = dict[str, Any]
M = TypeVar("M", bound=Message)


def traces_json(data: bytes) -> Json:
    """An ``ExportTraceServiceRequest`` as OTLP/JSON. Raises ``ValueError`` if it is none."""
    return _json(parse(ExportTraceServiceRequest(), data))


def logs_json(data: bytes) -> Json:
    """An ``ExportLogsServiceRequest`` as OTLP/JSON. Raises ``ValueError`` if it is none."""
    return _json(parse(ExportLogsServiceRequest(), data))


def dumps(request: Mapping[str, object]) -> str:
    """One line, without its end."""
    return msgspec.json.encode(request).decode()


def parse(message: M, data: bytes) -> M:
    """The message, filled from its bytes. Raises ``ValueError`` where they are none."""
    try:
        message.ParseFromString(data)
    except DecodeError as error:
        raise ValueError("these bytes are no message of OTLP") from error
    return message


def _json(message: Message) -> Json:
    fields = _fields(message.DESCRIPTOR)
    out: Json = {}
    for field, value in message.ListFields():
        name, repeated, convert = fields[field.number]
        out[name] = [convert(each) for each in value] if repeated else convert(value)
    return out


@cache
def _fields(message: Descriptor) -> Mapping[int, tuple[str, bool, Callable[[Any], object]]]:
    """Field number → name in JSON, whether it is repeated, how a value of it is written."""
    return {
        field.number: (field.json_name, field.is_repeated, _converter(field))
        for field in message.fields
    }


def _converter(field: FieldDescriptor) -> Callable[[Any], object]:
    if field.type == FieldDescriptor.TYPE_BYTES:
        return _base64 if field.name == "bytes_value" else bytes.hex  # all other bytes are ids
    return _CONVERTERS.get(field.type, _same)


def _base64(value: bytes) -> str:
    return b64encode(value).decode()


def _double(number: float) -> float | str:
    if math.isfinite(number):
        return number
    if math.isnan(number):
        return "NaN"
    return "Infinity" if number > 0 else "-Infinity"


def _same(value: object) -> object:
    return value


_CONVERTERS: Mapping[int, Callable[[Any], object]] = {
    FieldDescriptor.TYPE_MESSAGE: _json,
    FieldDescriptor.TYPE_DOUBLE: _double,
    # JavaScript's numbers hold 53 bits.
    FieldDescriptor.TYPE_INT64: str,
    FieldDescriptor.TYPE_FIXED64: str,
}
