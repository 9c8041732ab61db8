"""OTLP/JSON from bytes against protobuf's reflection, over any message of the two requests."""

import math
from base64 import b64encode

import msgspec
import pytest
from google.protobuf.descriptor import FieldDescriptor
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from support.scale import scaled

from fuse_otel.core.encoding.otlp_json import (
    LOGS_REQUEST,
    TRACES_REQUEST,
    Kind,
    dumps,
    logs_json,
    traces_json,
)

REQUESTS = [
    (ExportTraceServiceRequest, TRACES_REQUEST, traces_json),
    (ExportLogsServiceRequest, LOGS_REQUEST, logs_json),
]
SCALARS = {
    Kind.STRING: st.text(st.characters(exclude_categories=["Cs"]), max_size=12),
    Kind.ID: st.binary(max_size=16),
    Kind.BYTES: st.binary(max_size=16),
    Kind.NUMBER: st.integers(0, 2**31 - 1),
    Kind.INT64: st.integers(-(2**63), 2**63 - 1),
    Kind.BOOL: st.booleans(),
    Kind.FIXED32: st.integers(0, 2**32 - 1),
    Kind.FIXED64: st.integers(0, 2**64 - 1),
    Kind.DOUBLE: st.floats(),
}


def fields_of(schema, descriptor):
    """Our fields of a message beside the runtime's."""
    return [(field, descriptor.fields_by_number[number]) for number, field in schema.fields.items()]


@st.composite
def filled(draw, message, schema, depth=0):
    """The message with a random choice of its fields set."""
    for field, theirs in fields_of(schema, message.DESCRIPTOR):
        if depth > 8 or not draw(st.booleans()):
            continue
        times = draw(st.integers(1, 2)) if field.repeated else 1
        for _ in range(times):
            if field.message is None:
                setattr(message, theirs.name, draw(SCALARS[field.kind]))
            else:
                child = getattr(message, theirs.name)
                inner = child.add() if field.repeated else child
                inner.SetInParent()
                draw(filled(inner, field.message, depth + 1))
    return message


def reflected(message):
    """OTLP/JSON after its specification, from what the runtime says is set."""
    out = {}
    for theirs, value in message.ListFields():
        values = list(value) if theirs.is_repeated else [value]
        made = [_json(theirs, each) for each in values]
        out[theirs.json_name] = made if theirs.is_repeated else made[0]
    return out


def _json(theirs, value):
    if theirs.type == FieldDescriptor.TYPE_MESSAGE:
        return reflected(value)
    if theirs.type == FieldDescriptor.TYPE_BYTES:
        return b64encode(value).decode() if theirs.name == "bytes_value" else value.hex()
    if theirs.type in {FieldDescriptor.TYPE_INT64, FieldDescriptor.TYPE_FIXED64}:
        return str(value)
    if theirs.type == FieldDescriptor.TYPE_DOUBLE and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return value


@pytest.mark.parametrize(("request_type", "schema", "read"), REQUESTS)
@settings(max_examples=scaled(80))
@given(data=st.data())
def test_json_says_what_the_runtime_reads(request_type, schema, read, data):
    message = data.draw(filled(request_type(), schema))
    found = read(message.SerializeToString())
    assert found == reflected(message)
    line = dumps(found)
    assert "\n" not in line
    assert msgspec.json.decode(line) == found


@pytest.mark.parametrize(("request_type", "schema", "read"), REQUESTS)
@settings(max_examples=scaled(200))
@given(data=st.binary(max_size=200))
def test_any_bytes_are_read_or_refused_by_value_error(request_type, schema, read, data):
    try:
        found = read(data)
    except ValueError:
        return
    assert isinstance(msgspec.json.decode(dumps(found)), dict)


@pytest.mark.parametrize(("request_type", "schema", "read"), REQUESTS)
def test_the_tables_agree_with_the_runtime(request_type, schema, read):
    seen = set()

    def walk(ours, descriptor):
        assert ours.name == descriptor.full_name
        if ours.name in seen:
            return
        seen.add(ours.name)
        for field, theirs in fields_of(ours, descriptor):
            assert (field.name, field.repeated) == (theirs.json_name, theirs.is_repeated)
            assert (field.message is None) == (theirs.message_type is None)
            if field.message is not None:
                walk(field.message, theirs.message_type)

    walk(schema, request_type.DESCRIPTOR)
    assert len(seen) >= 9
