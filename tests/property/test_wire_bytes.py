"""The hand-written encoder against protobuf's runtime, over any telemetry."""

from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from support.builders.telemetry_values import telemetries
from support.oracle.writer import encode_logs, encode_traces
from support.pages.wire_oracle import logs_request, traces_request
from support.scale import scaled

from fuse_otel.core.model.telemetry import Profile


def canonical(message):
    return message.SerializeToString(deterministic=True)


@settings(max_examples=scaled(150))
@given(telemetries())
def test_traces_are_the_bytes_the_runtime_writes(call):
    assert encode_traces(call) == canonical(traces_request(call))


@settings(max_examples=scaled(150))
@given(telemetries())
def test_logs_are_the_bytes_the_runtime_writes(call):
    groups = [(call.resource, call.records)] if call.records else []
    assert encode_logs(call, Profile.GENERIC, "service.instance.id") == canonical(
        logs_request(call, groups)
    )


@settings(max_examples=scaled(50))
@given(st.lists(telemetries(), max_size=4))
def test_calls_joined_are_one_request(calls):
    joined = b"".join(map(encode_traces, calls))
    assert joined == canonical(traces_request(*calls))


@settings(max_examples=scaled(150))
@given(telemetries(broken=True), st.sampled_from(Profile), st.sampled_from(["", "off", "stream"]))
def test_whatever_a_call_holds_the_request_can_be_read_and_is_complete(call, profile, stream):
    traces = ExportTraceServiceRequest.FromString(encode_traces(call))
    logs = ExportLogsServiceRequest.FromString(encode_logs(call, profile, stream))

    spans = [span for group in traces.resource_spans for span in group.scope_spans[0].spans]
    records = [record for group in logs.resource_logs for record in group.scope_logs[0].log_records]
    assert [len(span.attributes) for span in spans] == [len(s.attributes) for s in call.spans]
    assert len(records) == len(call.records)


@settings(max_examples=scaled(100))
@given(telemetries())
def test_loki_gets_one_resource_an_hour_with_the_records_in_their_order(call):
    hours: dict[int, list] = {}
    for record in call.records:
        hours.setdefault(record.time // (3600 * 10**9), []).append(record)
    logs = ExportLogsServiceRequest.FromString(encode_logs(call, Profile.LOKI, "stream"))

    found = [
        [record.time_unix_nano for record in group.scope_logs[0].log_records]
        for group in logs.resource_logs
    ]
    assert found == [[record.time for record in records] for records in hours.values()]
    names = [group.resource.attributes[-1].value.string_value for group in logs.resource_logs]
    assert len(set(names)) == len(hours)
