"""Whatever a call holds: something valid comes out, in order, the same every time."""

import time

from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from support.builders.call_strategies import any_details, any_text, listed_calls, logs
from support.oracle.translate import transform
from support.scale import scaled

from fuse_otel.core.encoding.renderer import Renderer
from fuse_otel.core.model.lane import Lane, Rendering
from fuse_otel.core.model.options import ModelOptions
from fuse_otel.core.model.telemetry import Profile, Signal

OPTIONS = ModelOptions(environment="test", service_names={"8005550111": "eight"})
RENDERINGS = tuple(
    Rendering(f"{signal}-{profile}", signal, profile, (Lane("here", signal),))
    for signal in Signal
    for profile in Profile
)
sent = st.one_of(st.none(), st.integers(0, 12))
MICROSECOND = 1000
many = settings(max_examples=scaled(150))


@many
@given(listed_calls, logs(), any_details, sent)
def test_any_call_is_rendered_and_protobuf_reads_it(call, log, details, sent):
    out = Renderer(OPTIONS, RENDERINGS).render(call, log, details, sent)
    assert (sum(map(len, (out.traces, out.logs))) > 0) or sent is not None
    for rendering in RENDERINGS:
        data, count = out.parts.get(rendering.id, (b"", 0))
        if rendering.signal is Signal.TRACES:
            spans = _members(ExportTraceServiceRequest.FromString(data).resource_spans, "spans")
            assert len(spans) == count
        else:
            resources = ExportLogsServiceRequest.FromString(data).resource_logs
            assert len(_members(resources, "log_records")) == count


def _members(resources, name):
    scopes = [scope for resource in resources for scope in resource.scope_spans] if (
        name == "spans"
    ) else [scope for resource in resources for scope in resource.scope_logs]  # fmt: skip
    return [member for scope in scopes for member in getattr(scope, name)]


@many
@given(listed_calls, logs(), any_details, sent)
def test_the_same_call_gives_the_same_bytes(call, log, details, sent):
    first = Renderer(OPTIONS, RENDERINGS).render(call, log, details, sent)
    assert Renderer(OPTIONS, RENDERINGS).render(call, log, details, sent) == first


@many
@given(listed_calls, logs(), any_details)
def test_lokis_hours_follow_each_other_and_hold_their_records(call, log, details):
    """Of any call: also where the API's times are missing, wrong or go back."""
    (loki,) = (each for each in RENDERINGS if each.id == "logs-loki")
    data, _ = Renderer(OPTIONS, (loki,)).render(call, log, details).parts.get(loki.id, (b"", 0))
    resources = ExportLogsServiceRequest.FromString(data).resource_logs
    hours = [_attribute(resource.resource, "service.instance.id") for resource in resources]
    assert hours == sorted(set(hours))
    for hour, resource in zip(hours, resources, strict=True):
        for record in resource.scope_logs[0].log_records:
            at = time.gmtime(record.time_unix_nano // 10**9)
            assert time.strftime("%Y-%m-%dT%H", at) == hour


def _attribute(resource, key):
    (value,) = (pair.value.string_value for pair in resource.attributes if pair.key == key)
    return value


@many
@given(listed_calls, logs(), any_details)
def test_a_record_an_entry_in_the_order_of_the_entries(call, log, details):
    made = transform(call, log, details, OPTIONS)
    uids = [int(r.attributes["log.record.uid"].rsplit("-", 1)[1]) for r in made.records]
    assert uids == [entry.index for entry in log.entries]
    times = [record.time for record in made.records]
    assert times == sorted(times)


@many
@given(listed_calls, logs(), any_details)
def test_children_follow_each_other_inside_their_root(call, log, details):
    root, *children = transform(call, log, details, OPTIONS).spans
    moment = root.start
    for child in children:
        assert child.parent_id == root.span_id
        assert moment <= child.start <= child.end - MICROSECOND
        moment = child.end
    assert moment <= root.end
    assert 0 <= root.start <= root.end - MICROSECOND < 2**63 - MICROSECOND


@many
@given(listed_calls, logs(), any_details)
def test_ids_of_a_call_are_unique_and_records_name_their_span(call, log, details):
    made = transform(call, log, details, OPTIONS)
    ids = [span.span_id for span in made.spans]
    assert len(set(ids)) == len(ids)
    assert {record.span_id for record in made.records} == set(ids[1:])
    assert len({record.attributes["log.record.uid"] for record in made.records}) == len(log.entries)


@many
@given(listed_calls, logs(), any_details, st.integers(0, 12))
def test_what_was_sent_and_what_grew_are_the_whole(call, log, details, sent):
    """The first reading had fewer entries; the second brings what the first did not, unchanged."""
    early = type(log)(log.state, tuple(e for e in log.entries if e.index < sent), sent)
    first = transform(call, early, details, OPTIONS)
    second = transform(call, log, details, OPTIONS, sent)
    whole = transform(call, log, details, OPTIONS)
    uids = [r.attributes["log.record.uid"] for r in (*first.records, *second.records)]
    assert uids == [r.attributes["log.record.uid"] for r in whole.records]
    ids = [span.span_id for span in (*first.spans, *second.spans)]
    assert ids == [span.span_id for span in whole.spans]


@many
@given(listed_calls, logs(), any_details, any_text)
def test_no_attribute_is_empty_none_or_too_long(call, log, details, environment):
    made = transform(call, log, details, ModelOptions(environment=environment))
    for thing in (*made.spans, *made.records):
        for key, value in thing.attributes.items():
            assert value is not None
            assert value != "" or key == "session.id"
            assert not isinstance(value, str) or len(value) <= 2048
