from collections import Counter

import pytest

from fuse_otel.core.lines import facts_of

REDACTED = "[redacted]"
URL = "https://user:pw@api.example.com:8443/v2/claims/77?key=1"
SAFE = "https://api.example.com:8443/v2/*/*"
WHERE = {"url.full": SAFE, "server.address": "api.example.com"}

ROWS = [
    ('Executing application "A" version "1.0"', None, {}, None),
    ("Going to application Billing", None, {"fuse.application.target": "Billing"}, None),
    ("User input: 6 (dtmf)", "User input: [1 digit] (dtmf)",
     {"fuse.input.result": "match", "fuse.input.length": 1, "fuse.input.mode": "dtmf"}, None),
    ("User input: 4111111111111111", "User input: [16 digits]",
     {"fuse.input.result": "match", "fuse.input.length": 16}, None),
    ("User input: six (keypad)", "User input: [3 characters] (keypad)",
     {"fuse.input.result": "match", "fuse.input.length": 3, "fuse.input.mode": "keypad"}, None),
    ("No match: 9 (speech)", "No match: [1 digit] (speech)",
     {"fuse.input.result": "no_match", "fuse.input.length": 1, "fuse.input.mode": "speech"}, None),
    ("No match", None, {"fuse.input.result": "no_match"}, None),
    ("No input", None, {"fuse.input.result": "no_input"}, None),
    ("Maximum number of attempts reached", None, {}, "max_attempts"),
    ("Transfer result: busy", None, {"fuse.transfer.result": "busy"}, None),
    (f"Request: POST {URL}", f"Request: POST {SAFE}",
     {"http.request.method": "POST", **WHERE}, None),
    ("Request: GET ftp://x", f"Request: GET {REDACTED}", {"http.request.method": "GET"}, None),
    ("Sending PUT request", None, {"http.request.method": "PUT"}, None),
    ("Response: HTTP 200", None, {"http.response.status_code": 200}, None),
    ("Request failed: HTTP 503", None, {"http.response.status_code": 503}, "503"),
    ("Request timed out after 10 seconds", None, {}, "timeout"),
    ("Request timed out", None, {}, "timeout"),
    ("Recorded 12 seconds", None, {"fuse.duration": 12}, None),
    ("ReferenceError: x is 4111111111111111", f"ReferenceError: {REDACTED}", {}, "ReferenceError"),
    ("ThrottlingException", None, {}, "ThrottlingException"),
    *((line, None, {}, None) for line in (
        "Exiting application", "Disconnecting call", "Sending", "Sent", "Transferring",
        "Item found",
    )),
]  # fmt: skip


@pytest.mark.parametrize(("line", "body", "attributes", "error"), ROWS)
def test_a_known_line_tells_its_facts_and_keeps_its_shape(line, body, attributes, error):
    facts = facts_of(line, Counter())
    assert facts.known
    assert facts.body == (line if body is None else body)
    assert facts.attributes == attributes
    assert facts.error_type == error


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
    assert facts_of(line, Counter()).application == application


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
        "jo@example.com",
        "User input: 1\nsecond line",
        "\0",
        "User input: " + "1" * 5000,
    ],
)
def test_a_line_no_rule_knows_is_redacted_and_counted(line):
    redactions = Counter()
    facts = facts_of(line, redactions)
    assert (facts.body, facts.known, facts.attributes) == (REDACTED, False, {})
    assert redactions == {"line": 1}


def test_an_empty_line_stays_empty_and_counts_nothing():
    redactions = Counter()
    assert facts_of("", redactions).body == ""
    assert not redactions


@pytest.mark.parametrize("start", ["User input: ", "Request: GET ", "Going to application ", "A"])
def test_a_line_of_a_megabyte_is_answered_at_once(start):
    for filler in ("a", "Error", " (dtmf)", '"', "Aa"):
        assert facts_of(start + filler * (10**6 // len(filler)), Counter()).body == REDACTED


def test_what_was_taken_out_is_counted():
    redactions = Counter()
    facts_of("User input: 1 (dtmf)", redactions)
    facts_of("TypeError: secret", redactions)
    facts_of(f"Request: GET {URL}", redactions)
    assert redactions == {"input": 1, "error_text": 1, "url": 1}
