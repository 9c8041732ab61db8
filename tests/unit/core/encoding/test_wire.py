"""What the encoder does where OTLP cannot carry a value, and what it adds for Loki."""

import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from support.builders.telemetry_values import NOON, SECOND, make_record, make_span, make_telemetry
from support.oracle.writer import encode_logs, encode_traces

from fuse_otel.core.model.telemetry import Profile

HOUR = 3600 * SECOND
STREAM = "service.instance.id"


def first_span(**changes):
    data = encode_traces(make_telemetry([make_span(**changes)]))
    return ExportTraceServiceRequest.FromString(data).resource_spans[0].scope_spans[0].spans[0]


def attribute(value):
    return first_span(attributes={"key": value}).attributes[0].value


def log_groups(records, profile=Profile.LOKI, stream=STREAM, **changes):
    data = encode_logs(make_telemetry([], records, **changes), profile, stream)
    return ExportLogsServiceRequest.FromString(data).resource_logs


def streams(groups):
    return [
        {pair.key: pair.value.string_value for pair in group.resource.attributes}.get(STREAM)
        for group in groups
    ]


def bodies(group):
    return [record.body.string_value for record in group.scope_logs[0].log_records]


def test_a_call_without_spans_or_records_is_nothing_at_all():
    assert encode_traces(make_telemetry()) == b""
    assert encode_logs(make_telemetry(), Profile.LOKI, STREAM) == b""


@pytest.mark.parametrize(
    ("text", "mended"),
    [("a\ud800b", "a\ufffdb"), ("\udc00", "\ufffd"), ("\ud83d\ude00", "\U0001f600")],
)
def test_a_lone_surrogate_is_replaced_and_a_pair_is_its_character(text, mended):
    assert first_span(name=text).name == mended
    assert attribute(text).string_value == mended


@pytest.mark.parametrize("number", [0, 127, 128, -1, 2**63 - 1, -(2**63)])
def test_an_integer_within_64_bits_is_a_number(number):
    assert attribute(number).int_value == number


@pytest.mark.parametrize("size", [0, 124, 125, 4095, 4096, 20_000])
def test_a_string_of_any_length_is_written_whole(size):
    assert attribute("x" * size).string_value == "x" * size


@pytest.mark.parametrize("values", [(), ("",), ("a", "b")])
def test_strings_are_an_array(values):
    found = attribute(values).array_value.values
    assert tuple(each.string_value for each in found) == values


@pytest.mark.parametrize("number", [2**63, -(2**63) - 1, 10**30])
def test_an_integer_beyond_64_bits_is_its_digits(number):
    assert attribute(number).string_value == str(number)


def test_one_and_true_are_distinguished_within_a_call():
    spans = [make_span(n, attributes={"key": value}) for n, value in enumerate((1, True, 1.0), 1)]
    data = encode_traces(make_telemetry(spans))
    found = ExportTraceServiceRequest.FromString(data).resource_spans[0].scope_spans[0].spans
    kinds = [span.attributes[0].value.WhichOneof("value") for span in found]
    assert kinds == ["int_value", "bool_value", "double_value"]


def test_times_outside_of_64_bits_are_clipped():
    span = first_span(start=-5, end=2**64 + 5)
    assert (span.start_time_unix_nano, span.end_time_unix_nano) == (0, 2**64 - 1)


def test_an_error_carries_its_status_and_others_have_none():
    failed, fine = first_span(error=True, message="timed out"), first_span(message="ignored")
    assert (failed.status.code, failed.status.message) == (2, "timed out")
    assert not fine.HasField("status")


def test_more_keys_than_are_remembered_are_written_all_the_same():
    keys = [f"key.{number}" for number in range(3000)]
    span = first_span(attributes=dict.fromkeys(keys, "x"))
    assert [pair.key for pair in span.attributes] == keys


def test_loki_gets_a_resource_for_each_hour_of_the_records():
    records = [
        make_record(NOON - 1, body="before noon"),
        make_record(NOON, body="noon"),
        make_record(NOON + HOUR - 1, body="still"),
        make_record(NOON + HOUR, body="one"),
    ]
    groups = log_groups(records)
    assert streams(groups) == ["2025-11-18T11", "2025-11-18T12", "2025-11-18T13"]
    assert [bodies(group) for group in groups] == [["before noon"], ["noon", "still"], ["one"]]


def test_the_hour_takes_the_place_of_an_attribute_with_its_name():
    groups = log_groups([make_record()], resource={STREAM: "mine", "service.name": "x"})
    assert streams(groups) == ["2025-11-18T12"]
    assert len(groups[0].resource.attributes) == 2


@pytest.mark.parametrize(
    ("profile", "stream"),
    [(Profile.LOKI, "off"), (Profile.LOKI, ""), (Profile.GENERIC, STREAM), (Profile.TEMPO, STREAM)],
)
def test_without_a_stream_attribute_there_is_one_resource(profile, stream):
    groups = log_groups([make_record(NOON), make_record(NOON + HOUR)], profile, stream)
    assert streams(groups) == [None]


def test_the_same_call_gives_the_same_bytes():
    call = make_telemetry([make_span()], [make_record()])
    again = make_telemetry([make_span()], [make_record()])
    assert encode_traces(call) == encode_traces(again)
    assert encode_logs(call, Profile.LOKI, STREAM) == encode_logs(again, Profile.LOKI, STREAM)
