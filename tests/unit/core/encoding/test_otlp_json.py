"""OTLP/JSON of our own bytes, and of bytes that are no OTLP."""

import pytest
from support.builders.telemetry_values import NOON, TRACE_ID, make_record, make_span, make_telemetry
from support.oracle.writer import encode_logs, encode_traces

from fuse_otel.core.encoding.otlp_json import dumps, logs_json, traces_json
from fuse_otel.core.model.telemetry import Profile, SpanKind


def test_a_span_reads_as_the_specification_writes_it():
    span = make_span(2, 1, kind=SpanKind.CLIENT, error=True, attributes={"n": 7, "ok": False})
    request = traces_json(encode_traces(make_telemetry([span])))
    (resource,) = request["resourceSpans"]
    (scoped,) = resource["scopeSpans"]
    assert scoped["scope"]["name"] == "fuse_otel"
    assert scoped["spans"] == [
        {
            "traceId": TRACE_ID.hex(),
            "spanId": "0000000000000002",
            "parentSpanId": "0000000000000001",
            "name": "call claims line",
            "kind": 3,
            "startTimeUnixNano": str(NOON),
            "endTimeUnixNano": str(NOON + 5 * 10**9),
            "attributes": [
                {"key": "n", "value": {"intValue": "7"}},
                {"key": "ok", "value": {"boolValue": False}},
            ],
            "status": {"code": 2},
            "flags": 0x101,
        }
    ]


def test_a_record_reads_as_the_specification_writes_it():
    call = make_telemetry([], [make_record(event_name="fuse.prompt", attributes={})])
    request = logs_json(encode_logs(call, Profile.GENERIC, ""))
    assert request["resourceLogs"][0]["scopeLogs"][0]["logRecords"] == [
        {
            "timeUnixNano": str(NOON),
            "severityNumber": 9,
            "severityText": "INFO",
            "body": {"stringValue": "Sending email"},
            "flags": 1,
            "traceId": TRACE_ID.hex(),
            "spanId": "0000000000000002",
            "observedTimeUnixNano": str(NOON),
            "eventName": "fuse.prompt",
        }
    ]


@pytest.mark.parametrize(
    ("number", "written"),
    [
        (0.5, 0.5),
        (float("nan"), "NaN"),
        (float("inf"), "Infinity"),
        (float("-inf"), "-Infinity"),
    ],
)
def test_doubles_that_json_does_not_know_are_words(number, written):
    call = make_telemetry([make_span(attributes={"key": number})])
    (scoped,) = traces_json(encode_traces(call))["resourceSpans"][0]["scopeSpans"]
    assert scoped["spans"][0]["attributes"][0]["value"] == {"doubleValue": written}


def test_a_request_is_one_line_even_with_line_ends_in_it():
    call = make_telemetry([make_span(name="a\nb\u2028c")])
    assert "\n" not in dumps(traces_json(encode_traces(call)))


@pytest.mark.parametrize(
    "unknown",
    [b"\xf8\x07\x05", b"\xfa\x07\x02ab", b"\xf9\x07" + bytes(8), b"\xfd\x07" + bytes(4)],
    ids=["varint", "bytes", "fixed64", "fixed32"],
)
def test_fields_of_a_newer_otlp_are_passed_over(unknown):
    known = encode_traces(make_telemetry([make_span()]))
    assert traces_json(unknown + known + unknown) == traces_json(known)


def test_a_known_field_of_another_wire_type_is_passed_over():
    assert traces_json(b"\x08\x01") == {}


@pytest.mark.parametrize(
    "data",
    [b"\x0a\x05abc", b"\x09abc", b"\x0a", b"\xff" * 11, b"\x0b", b"\x0f"],
    ids=["cut off", "number cut off", "no length", "endless number", "open group", "wire type 7"],
)
def test_what_is_no_protobuf_is_refused(data):
    with pytest.raises(ValueError, match="no message of OTLP"):
        traces_json(data)


def nested(depth):
    """An attribute that is an array in an array in an array …, as a traces request."""

    def field(tag, payload):
        size, head = len(payload), b""
        while size > 0x7F:
            head, size = head + bytes([size & 0x7F | 0x80]), size >> 7
        return tag + head + bytes([size]) + payload

    value = b""
    for _ in range(depth):
        value = field(b"\x2a", field(b"\x0a", value))
    return field(b"\x0a", field(b"\x0a", field(b"\x0a", field(b"\x12", value))))


def test_messages_may_be_nested_as_deep_as_protobuf_allows():
    assert traces_json(nested(40))["resourceSpans"]
    with pytest.raises(ValueError, match="no message of OTLP"):
        traces_json(nested(60))
