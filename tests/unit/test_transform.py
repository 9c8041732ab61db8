import pytest
from support.call_values import (
    APPLICATION,
    END,
    EXIT,
    SESSION,
    START,
    make_call,
    make_entry,
    make_log,
    sample_call,
    told,
)

from fuse_otel.core.call import (
    EXPIRED_LOG,
    MISSING_LOG,
    TOO_LARGE_LOG,
    CallLog,
    Details,
    Direction,
    LogState,
)
from fuse_otel.core.details import details_of
from fuse_otel.core.ids import CallIds
from fuse_otel.core.options import ModelOptions
from fuse_otel.core.telemetry import Kind
from fuse_otel.core.times import SECOND
from fuse_otel.core.transform import transform

ERROR = make_entry("Request failed: HTTP 503", "rest", "find", "error", START + 5)
OTHER_ERROR = make_entry("nobody knows this", "evaluate js", "js", "error", START + 6)
TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def without_entries(log, **call):
    call = make_call(**call)
    return transform(call, log, details_of(call, log), ModelOptions())


def test_the_documented_sample_is_a_root_and_five_executions():
    call, log = sample_call()
    made = transform(call, log, details_of(call, log), ModelOptions())
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
    assert made.summary.details is Details.FULL


def test_the_root_is_the_envelope_and_all_executions_are_its_children():
    made = told(APPLICATION, make_entry(at=START - 3), EXIT)
    root, *children = made.spans
    assert (root.start, root.end) == (START * SECOND, END * SECOND)
    assert {child.parent_id for child in children} == {root.span_id}
    assert made.trace_id == CallIds("", SESSION).trace_id


def test_entries_outside_the_listed_interval_widen_the_root():
    root = told(make_entry(at=START - 30), make_entry(name="x", at=END + 30)).spans[0]
    assert (root.start, root.end) == ((START - 30) * SECOND, (END + 30) * SECOND)


def test_the_root_tells_of_the_call():
    prompt = make_entry("Hello", log_class="prompt", type="static")
    heard = make_entry("User input: 6 (dtmf)", "number", "x", "event")
    root = told(APPLICATION, prompt, heard, ERROR, EXIT).spans[0]
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
        (Direction.INBOUND, Kind.SERVER),
        (Direction.UNKNOWN, Kind.SERVER),
        (Direction.OUTBOUND, Kind.CONSUMER),
    ],
)
def test_the_root_is_what_service_graphs_count(direction, kind):
    assert told(APPLICATION, call=make_call(direction=direction)).spans[0].kind is kind


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
    made = told(*entries)
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
def test_a_call_without_entries_is_a_root_alone_that_says_why(log, logged, details):
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
    assert "fuse.details" not in told(APPLICATION, EXIT).spans[0].attributes
    assert told(APPLICATION).spans[0].attributes["fuse.details"] == "open"
    assert details_of(make_call(logged=False), make_log(EXIT)) is Details.FULL


@pytest.mark.parametrize(("start", "end"), [(None, None), (-1, 2**70)])
def test_a_call_whose_times_are_unreadable_takes_those_of_its_entries(start, end):
    root = told(make_entry(at=50), make_entry(at=70), call=make_call(start=start, end=end)).spans[0]
    assert (root.start, root.end) == (50 * SECOND, 70 * SECOND)
    assert root.attributes["fuse.timestamp.inferred"] is True


def test_a_call_without_any_time_is_at_the_epoch_and_marked():
    root = without_entries(MISSING_LOG, start=None, end=None).spans[0]
    assert (root.start, root.end) == (0, 0)
    assert root.attributes["fuse.timestamp.inferred"] is True


def test_an_inferred_time_is_marked_on_record_and_span_and_counted():
    made = told(make_entry(at=START + 5), make_entry(name="x", at=None))
    assert "fuse.timestamp.inferred" not in made.spans[1].attributes
    assert made.spans[2].attributes["fuse.timestamp.inferred"] is True
    assert made.records[1].attributes["fuse.timestamp.inferred"] is True
    assert made.tally.anomalies == {"time": 1}


@pytest.mark.parametrize(
    ("module", "kind", "peer"),
    [
        ("rest", Kind.CLIENT, "rest"),
        ("SOAP", Kind.CLIENT, "SOAP"),
        ("aws_s3", Kind.CLIENT, "aws_s3"),
        ("email", Kind.CLIENT, "email"),
        ("menu", Kind.INTERNAL, None),
        ("start", Kind.INTERNAL, None),
    ],
)
def test_what_leaves_the_platform_is_the_client_of_a_peer(module, kind, peer):
    span = told(make_entry(module=module)).spans[1]
    assert span.kind is kind
    assert span.attributes.get("service.peer.name") == peer
    assert span.attributes.get("peer.service") == peer


def test_the_peer_of_a_request_is_its_host():
    span = told(make_entry("Request: GET https://a.com/x", "rest", "r")).spans[1]
    assert span.attributes["service.peer.name"] == "a.com"
    assert span.attributes["http.request.method"] == "GET"


def test_an_execution_tells_module_visit_and_attempts():
    ask = [
        make_entry("No input", "menu", "m", "event"),
        make_entry("User input: 1 (dtmf)", "menu", "m", "event"),
    ]
    span = told(APPLICATION, make_entry(module="menu", name="m"), EXIT, *ask).spans[4]
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


def test_a_span_tells_of_the_last_answer_nothing_of_those_before():
    keyed = make_entry("No match: 77 (dtmf)", "menu", "m", "event")
    span = told(keyed, make_entry("No input", "menu", "m", "event")).spans[1]
    assert {key: value for key, value in span.attributes.items() if "input" in key} == {
        "fuse.input.result": "no_input",
        "fuse.input.attempts": 2,
    }


def test_go_to_app_changes_the_application_of_what_follows_alone():
    second = make_entry('Executing application "Billing" version ""', "start", "start")
    made = told(make_entry(), APPLICATION, make_entry(), second, make_entry())
    names = [span.attributes["fuse.application.name"] for span in made.spans[1:]]
    assert names == ["Claims", "Claims", "Claims", "Billing", "Billing"]
    assert "fuse.application.version" not in made.spans[-1].attributes
    assert made.resource["service.name"] == made.summary.application == "Claims"


def test_an_execution_that_announces_two_applications_ran_in_the_first():
    second = make_entry('Executing application "Billing" version "1"', "start", "start")
    made = told(APPLICATION, second, make_entry())
    names = [span.attributes["fuse.application.name"] for span in made.spans[1:]]
    assert names == ["Claims", "Billing"]


@pytest.mark.parametrize("module", ["go to app", "Go_To_App", "go-to-app", "subdialog"])
def test_a_target_is_told_by_the_modules_that_go_somewhere(module):
    span = told(make_entry("Going to application Billing", module, "g")).spans[1]
    assert span.attributes["fuse.application.target"] == "Billing"


def test_a_target_that_another_module_names_is_somebodys_text():
    made = told(make_entry("Going to application cancer", "evaluate js", "g"))
    assert made.records[0].body == "[redacted]"
    assert "fuse.application.target" not in made.spans[1].attributes


def test_an_authors_own_line_never_leaves():
    made = told(make_entry("Sent", "Call Log", "note"))
    assert made.records[0].body == "[redacted]"
    assert made.tally.redactions == {"author_text": 1}


@pytest.mark.parametrize(("type_", "body"), [("static", "Hi [digits]"), ("variable", "[redacted]")])
def test_only_a_static_prompt_shows_its_text(type_, body):
    made = told(make_entry("Hi 2125550123", log_class="Prompt", type=type_))
    assert made.records[0].body == body


def test_a_long_prompt_is_cut_to_32_kib_and_counted():
    for text in ("word " * 10_000, "wörd " * 10_000):
        made = told(make_entry(text, log_class="prompt", type="static"))
        body = made.records[0].body
        assert 7_000 < len(body.encode()) <= 32 * 1024
        assert body.endswith("rd")
        assert made.tally.truncations == {"body": 1}


def test_an_error_entry_fails_its_span_and_the_call():
    root, _, span, _ = told(APPLICATION, ERROR, EXIT).spans
    for failed in (root, span):
        assert failed.error
        assert failed.message == "Request failed: HTTP 503"
        assert failed.attributes["error.type"] == "503"


@pytest.mark.parametrize(
    ("entry", "error_type", "message"),
    [
        (OTHER_ERROR, "_OTHER", ""),
        (make_entry("x", "rest", "r", "error", status_code=404), "404", ""),
        (make_entry("x", "rest", "r", "ERROR", status_code=200), "_OTHER", ""),
        (make_entry("x", "dynamodb", "d", "error", error="ThrottlingException"),
         "ThrottlingException", ""),
        (make_entry("Maximum number of attempts reached", "menu", "m", "error"),
         "max_attempts", "Maximum number of attempts reached"),
    ],
)  # fmt: skip
def test_the_kind_of_an_error_is_a_word_of_few(entry, error_type, message):
    made = told(entry)
    assert made.spans[1].attributes["error.type"] == error_type
    assert made.spans[1].message == message
    assert made.records[0].attributes["error.type"] == error_type


def test_the_error_policy_last_lets_only_the_last_execution_fail_the_call():
    last = ModelOptions(error_policy="last")
    assert not told(ERROR, EXIT, options=last).spans[0].error
    assert told(ERROR, OTHER_ERROR, options=last).spans[0].attributes["error.type"] == "_OTHER"
    assert told(ERROR, EXIT, options=last).spans[1].error


@pytest.mark.parametrize(
    "where",
    [
        {"line": f"traceparent={TRACEPARENT}"},
        {"headers": {"traceparent": TRACEPARENT}},
        {"headers": [["traceparent", TRACEPARENT]]},
        {"request": {"headers": [{"name": "traceparent", "value": TRACEPARENT}]}},
        {"note": f"<{TRACEPARENT}>"},
    ],
)
def test_a_traceparent_becomes_a_link_of_its_span(where):
    (link,) = (
        told(make_entry(module="rest", **where), make_entry(module="rest", **where)).spans[1].links
    )
    assert link.trace_id.hex() == "0af7651916cd43dd8448eb211c80319c"
    assert link.span_id.hex() == "b7ad6b7169203331"


def test_a_span_has_128_links_at_most():
    links = [f"00-{n:032x}-b7ad6b7169203331-01" for n in range(1, 200)]
    made = told(*(make_entry(module="rest", note=link) for link in [*links, *links]))
    assert [link.trace_id for link in made.spans[1].links] == [
        n.to_bytes(16, "big") for n in range(1, 129)
    ]
    assert made.tally.truncations == {"links": 1}


@pytest.mark.parametrize(
    "text",
    [
        TRACEPARENT.replace("00-", "ff-"),
        "00-" + "0" * 32 + "-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-" + "0" * 16 + "-01",
        TRACEPARENT[:-3],
        "1" + TRACEPARENT,
        " " * 5000 + TRACEPARENT,
    ],
)
def test_what_is_no_traceparent_links_nothing(text):
    assert told(make_entry(text)).spans[1].links == ()


def test_a_trace_context_too_deep_in_the_data_is_not_searched_for():
    deep = TRACEPARENT
    for _ in range(5000):
        deep = [deep]
    assert told(make_entry(x=deep)).spans[1].links == ()


@pytest.mark.parametrize(
    ("log_class", "number", "text", "event", "shown"),
    [
        ("debug", 5, "DEBUG", "", "debug"),
        ("info", 9, "INFO", "", "info"),
        ("prompt", 9, "INFO", "fuse.prompt", "prompt"),
        ("EVENT", 9, "INFO", "fuse.event", "event"),
        ("error", 17, "ERROR", "", "error"),
        ("audit", 9, "INFO", "", "audit"),
        ("a2125550123", 9, "INFO", "", "unknown"),
        ("", 9, "INFO", "", "unknown"),
    ],
)
def test_the_severity_follows_the_class(log_class, number, text, event, shown):
    made = told(make_entry(log_class=log_class))
    (record,) = made.records
    assert (record.severity_number, record.severity_text) == (number, text)
    assert record.event_name == event
    assert record.attributes["fuse.log.class"] == shown
    assert made.summary.entries == {shown: 1}
    assert made.tally.anomalies == ({} if log_class.lower() in
        {"debug", "info", "prompt", "event", "error"} else {"class": 1})  # fmt: skip


def test_severities_can_be_configured():
    options = ModelOptions(severities={"audit": (13, "WARN"), "debug": (1, "TRACE")})
    made = told(make_entry(log_class="audit"), make_entry(log_class="debug"), options=options)
    assert [record.severity_text for record in made.records] == ["WARN", "TRACE"]
    assert not made.tally.anomalies


def test_a_record_belongs_to_its_execution_and_knows_its_place():
    made = told(APPLICATION, make_entry(), EXIT)
    ids = CallIds("", SESSION)
    assert [record.span_id for record in made.records] == [span.span_id for span in made.spans[1:]]
    assert [r.attributes["log.record.uid"] for r in made.records] == [
        ids.log_record_uid(index) for index in range(3)
    ]


def test_elements_that_are_no_entry_keep_their_number():
    log = CallLog(LogState.PRESENT, (make_entry(index=4),), 5)
    made = transform(make_call(), log, Details.OPEN, ModelOptions())
    assert made.records[0].attributes["log.record.uid"].endswith("-4")


def test_names_are_scrubbed_and_never_empty():
    span = told(make_entry(module="ask 2125550123", name="\0\n")).spans[1]
    assert span.name == "ask [digits] unknown"


def test_growth_is_new_records_and_whole_new_executions():
    call, more = make_call(), make_entry("Sent", "email", "e", at=END)
    before, again = [APPLICATION, make_entry()], make_entry("Sent", "prompt", "welcome")
    first = told(*before, call=call)
    grown = told(*before, again, more, call=call, sent=2)
    assert [span.name for span in grown.spans] == ["email e"]
    assert grown.spans[0].attributes["fuse.late"] is True
    assert [r.attributes["log.record.uid"][-1] for r in grown.records] == ["2", "3"]
    assert grown.records[0].span_id == first.spans[2].span_id
    whole = told(*before, again, more, call=call)
    assert grown.spans[0].span_id == whole.spans[3].span_id
    assert all("fuse.late" not in span.attributes for span in whole.spans)


def test_growth_counts_what_is_new_alone():
    before, after = make_entry("a secret", at=None), make_entry("another", at=None)
    assert told(before, after).tally.redactions == {"line": 2}
    grown = told(before, after, sent=1)
    assert grown.tally.redactions == {"line": 1}
    assert grown.tally.anomalies == {"time": 1}


def test_growth_of_a_call_that_was_sent_without_entries_is_all_of_them():
    grown = told(APPLICATION, EXIT, sent=0)
    assert [span.name for span in grown.spans] == ["start start", "exit hangup"]
    assert all(span.attributes["fuse.late"] for span in grown.spans)


def test_growth_without_news_is_nothing():
    grown = told(APPLICATION, EXIT, sent=2)
    assert (grown.spans, grown.records) == ([], [])


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
    made = told(APPLICATION, options=options)
    assert made.resource["service.name"] == made.summary.application == name
    assert made.spans[0].name == f"call {name}"


def test_the_resource_names_environment_and_own_attributes():
    options = ModelOptions(environment="prod", resource_attributes={"team": "ivr"})
    assert told(APPLICATION, options=options).resource == {
        "service.name": "Claims",
        "service.namespace": "plum-fuse",
        "service.version": "2.0",
        "deployment.environment.name": "prod",
        "team": "ivr",
    }


def test_the_summary_counts_modules_and_entries():
    summary = told(APPLICATION, ERROR, EXIT).summary
    assert [(run.module_type, run.result_variable, run.error) for run in summary.modules] == [
        ("start", "start", False),
        ("rest", "find", True),
        ("exit", "hangup", False),
    ]
    assert [run.seconds for run in summary.modules] == [5.0, 55.0, 0.0]
    assert summary.entries == {"info": 2, "error": 1}
    assert (summary.error, summary.seconds, summary.end) == (True, 60.0, END)
