import re

import pytest
from msgspec import structs
from support.builders.call_values import make_entry
from support.builders.line_rows import REDACTED, ROWS, URL

from fuse_otel.core.model.tally import Tally
from fuse_otel.core.redaction import lines
from fuse_otel.core.redaction.lines import facts_of, line_facts
from fuse_otel.core.redaction.readable import readable_line


@pytest.mark.parametrize(("line", "body", "attributes", "error"), ROWS)
def test_a_known_line_shows_its_facts_and_keeps_its_shape(line, body, attributes, error):
    facts = facts_of(line, Tally())
    assert facts.body == (line if body is None else body)
    assert facts.attributes == attributes
    assert facts.error_type == error


@pytest.mark.parametrize(
    "shape", [shape for _, shape, _ in lines._RULES if shape], ids=lambda shape: shape[:40]
)
def test_every_shape_has_a_row(shape):
    assert any(re.fullmatch(shape, row[0]) for row in ROWS)


def test_every_fixed_line_has_a_row():
    assert set(lines._FIXED) - {""} <= {row[0] for row in ROWS}


@pytest.mark.parametrize(
    ("line", "application"),
    [
        ('Executing application "email test" version "0.2"', ("email test", "0.2")),
        ('Executing application "The "best" one" version "1"', ('The "best" one', "1")),
        ('Executing application "Call 2125550123" version "1"', ("Call [digits]", "1")),
        ('Executing application "A" version ""', ("A", "")),
        ('Executing application "" version "1"', None),
    ],
)
def test_the_application_is_read_from_its_line(line, application):
    assert facts_of(line, Tally()).application == application


@pytest.mark.parametrize(
    "line",
    [
        "Hello",
        "Sending money to 4111111111111111",
        "Exiting application now",
        "User input",
        "Transfer result: 2125550123",
        "Response: HTTP 999",
        "Recorded 99999 seconds",
        "Recorded \u0663 seconds",
        "Response: HTTP 5\u0660\u0663",
        "jo@example.com",
        "User input: 1\nsecond line",
        "\0",
        "User input: " + "1" * 5000,
    ],
)
def test_a_line_no_rule_knows_is_redacted_and_counted(line):
    tally = Tally()
    facts = facts_of(line, tally)
    assert (facts.body, facts.attributes) == (REDACTED, {})
    assert tally.redactions == {"line": 1}


def test_an_empty_line_stays_empty_and_counts_nothing():
    tally = Tally()
    assert facts_of("", tally).body == ""
    assert not tally.redactions


@pytest.mark.parametrize("start", ["User input: ", "Request: GET ", "Going to application ", "A"])
def test_a_line_of_a_megabyte_is_redacted_in_linear_time(start):
    for filler in ("a", "Error", " (dtmf)", '"', "Aa"):
        assert facts_of(start + filler * (10**6 // len(filler)), Tally()).body == REDACTED


def test_what_is_removed_is_counted():
    tally = Tally()
    facts_of("User input: 1 (dtmf)", tally)
    facts_of("TypeError: secret", tally)
    facts_of(f"Request: GET {URL}", tally)
    assert tally.redactions == {"input": 1, "error_text": 1, "url": 1}


KEYED = ("User input: 4821 (dtmf)", "User input: \u0664\u0668", "No match: a (dtmf) b (speech)",
         "No match: ", "User input: a\nb", "No match", f"User input: {'1' * 1100}")  # fmt: skip


@pytest.mark.parametrize("kind", ["menu", "call log", "rest", ""])
@pytest.mark.parametrize("line", [*KEYED, "Sending", "Transfer result: busy", "Hello", ""])
@pytest.mark.parametrize(("log_class", "data"), [("event", {}), ("prompt", {"type": "static"}),
                                                 ("prompt", {"type": "tts"})])  # fmt: skip
def test_what_is_read_of_a_line_gives_the_same_facts(kind, line, log_class, data):
    entry, prompt = make_entry(line, kind, "x", log_class, **data), log_class == "prompt"
    read = readable_line(entry, kind, prompt=prompt)
    other = structs.replace(entry, line=read or "")
    tallies = Tally(), Tally()
    found, same = (
        line_facts(each, kind, tally, prompt=prompt)
        for each, tally in zip((entry, other), tallies, strict=True)
    )
    assert (found, tallies[0]) == (same, tallies[1])


def test_what_a_caller_keyed_is_not_read():
    entry = make_entry("User input: 4821 (dtmf)", "number", "x", "event")
    assert readable_line(entry, "number", prompt=False) == "User input: 0000 (dtmf)"
    spoken = make_entry("No match: it is urgent (speech)", "menu", "x", "event")
    assert readable_line(spoken, "menu", prompt=False) == "No match: xxxxxxxxxxxx (speech)"
