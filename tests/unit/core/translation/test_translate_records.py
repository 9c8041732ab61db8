"""Log records, and what comes of entries that are told later."""

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
)
from support.oracle.translate import transform

from fuse_otel.core.model.call import CallLog, LogCompleteness, LogState
from fuse_otel.core.model.ids import CallIds
from fuse_otel.core.model.options import ModelOptions

ERROR = make_entry("Request failed: HTTP 503", "rest", "find", "error", START + 5)


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
    made = made_of(make_entry(log_class=log_class))
    (record,) = made.records
    assert (record.severity_number, record.severity_text) == (number, text)
    assert record.event_name == event
    assert record.attributes["fuse.log.class"] == shown
    assert made.summary.entries == {shown: 1}
    assert made.tally.anomalies == ({} if log_class.lower() in
        {"debug", "info", "prompt", "event", "error"} else {"class": 1})  # fmt: skip


def test_severities_can_be_configured():
    options = ModelOptions(severities={"audit": (13, "WARN"), "debug": (1, "TRACE")})
    made = made_of(make_entry(log_class="audit"), make_entry(log_class="debug"), options=options)
    assert [record.severity_text for record in made.records] == ["WARN", "TRACE"]
    assert not made.tally.anomalies


def test_a_record_belongs_to_its_execution_and_knows_its_place():
    made = made_of(APPLICATION, make_entry(), EXIT)
    ids = CallIds("", SESSION)
    assert [record.span_id for record in made.records] == [span.span_id for span in made.spans[1:]]
    assert [r.attributes["log.record.uid"] for r in made.records] == [
        ids.log_record_uid(index) for index in range(3)
    ]


def test_elements_that_are_no_entry_keep_their_number():
    log = CallLog(LogState.PRESENT, (make_entry(index=4),), 5)
    made = transform(make_call(), log, LogCompleteness.OPEN, ModelOptions())
    assert made.records[0].attributes["log.record.uid"].endswith("-4")


def test_names_are_scrubbed_and_never_empty():
    span = made_of(make_entry(module="ask 2125550123", name="\0\n")).spans[1]
    assert span.name == "ask [digits] unknown"


def test_growth_is_new_records_and_whole_new_executions():
    call, more = make_call(), make_entry("Sent", "email", "e", at=END)
    before, again = [APPLICATION, make_entry()], make_entry("Sent", "prompt", "welcome")
    first = made_of(*before, call=call)
    grown = made_of(*before, again, more, call=call, sent=2)
    assert [span.name for span in grown.spans] == ["email e"]
    assert grown.spans[0].attributes["fuse.late"] is True
    assert [r.attributes["log.record.uid"][-1] for r in grown.records] == ["2", "3"]
    assert grown.records[0].span_id == first.spans[2].span_id
    whole = made_of(*before, again, more, call=call)
    assert grown.spans[0].span_id == whole.spans[3].span_id
    assert all("fuse.late" not in span.attributes for span in whole.spans)


def test_growth_counts_what_is_new_alone():
    before, after = make_entry("a secret", at=None), make_entry("another", at=None)
    assert made_of(before, after).tally.redactions == {"line": 2}
    grown = made_of(before, after, sent=1)
    assert grown.tally.redactions == {"line": 1}
    assert grown.tally.anomalies == {"time": 1}


def test_growth_of_a_call_that_was_sent_without_entries_is_all_of_them():
    grown = made_of(APPLICATION, EXIT, sent=0)
    assert [span.name for span in grown.spans] == ["start start", "exit hangup"]
    assert all(span.attributes["fuse.late"] for span in grown.spans)


def test_growth_without_new_entries_gives_nothing():
    grown = made_of(APPLICATION, EXIT, sent=2)
    assert (grown.spans, grown.records) == ([], [])


def test_an_authors_own_line_never_leaves():
    made = made_of(make_entry("Sent", "Call Log", "note"))
    assert made.records[0].body == "[redacted]"
    assert made.tally.redactions == {"author_text": 1}


@pytest.mark.parametrize(("type_", "body"), [("static", "Hi [digits]"), ("variable", "[redacted]")])
def test_only_a_static_prompt_shows_its_text(type_, body):
    made = made_of(make_entry("Hi 2125550123", log_class="Prompt", type=type_))
    assert made.records[0].body == body


def test_a_long_prompt_is_cut_to_32_kib_and_counted():
    for text in ("word " * 10_000, "wörd " * 10_000):
        made = made_of(make_entry(text, log_class="prompt", type="static"))
        body = made.records[0].body
        assert 7_000 < len(body.encode()) <= 32 * 1024
        assert body.endswith("rd")
        assert made.tally.truncations == {"body": 1}
