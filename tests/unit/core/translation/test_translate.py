"""A call as spans: the root, its executions, their resource."""

import pytest
from support.builders.call_values import (
    APPLICATION,
    END,
    EXIT,
    SESSION,
    START,
    made_of,
    make_call,
    make_entry,
    make_log,
    sample_call,
)
from support.oracle.translate import transform

from fuse_otel.core.model.call import (
    EXPIRED_LOG,
    MISSING_LOG,
    TOO_LARGE_LOG,
    CallLog,
    Direction,
    LogCompleteness,
    LogState,
    log_completeness,
)
from fuse_otel.core.model.ids import CallIds, session_key, trace_id
from fuse_otel.core.model.options import ModelOptions
from fuse_otel.core.model.telemetry import SpanKind
from fuse_otel.core.translation.timestamps import SECOND, STEP

ERROR = make_entry("Request failed: HTTP 503", "rest", "find", "error", START + 5)


def without_entries(log, **call):
    call = make_call(**call)
    return transform(call, log, log_completeness(call, log), ModelOptions())


def test_the_documented_sample_is_a_root_and_five_executions():
    call, log = sample_call()
    made = transform(call, log, log_completeness(call, log), ModelOptions())
    assert [span.name for span in made.spans] == [
        "call email test", "start start", "prompt var_0", "email var_1", "prompt var_2",
        "exit hangup",
    ]  # fmt: skip
    assert len(made.records) == 7
    assert made.resource == {
        "service.name": "email test",
        "service.namespace": "plum-fuse",
        "service.version": "0.2",
    }
    assert made.tally.redactions == {"key": 3}
    assert made.summary.details is LogCompleteness.FULL


def test_the_root_is_the_envelope_and_all_executions_are_its_children():
    made = made_of(APPLICATION, make_entry(at=START - 3), EXIT)
    root, *children = made.spans
    assert (root.start, root.end) == (START * SECOND, END * SECOND + STEP)
    assert {child.parent_id for child in children} == {root.span_id}
    assert made.trace_id == CallIds("", SESSION).trace_id


def test_entries_outside_the_listed_interval_widen_the_root():
    root = made_of(make_entry(at=START - 30), make_entry(name="x", at=END + 30)).spans[0]
    assert (root.start, root.end) == ((START - 30) * SECOND, (END + 30) * SECOND + STEP)


def test_no_span_lasts_less_than_a_microsecond():
    """Jaeger stores a span without duration twice if it is sent twice."""
    made = made_of(APPLICATION, make_entry(name="x", at=END), make_entry(name="y", at=END))
    root, *_, before, last = made.spans
    assert (before.start, before.end) == (END * SECOND, END * SECOND + STEP)
    assert (last.start, last.end) == (before.end, before.end + STEP)
    assert root.end == last.end
    alone = without_entries(MISSING_LOG, start=START, end=START).spans[0]
    assert (alone.start, alone.end) == (START * SECOND, START * SECOND + STEP)


def test_the_root_describes_the_call():
    prompt = make_entry("Hello", log_class="prompt", type="static")
    heard = make_entry("User input: 6 (dtmf)", "number", "x", "event")
    root = made_of(APPLICATION, prompt, heard, ERROR, EXIT).spans[0]
    assert root.attributes == {
        "session.id": SESSION,
        "fuse.call.direction": "inbound",
        "fuse.call.outcome": "completed",
        "fuse.call.type": "inbound",
        "user.hash": "ab" * 16,
        "fuse.call.destination": "8005550111",
        "fuse.call.executions": 5,
        "fuse.call.prompts": 1,
        "fuse.call.inputs": 1,
        "fuse.call.errors": 1,
        "error.type": "503",
    }


@pytest.mark.parametrize(
    ("direction", "kind"),
    [
        (Direction.INBOUND, SpanKind.SERVER),
        (Direction.UNKNOWN, SpanKind.SERVER),
        (Direction.OUTBOUND, SpanKind.CONSUMER),
    ],
)
def test_the_root_is_what_service_graphs_count(direction, kind):
    assert made_of(APPLICATION, call=make_call(direction=direction)).spans[0].kind is kind


@pytest.mark.parametrize(
    ("entries", "outcome"),
    [
        ([APPLICATION, EXIT], "completed"),
        ([make_entry("Exiting application", "EXIT", "x"), make_entry()], "completed"),
        ([APPLICATION, make_entry("Transferring", "transfer", "t")], "transferred"),
        ([make_entry("Transfer result: far_end_disconnect", "transfer", "t")], "transferred"),
        ([make_entry("Transfer result: busy", "transfer", "t")], "hangup"),
        ([make_entry("x", "transfer", "t", result="noanswer")], "hangup"),
        ([make_entry("Transferring", "transfer", "t"), make_entry()], "hangup"),
        ([APPLICATION], "hangup"),
    ],
)
def test_the_outcome_is_how_the_call_ended(entries, outcome):
    made = made_of(*entries)
    assert made.spans[0].attributes["fuse.call.outcome"] == made.summary.outcome == outcome


@pytest.mark.parametrize(
    ("log", "logged", "details"),
    [
        (EXPIRED_LOG, True, "expired"),
        (MISSING_LOG, True, "missing"),
        (MISSING_LOG, False, "none"),
        (TOO_LARGE_LOG, True, "open"),
        (CallLog(LogState.PRESENT, (), 3), True, "open"),
    ],
)
def test_a_call_without_entries_is_a_root_alone_with_the_reason(log, logged, details):
    made = without_entries(log, logged=logged)
    (root,) = made.spans
    assert not made.records
    assert root.name == "call plum-fuse"
    assert root.attributes["fuse.details"] == details
    assert root.attributes["fuse.call.outcome"] == "unknown"
    assert not {key for key in root.attributes if key.endswith(("s.executions", ".prompts"))}
    assert root.attributes.get("fuse.truncated", False) is (log is TOO_LARGE_LOG)
    assert made.tally.truncations == ({"log": 1} if log is TOO_LARGE_LOG else {})


def test_details_are_full_with_an_exit_and_open_without():
    assert "fuse.details" not in made_of(APPLICATION, EXIT).spans[0].attributes
    assert made_of(APPLICATION).spans[0].attributes["fuse.details"] == "open"
    assert log_completeness(make_call(logged=False), make_log(EXIT)) is LogCompleteness.FULL


@pytest.mark.parametrize(("start", "end"), [(None, None), (-1, 2**70)])
def test_a_call_whose_times_are_unreadable_takes_those_of_its_entries(start, end):
    root = made_of(
        make_entry(at=50), make_entry(at=70), call=make_call(start=start, end=end)
    ).spans[0]
    assert (root.start, root.end) == (50 * SECOND, 70 * SECOND)
    assert root.attributes["fuse.timestamp.inferred"] is True


def test_a_call_without_any_time_is_at_the_epoch_and_marked():
    root = without_entries(MISSING_LOG, start=None, end=None).spans[0]
    assert (root.start, root.end) == (0, STEP)
    assert root.attributes["fuse.timestamp.inferred"] is True


def test_an_inferred_time_is_marked_on_record_and_span_and_counted():
    made = made_of(make_entry(at=START + 5), make_entry(name="x", at=None))
    assert "fuse.timestamp.inferred" not in made.spans[1].attributes
    assert made.spans[2].attributes["fuse.timestamp.inferred"] is True
    assert made.records[1].attributes["fuse.timestamp.inferred"] is True
    assert made.tally.anomalies == {"time": 1}


@pytest.mark.parametrize(
    ("module", "kind", "peer"),
    [
        ("rest", SpanKind.CLIENT, "rest"),
        ("SOAP", SpanKind.CLIENT, "SOAP"),
        ("aws_s3", SpanKind.CLIENT, "aws_s3"),
        ("email", SpanKind.CLIENT, "email"),
        ("menu", SpanKind.INTERNAL, None),
        ("start", SpanKind.INTERNAL, None),
    ],
)
def test_what_leaves_the_platform_is_the_client_of_a_peer(module, kind, peer):
    span = made_of(make_entry(module=module)).spans[1]
    assert span.kind is kind
    assert span.attributes.get("service.peer.name") == peer
    assert span.attributes.get("peer.service") == peer


def test_the_peer_of_a_request_is_its_host():
    span = made_of(make_entry("Request: GET https://a.com/x", "rest", "r")).spans[1]
    assert span.attributes["service.peer.name"] == "a.com"
    assert span.attributes["http.request.method"] == "GET"


def test_an_execution_shows_module_visit_and_attempts():
    ask = [
        make_entry("No input", "menu", "m", "event"),
        make_entry("User input: 1 (dtmf)", "menu", "m", "event"),
    ]
    span = made_of(APPLICATION, make_entry(module="menu", name="m"), EXIT, *ask).spans[4]
    assert span.name == "menu m"
    assert span.attributes == {
        "session.id": SESSION,
        "fuse.module.type": "menu",
        "fuse.module.result_variable": "m",
        "fuse.module.ordinal": 4,
        "fuse.module.visit": 2,
        "fuse.application.name": "Claims",
        "fuse.application.version": "2.0",
        "fuse.input.result": "match",
        "fuse.input.length": 1,
        "fuse.input.mode": "dtmf",
        "fuse.input.attempts": 2,
        "fuse.timestamp.inferred": True,
    }


def test_a_span_describes_the_last_answer_nothing_of_those_before():
    keyed = make_entry("No match: 77 (dtmf)", "menu", "m", "event")
    span = made_of(keyed, make_entry("No input", "menu", "m", "event")).spans[1]
    assert {key: value for key, value in span.attributes.items() if "input" in key} == {
        "fuse.input.result": "no_input",
        "fuse.input.attempts": 2,
    }


def test_go_to_app_changes_the_application_of_what_follows_alone():
    second = make_entry('Executing application "Billing" version ""', "start", "start")
    made = made_of(make_entry(), APPLICATION, make_entry(), second, make_entry())
    names = [span.attributes["fuse.application.name"] for span in made.spans[1:]]
    assert names == ["Claims", "Claims", "Claims", "Billing", "Billing"]
    assert "fuse.application.version" not in made.spans[-1].attributes
    assert made.resource["service.name"] == made.summary.application == "Claims"


def test_an_execution_that_announces_two_applications_ran_in_the_first():
    second = make_entry('Executing application "Billing" version "1"', "start", "start")
    made = made_of(APPLICATION, second, make_entry())
    names = [span.attributes["fuse.application.name"] for span in made.spans[1:]]
    assert names == ["Claims", "Billing"]


@pytest.mark.parametrize("module", ["go to app", "Go_To_App", "go-to-app", "subdialog"])
def test_modules_that_go_somewhere_have_a_target(module):
    span = made_of(make_entry("Going to application Billing", module, "g")).spans[1]
    assert span.attributes["fuse.application.target"] == "Billing"


def test_a_target_in_the_line_of_another_module_is_redacted():
    made = made_of(make_entry("Going to application cancer", "evaluate js", "g"))
    assert made.records[0].body == "[redacted]"
    assert "fuse.application.target" not in made.spans[1].attributes


@pytest.mark.parametrize(
    ("options", "name"),
    [
        (ModelOptions(), "Claims"),
        (ModelOptions(service_names={"Claims": "claims-line"}), "claims-line"),
        (ModelOptions(service_names={"8005550111": "eight"}), "eight"),
        (ModelOptions(service_names={"8005550111": "eight", "Claims": "c"}), "eight"),
        (ModelOptions(service_names={"Other": "o"}), "Claims"),
        (ModelOptions(resource_attributes={"service.name": "mine"}), "mine"),
    ],
)
def test_the_service_is_the_application_unless_configured(options, name):
    made = made_of(APPLICATION, options=options)
    assert made.resource["service.name"] == made.summary.application == name
    assert made.spans[0].name == f"call {name}"


def test_the_resource_names_environment_and_own_attributes():
    options = ModelOptions(environment="prod", resource_attributes={"team": "ivr"})
    assert made_of(APPLICATION, options=options).resource == {
        "service.name": "Claims",
        "service.namespace": "plum-fuse",
        "service.version": "2.0",
        "deployment.environment.name": "prod",
        "team": "ivr",
    }


def test_the_summary_counts_modules_and_entries():
    summary = made_of(APPLICATION, ERROR, EXIT).summary
    assert [(run.module_type, run.result_variable, run.error) for run in summary.modules] == [
        ("start", "start", False),
        ("rest", "find", True),
        ("exit", "hangup", False),
    ]
    assert [run.seconds for run in summary.modules] == [5.0, 55.0, 0.0]
    assert summary.entries == {"info": 2, "error": 1}
    assert (summary.error, summary.seconds, summary.end) == (True, 60.0, END)


def test_a_long_session_id_is_shown_as_its_key_and_hashed_whole():
    long = "9" * 70_000
    telemetry = made_of(APPLICATION, EXIT, call=make_call(session_id=long))
    assert telemetry.trace_id == trace_id("", long)
    shown = {each.attributes["session.id"] for each in (*telemetry.spans, *telemetry.records)}
    assert shown == {session_key(long)}


def test_the_summary_has_the_times_that_the_spans_have():
    summary = made_of(EXIT, call=make_call(end=END + 365 * 86_400)).summary
    assert (summary.start, summary.end, summary.seconds) == (START, END, END - START)
