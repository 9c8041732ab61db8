"""What leaves of a call under each redaction, and with the operator's own rules."""

import pytest
from support.builders.call_values import APPLICATION, EXIT, made_of, make_entry

from fuse_otel.core.model.options import ModelOptions
from fuse_otel.core.model.redaction_policy import (
    STRICT,
    KeyRule,
    Mode,
    OwnRules,
    PatternRule,
    Redaction,
)

URL = "https://u:pw@a.com/patients/42?mail=jo%40example.com"

LONG_ENDS = ((".[long]", 1), (".[long].2", 2))


def made(mode, *entries, rules=None):
    redaction = Redaction(Mode(mode), rules or OwnRules())
    return made_of(APPLICATION, *entries, EXIT, options=ModelOptions(redaction=redaction))


def record(mode, *args, rules=None, **data):
    """(body, attributes of `fuse.data.` and `fuse.pii.`) of one entry."""
    (entry,) = made(mode, make_entry(*args, **data), rules=rules).records[1:-1]
    free = {k: v for k, v in entry.attributes.items() if k.startswith(("fuse.data.", "fuse.pii."))}
    return entry.body, free


def test_standard_keeps_texts_without_personal_data():
    assert record("standard", "Jo at 212-555-0123", "evaluate js")[0] == "Jo at [phone]"
    line = ("Hello Jo, 4111 1111 1111 1111", "prompt", "p", "prompt")
    assert record("standard", *line, type="dynamic")[0] == "Hello Jo, [card]"
    assert record("standard", "to jo@example.com", "call log")[0] == "to [email]"


@pytest.mark.parametrize(
    ("line", "body"),
    [
        ("User input: 6 (dtmf)", "User input: 6 (dtmf)"),
        ("User input: 123 (dtmf)", "User input: [3 digits] (dtmf)"),
        ("No match: 12 34# (dtmf)", "No match: [6 characters] (dtmf)"),
        ("User input: yes please (speech)", "User input: yes please (speech)"),
    ],
)
def test_standard_keeps_back_what_could_be_a_secret_number(line, body):
    assert record("standard", line, "menu")[0] == body


def test_standard_keeps_all_data_flat_and_scrubbed_in_strings_numbers_and_keys():
    data = {
        "card": 4111111111111111,
        "dotted": 4111111111111111.0,
        "nested": {"a": [{"phone": "2125550123"}, 1, None, True], "2125550123": 2.5},
        "parts": ["4111", "1111", "1111", "1111"],
        "words": ["a", 2, False],
        "accessToken": "abc",
        "customer": {"api_key": {"deep": "k"}},
        "empty": {},
        "url": URL,
        "huge": 10**5000,
    }
    _, free = record("standard", "x", "rest", **data)
    assert free == {
        "fuse.data.card": "[card]",
        "fuse.data.dotted": "[card]",
        "fuse.data.nested.a.0.phone": "[phone]",
        "fuse.data.nested.a.1": 1,
        "fuse.data.nested.a.3": True,
        "fuse.data.nested.[phone]": 2.5,
        "fuse.data.parts": ("[card]",),
        "fuse.data.words": ("a", "2", "false"),
        "fuse.data.accessToken": "[secret]",
        "fuse.data.customer.api_key.deep": "[secret]",
        "fuse.data.url": "https://a.com/patients/42?mail=[email]",
        "fuse.data.huge": "[digits]",
    }


@pytest.mark.parametrize("mode", ["standard", "off"])
@pytest.mark.parametrize(
    ("key", "data", "expected"),
    [
        ("x" * 100, {"a" * 17: 1}, {"x" * 100 + "." + "a" * 17: 1}),
        ("x" * 100, {"a" * 18: 1, "b" * 18: 2}, {"x" * 100 + end: n for end, n in LONG_ENDS}),
        ("x" * 119, 1, {"[long]": 1}),
        ("é" * 60, 1, {"[long]": 1}),
    ],
    ids=["128 bytes", "129 bytes twice", "a long key", "two bytes a letter"],
)
def test_a_name_of_more_than_128_bytes_loses_its_last_parts(mode, key, data, expected):
    """VictoriaLogs drops a whole record with a longer name."""
    found = record(mode, "x", "rest", **{key: data})[1]
    assert found == {f"fuse.data.{name}": value for name, value in expected.items()}


@pytest.mark.parametrize("variable", ["pin", "callerPin", "PIN", "api_key"])
def test_a_variable_with_a_secret_name_is_masked(variable):
    """In the line and in the data alike, under every mode."""
    entry = (f"{variable} = 4711", "set variable", variable, "debug")
    masked = {"fuse.data.value": "[secret]"}
    assert record("standard", *entry, value="4711") == (f"{variable} = [secret]", masked)
    allow = OwnRules(allow=(KeyRule("value"),))
    assert record("strict", *entry, rules=allow, value=4711) == ("[redacted]", masked)
    named = {"fuse.pii.data.value": "4711"}
    assert record("off", *entry, value="4711") == (f"{variable} = 4711", named)


def test_a_variable_with_any_other_name_is_scrubbed():
    entry = ("menu_choice = 4711", "set variable", "menu_choice", "debug")
    shown = {"fuse.data.value": "4711"}
    assert record("standard", *entry, value="4711") == ("menu_choice = 4711", shown)
    assert record("standard", "Four, seven", "set variable", "pin", "debug") == ("[secret]", {})
    # The name of any other module says nothing of its data.
    assert record("standard", "x", "rest", "get_token", value="4711") == ("x", shown)


@pytest.mark.parametrize("mode", Mode)
def test_what_the_model_has_a_name_for_has_it_in_every_mode(mode):
    data = {"prompt_id": "845617", "revision_id": 52691, "type": "static"}
    strict, other = (
        made(each, make_entry("Hi", "prompt", "p", "prompt", **data)) for each in ("strict", mode)
    )
    assert other.records[1].attributes == strict.records[1].attributes
    assert other.records[1].attributes["fuse.prompt.id"] == "845617"


@pytest.mark.parametrize("mode", ["standard", "off"])
def test_the_id_of_a_prompt_is_never_taken_for_a_number(mode):
    assert record(mode, "x", "menu", prompt_id="845617")[1] == {"fuse.data.prompt_id": "845617"}


def test_off_keeps_everything_as_it_is_and_marks_personal_data_by_its_name():
    body, free = record(
        "off", "User input: 1234 (dtmf)", "menu", color="red", to="Jo", x="2125550123", url=URL
    )
    assert body == "User input: 1234 (dtmf)"
    assert free == {
        "fuse.data.color": "red",
        "fuse.pii.data.to": "Jo",
        "fuse.pii.data.x": "2125550123",
        "fuse.pii.data.url": URL,
        "fuse.pii.input": "1234",
    }


@pytest.mark.parametrize("mode", Mode)
def test_names_are_clean_in_every_mode(mode):
    entry = make_entry("", "menu", "ask 2125550123")
    assert made(mode, entry).spans[2].name == "menu ask [digits]"


def test_an_allowed_key_leaves_scrubbed_and_only_of_its_modules():
    rules = OwnRules(allow=(KeyRule("queue", frozenset({"transfer"})),))
    data = {"queue": {"name": "gold", "agent": "jo@example.com"}}
    shown = {"fuse.data.queue.name": "gold", "fuse.data.queue.agent": "[email]"}
    assert record("strict", "x", "transfer", rules=rules, **data)[1] == shown
    assert record("strict", "x", "menu", rules=rules, **data)[1] == {}


@pytest.mark.parametrize("mode", Mode)
def test_a_dropped_key_leaves_in_no_mode_at_no_depth(mode):
    rules = OwnRules(allow=(KeyRule("a"), KeyRule("b")), drop=(KeyRule("b"), KeyRule("prompt_id")))
    entry = make_entry("x", "prompt", "p", "prompt", a={"b": "secret"}, b="secret", prompt_id="77")
    telemetry = made(mode, entry, rules=rules)
    assert "secret" not in repr(telemetry.records)
    assert "fuse.prompt.id" not in telemetry.records[1].attributes
    assert telemetry.tally.redactions["drop"] == 2


@pytest.mark.parametrize("mode", Mode)
@pytest.mark.parametrize(
    ("allowed", "dropped"), [("q", "Q"), ("Q", "q"), ("stra\u00dfe", "STRASSE")]
)
def test_a_key_is_dropped_in_whatever_case_it_is_written(mode, allowed, dropped):
    rules = OwnRules(allow=(KeyRule(allowed), KeyRule("a")), drop=(KeyRule(dropped),))
    inner = {"b": [{allowed: "secret", dropped: "secret", "c": "open"}]}
    entry = make_entry("x", "rest", "p", "info", a=inner, **{allowed: "secret", dropped: "secret"})
    telemetry = made(mode, entry, rules=rules)
    assert "secret" not in repr(telemetry.records)
    assert telemetry.records[1].attributes["fuse.data.a.b.0.c"] == "open"


def test_an_allowed_key_is_allowed_in_the_case_of_the_rule_only():
    rules = OwnRules(allow=(KeyRule("queue"),))
    entry = make_entry("x", "transfer", "p", "info", Queue="open", queue="open")
    attributes = made(Mode.STRICT, entry, rules=rules).records[1].attributes
    assert [name for name in attributes if name.startswith("fuse.data.")] == ["fuse.data.queue"]


@pytest.mark.parametrize("mode", Mode)
def test_a_pattern_holds_in_texts_data_names_and_numbers_of_every_mode(mode):
    rules = OwnRules(
        allow=(KeyRule("policy"), KeyRule("n")), patterns=(PatternRule(r"POL-?\d+|77", "policy"),)
    )
    entries = (
        make_entry("Your POL-123456.", "prompt", "POL-12", "prompt", type="static"),
        make_entry('Executing application "POL-9" version "POL1"', "start", policy="POL-1", n=77),
        make_entry("POL-123", "menu"),
    )
    telemetry = made(mode, *entries, rules=rules)
    everything = repr((telemetry.records, telemetry.spans, telemetry.resource, telemetry.summary))
    assert "POL" not in everything
    assert "Your [policy]." in everything
    assert telemetry.records[2].attributes["fuse.data.n"] == "[policy]"
    assert telemetry.tally.redactions["policy"] >= 5


def test_the_id_of_a_redaction_follows_from_its_rules():
    rules = OwnRules(drop=(KeyRule("a"),))
    assert STRICT.id == "strict"
    assert Redaction(Mode.STRICT, rules).id == "strict+0ddd6521e1ae"
    others = [
        OwnRules(drop=(KeyRule("b"),)),
        OwnRules(allow=(KeyRule("a"),)),
        OwnRules(drop=(KeyRule("a", frozenset({"menu"})),)),
        OwnRules(patterns=(PatternRule("a", "b"),)),
    ]
    ids = {Redaction(mode, each).id for mode in Mode for each in (rules, *others)}
    assert len(ids) == len(Mode) * 5


def test_the_pages_stay_strict_whatever_is_allowed():
    rules = OwnRules(allow=(KeyRule("a"),), drop=(KeyRule("b"),))
    pages = Redaction(Mode.OFF, rules).of_the_pages(Mode.STRICT)
    assert pages == Redaction(Mode.STRICT, OwnRules(drop=(KeyRule("b"),)))
    assert Redaction(Mode.OFF, rules).of_the_metrics == pages
    assert Redaction(Mode.OFF, rules).of_the_pages(Mode.STANDARD) == Redaction(Mode.STANDARD, rules)
