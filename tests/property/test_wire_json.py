"""OTLP/JSON from bytes against protobuf's own JSON, over any message of the two requests."""

from base64 import b64decode

import msgspec
import pytest
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.json_format import MessageToDict
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from support.scale import scaled

from fuse_otel.core.encoding.otlp_json import dumps, logs_json, traces_json

REQUESTS = [
    (ExportTraceServiceRequest, traces_json),
    (ExportLogsServiceRequest, logs_json),
]
SCALARS = {
    FieldDescriptor.TYPE_STRING: st.text(st.characters(exclude_categories=["Cs"]), max_size=12),
    FieldDescriptor.TYPE_BYTES: st.binary(max_size=16),
    FieldDescriptor.TYPE_ENUM: st.integers(0, 2**31 - 1),
    FieldDescriptor.TYPE_INT32: st.integers(-(2**31), 2**31 - 1),
    FieldDescriptor.TYPE_UINT32: st.integers(0, 2**32 - 1),
    FieldDescriptor.TYPE_INT64: st.integers(-(2**63), 2**63 - 1),
    FieldDescriptor.TYPE_BOOL: st.booleans(),
    FieldDescriptor.TYPE_FIXED32: st.integers(0, 2**32 - 1),
    FieldDescriptor.TYPE_FIXED64: st.integers(0, 2**64 - 1),
    FieldDescriptor.TYPE_DOUBLE: st.floats(),
}
IDS = {"traceId", "spanId", "parentSpanId"}


@st.composite
def filled(draw, message, depth=0):
    """The message with a random choice of its fields set."""
    for field in message.DESCRIPTOR.fields:
        if depth > 8 or not draw(st.booleans()):
            continue
        for _ in range(draw(st.integers(1, 2)) if field.is_repeated else 1):
            if field.type != FieldDescriptor.TYPE_MESSAGE:
                if field.is_repeated:
                    getattr(message, field.name).append(draw(SCALARS[field.type]))
                else:
                    setattr(message, field.name, draw(SCALARS[field.type]))
                continue
            child = getattr(message, field.name)
            inner = child.add() if field.is_repeated else child
            inner.SetInParent()
            draw(filled(inner, depth + 1))
    return message


def with_hexadecimal_ids(value):
    """What the specification of OTLP/JSON changes of protobuf's JSON."""
    if isinstance(value, list):
        return [with_hexadecimal_ids(each) for each in value]
    if not isinstance(value, dict):
        return value
    return {
        key: b64decode(each).hex() if key in IDS else with_hexadecimal_ids(each)
        for key, each in value.items()
    }


@pytest.mark.parametrize(("request_type", "read"), REQUESTS)
@settings(max_examples=scaled(80))
@given(data=st.data())
def test_json_is_what_the_runtime_prints_but_for_ids(request_type, read, data):
    message = data.draw(filled(request_type()))
    found = read(message.SerializeToString())
    printed = MessageToDict(message, use_integers_for_enums=True)
    assert found == with_hexadecimal_ids(printed)
    line = dumps(found)
    assert "\n" not in line
    assert msgspec.json.decode(line) == found


@pytest.mark.parametrize(("request_type", "read"), REQUESTS)
@settings(max_examples=scaled(200))
@given(data=st.binary(max_size=200))
def test_any_bytes_are_read_or_refused_by_value_error(request_type, read, data):
    try:
        found = read(data)
    except ValueError:
        return
    assert isinstance(msgspec.json.decode(dumps(found)), dict)
