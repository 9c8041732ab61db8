"""The daemon's own traces, at a back end that decodes them."""

import threading

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status
from opentelemetry.sdk.trace.export import SpanExporter
from support.builders.every_event import EVERY_EVENT, LANE
from support.fakes.grpc_receiver import GrpcReceiver
from support.fakes.otlp_receiver import OtlpReceiver
from support.fakes.otlp_request import string
from support.patience import PATIENCE

from fuse_otel.events import ApiAnswered, ExportDone, PollDone
from fuse_otel.instrumentation import self_traces
from fuse_otel.instrumentation.self_traces import SelfTraces

NOW = 1_790_000_000
NANO = 10**9
GRACE = PATIENCE


class Clock:
    now = float(NOW)

    def __call__(self):
        return self.now


@pytest.fixture
def receiver(monkeypatch):
    for name in ("OTEL_RESOURCE_ATTRIBUTES", "OTEL_SERVICE_NAME", "OTEL_TRACES_SAMPLER"):
        monkeypatch.delenv(name, raising=False)
    with OtlpReceiver() as running:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", running.url)
        yield running


def poll(seconds, at=NOW):
    return PollDone("main", at, NOW - 60, NOW - 15, 5, 4, 3, 1, 2, seconds)


def exported(receiver, *events, clock=None):
    traces = SelfTraces(clock=clock or Clock())
    for event in events:
        traces(event)
    assert traces.close(GRACE)
    return {span.name: span for span in receiver.spans()}


def test_a_poll_is_a_span_with_its_requests_below(receiver):
    clock = Clock()
    traces = SelfTraces(clock=clock)
    clock.now = NOW - 100.0
    traces(ApiAnswered("main", "all_logs", 200, 3.0))  # a rescan, long before
    clock.now = NOW - 1.0
    traces(ApiAnswered("main", "calls", 500, 2.0))
    clock.now = float(NOW)
    traces(poll(seconds=4.0))
    assert traces.close(GRACE)
    spans = {span.name: span for span in receiver.spans()}
    root, request, rescan = spans["poll"], spans["GET calls"], spans["GET all_logs"]
    assert (root.start_time_unix_nano, root.end_time_unix_nano) == ((NOW - 4) * NANO, NOW * NANO)
    assert (request.start_time_unix_nano, request.end_time_unix_nano) == (
        (NOW - 3) * NANO, (NOW - 1) * NANO,
    )  # fmt: skip
    assert request.parent_span_id == root.span_id
    assert request.trace_id == root.trace_id
    assert not root.parent_span_id
    assert not rescan.parent_span_id
    assert (request.kind, root.kind) == (Span.SPAN_KIND_CLIENT, Span.SPAN_KIND_INTERNAL)
    assert request.status.code == Status.STATUS_CODE_ERROR
    assert rescan.status.code == Status.STATUS_CODE_UNSET
    assert string(request.attributes, "error.type") == "500"


@pytest.mark.parametrize(
    ("outcome", "status"),
    [("accepted", Status.STATUS_CODE_UNSET), ("retry", Status.STATUS_CODE_ERROR)],
)
def test_an_export_is_a_span(receiver, outcome, status):
    span = exported(receiver, ExportDone(LANE, "503", outcome, 0.5, 40, 0, "a reason"))[
        "export traces"
    ]
    assert span.end_time_unix_nano - span.start_time_unix_nano == NANO // 2
    assert span.status.code == status
    assert string(span.attributes, "fuse_otel.destination") == "tempo"
    assert string(span.attributes, "fuse_otel.export.outcome") == outcome


def test_requests_that_no_poll_claims_are_reported_at_the_end(receiver):
    spans = exported(receiver, ApiAnswered("main", "calls", 200, 1.0))
    assert not spans["GET calls"].parent_span_id


def test_requests_that_wait_for_a_poll_are_bounded(receiver, monkeypatch):
    monkeypatch.setattr(self_traces, "_MOST_HELD", 2)
    events = [ApiAnswered("main", endpoint, 200, 0.0) for endpoint in ("a", "b", "c")]
    clock = Clock()
    traces = SelfTraces(clock=clock)
    for event in events:
        clock.now += 1
        traces(event)
    traces(poll(seconds=60.0, at=NOW + 10))
    assert traces.close(GRACE)
    spans = {span.name: span for span in receiver.spans()}
    assert not spans["GET a"].parent_span_id
    assert spans["GET b"].parent_span_id == spans["GET c"].parent_span_id == spans["poll"].span_id


def test_every_event_is_taken(receiver):
    spans = exported(receiver, *EVERY_EVENT)
    assert set(spans) == {"poll", "GET calls", "export traces"}


def test_the_daemon_is_the_service_unless_the_environment_names_it(receiver, monkeypatch):
    exported(receiver, poll(1.0))
    monkeypatch.setenv("OTEL_SERVICE_NAME", "phone-traces")
    monkeypatch.setenv("OTEL_RESOURCE_ATTRIBUTES", "k8s.pod.name=fuse-otel-0")
    exported(receiver, poll(1.0))
    first, second = (
        request.message.resource_spans[0].resource.attributes for request in receiver.requests
    )
    assert string(first, "service.name") == "fuse-otel"
    assert string(first, "service.version")
    assert string(second, "service.name") == "phone-traces"
    assert string(second, "k8s.pod.name") == "fuse-otel-0"


def test_they_go_over_grpc_too(monkeypatch):
    with GrpcReceiver() as back_end:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", back_end.url)
        traces = SelfTraces(protocol="grpc", clock=Clock())
        traces(poll(1.0))
        assert traces.close(GRACE)
        assert [span.name for span in back_end.spans()] == ["poll"]


def test_a_back_end_that_hangs_does_not_hold_up_the_end():
    release = threading.Event()

    class Hanging(SpanExporter):
        def export(self, spans):
            release.wait(PATIENCE)

    traces = SelfTraces(clock=Clock(), exporter=Hanging())
    traces(poll(1.0))
    assert traces.close(0.1) is False  # True if it had waited
    release.set()
    for thread in threading.enumerate():
        if thread.name in {"self-traces", "OtelBatchSpanRecordProcessor"}:
            thread.join(GRACE)
