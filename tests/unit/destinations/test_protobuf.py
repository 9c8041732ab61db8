"""Responses of back ends, written by protobuf's own classes."""

import pytest
from google.rpc.status_pb2 import Status
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from fuse_otel.destinations.otlp_response import (
    Foreign,
    RejectedItems,
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
def test_what_is_no_protobuf_is_foreign(data):
    with pytest.raises(Foreign):
        partial_success(PROTOBUF, data)


def test_fields_of_a_newer_otlp_are_passed_over():
    newer = b"\x15\x01\x02\x03\x04" + b"\x19\x01\x02\x03\x04\x05\x06\x07\x08" + b"\x20\x01"
    assert partial_success(PROTOBUF, newer) == RejectedItems()


@given(st.integers(1, 2**63 - 1), st.sampled_from([b"\xff", b"ab\xe2\x82"]))
def test_a_count_is_read_although_its_text_is_cut_inside_a_character(count, text):
    partial = ExportTraceServiceResponse().partial_success
    partial.rejected_spans = count
    inner = partial.SerializeToString() + b"\x12" + bytes([len(text)]) + text
    body = b"\x0a" + bytes([len(inner)]) + inner
    assert partial_success(PROTOBUF, body) == RejectedItems(count)


def test_a_number_where_a_message_is_due_is_foreign():
    with pytest.raises(Foreign):
        partial_success(PROTOBUF, b"\x08\x01")


def test_a_status_of_words_that_are_no_text_is_shown_as_they_come():
    assert words("", b"\x12\x02\xff\xfe") == "\x12\x02\ufffd\ufffd"


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (b'{"partialSuccess":{"rejectedSpans":"2","errorMessage":[[{"a":1}]]}}', RejectedItems(2)),
        (b'{"partialSuccess":{"rejectedSpans":2.0,"more":[1]}}', RejectedItems(2)),
        (b'{"partial_success":{"rejected_spans":1,"error_message":"no"}}', RejectedItems(1, "no")),
    ],
)
def test_json_counts_whatever_stands_in_place_of_its_text(body, found):
    assert partial_success("application/json", body) == found


@pytest.mark.parametrize(
    "body",
    [
        b'{"partialSuccess":{"rejectedSpans":1e999}}',
        b'{"partialSuccess":{"rejectedSpans":"' + b"9" * 5000 + b'"}}',
        b'{"partialSuccess":{"rejectedSpans":[1]}}',
        b'{"partialSuccess":[]}',
        b"[" * 100_000,
        b"[]",
        b'{"ok":true}',
    ],
)
def test_json_that_is_no_export_response_is_foreign(body):
    with pytest.raises(Foreign):
        partial_success("application/json", body)


@pytest.mark.parametrize(
    ("page", "shown"),
    [
        ("<title>Sign&nbsp;in</title>", "a web page “Sign\xa0in”"),
        ("<TITLE lang=en>\n 502 </TITLE>", "a web page “502”"),
        ("<title>&#" + "9" * 5000 + ";</title>", "a web page “\ufffd”"),
        ("<title>no end", "a web page"),
        ("<title" * 30_000, "a web page"),
        ("<title>" * 30_000, "a web page"),
        ("<html>\u0130<title>a</title>", "a web page"),
    ],
)
def test_the_title_of_a_web_page_is_read_in_one_pass(page, shown):
    assert words("text/html", page.encode()) == shown
