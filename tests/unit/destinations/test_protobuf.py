"""The small reader of protobuf against protobuf itself."""

import pytest
from google.rpc.status_pb2 import Status
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from fuse_otel.destinations.otlp_response import (
    Foreign,
    RejectedItems,
    fields,
    partial_success,
    words,
)

PROTOBUF = "application/x-protobuf"


@given(st.integers(-(2**63), 2**63 - 1), st.text(max_size=50))
def test_a_partial_success_is_read_as_it_was_written(count, message):
    response = ExportTraceServiceResponse()
    response.partial_success.rejected_spans = count
    response.partial_success.error_message = message
    told = partial_success(PROTOBUF, response.SerializeToString())
    assert told == RejectedItems(count, message)


@given(st.integers(-(2**31), 2**31 - 1), st.text(max_size=50), st.binary(max_size=20))
def test_a_status_is_read_as_it_was_written(code, message, detail):
    status = Status(code=code, message=message)
    status.details.add(type_url="example.com/x", value=detail)
    assert words(PROTOBUF, status.SerializeToString()) == message


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_named_foreign(body):
    try:
        told = partial_success(PROTOBUF, body)
    except Foreign:
        return
    assert isinstance(told, RejectedItems)


@given(st.binary(max_size=60), st.sampled_from([PROTOBUF, "", "text/html", "application/json"]))
def test_of_any_bytes_words_can_be_made(body, content_type):
    assert isinstance(words(content_type, body), str)


@pytest.mark.parametrize(
    "data",
    [b"\x00", b"\x0a", b"\x0a\x05ab", b"\x0d\x00", b"\x09\x00", b"\x0b", b"\x08" + b"\xff" * 11],
    ids=["field 0", "no length", "cut", "4 bytes cut", "8 bytes cut", "group", "endless number"],
)
def test_what_is_no_protobuf_is_told(data):
    with pytest.raises(ValueError, match=r"."):
        list(fields(data))


def test_every_wire_type_is_passed_over():
    data = b"\x0d\x01\x02\x03\x04" + b"\x11\x01\x02\x03\x04\x05\x06\x07\x08" + b"\x18\x01"
    assert list(fields(data)) == [
        (1, b"\x01\x02\x03\x04"),
        (2, b"\x01\x02\x03\x04\x05\x06\x07\x08"),
        (3, 1),
    ]


def test_a_number_where_a_message_is_due_is_foreign():
    with pytest.raises(Foreign):
        partial_success(PROTOBUF, b"\x08\x01")


def test_a_status_of_words_that_are_no_text_is_shown_as_they_come():
    assert words("", b"\x12\x02\xff\xfe") == "\x12\x02\ufffd\ufffd"
