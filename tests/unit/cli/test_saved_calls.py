"""`show` and `convert` say of a saved call what the daemon says of it."""

import json

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from fuse_otel.cli.saved_calls import render_saved
from fuse_otel.core.decoding.answers import decode_call
from fuse_otel.core.encoding.renderer import Renderer
from fuse_otel.core.model.call import CallRecord
from fuse_otel.core.model.lane import Rendering
from fuse_otel.core.model.options import ModelOptions
from fuse_otel.core.model.telemetry import Profile, Signal
from fuse_otel.core.redaction.pseudonym import pseudonymise
from fuse_otel.poller.release_policy import Export, ReleaseTime, release_policy

EXPIRED = {"error": "There are no call log details available for this call."}
ENTRY = {"event": {"line": "x", "data": []}, "class": "info", "timestamp": 1_700_000_001}
EXIT = {**ENTRY, "event": {"line": "", "data": {"module_type": "exit", "result_variable": "bye"}}}
LONG_AFTER = 1_700_000_000 + 40 * 86_400
DETAILS = {
    "expired": EXPIRED,
    "empty": [],
    "null": None,
    "unreadable": ["x", None, 7],
    "open": [ENTRY],
    "full": [ENTRY, EXIT],
}


def saved(logged, detail):
    record = {"session_id": "a", "start": 1_700_000_000, "end": 1_700_000_009, "src": "2125550123"}
    file = {"calls": [{**record, "dest": "8005550111", "log": logged, "detail": detail}]}
    (call,) = render_saved(json.dumps(file).encode(), "", ModelOptions())
    return call.traces


def sent(logged, detail):
    record = CallRecord("a", 1_700_000_000, 1_700_000_009, "2125550123", "8005550111", "", logged)
    call, (log, _) = pseudonymise(record, None), decode_call(json.dumps(detail).encode())
    decision = release_policy(call, log, None, ReleaseTime(LONG_AFTER, LONG_AFTER), 0)
    assert isinstance(decision, Export)
    traces = Rendering("traces", Signal.TRACES, Profile.GENERIC, ())
    return Renderer(ModelOptions(), [traces]).render(call, log, decision.details).parts["traces"][0]


def details_of(request):
    (resource,) = ExportTraceServiceRequest.FromString(request).resource_spans
    root = resource.scope_spans[0].spans[0]
    found = [pair.value.string_value for pair in root.attributes if pair.key == "fuse.details"]
    return found[0] if found else "full"


@pytest.mark.parametrize("name", DETAILS)
@pytest.mark.parametrize("logged", [True, False])
def test_a_saved_call_becomes_the_bytes_that_the_daemon_sends(logged, name):
    assert saved(logged, DETAILS[name]) == sent(logged, DETAILS[name])


@pytest.mark.parametrize(
    ("logged", "name", "details"),
    [
        (False, "expired", "none"),
        (True, "expired", "expired"),
        (True, "unreadable", "open"),
        (False, "empty", "none"),
        (True, "empty", "missing"),
    ],
)
def test_how_complete_a_saved_log_is(logged, name, details):
    assert details_of(saved(logged, DETAILS[name])) == details
