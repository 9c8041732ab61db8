"""Texts that an operator's own rule lets leave."""

import pytest
from support.builders.call_values import EXIT, KEY, made_of, make_entry

from fuse_otel.core.model.module_kinds import ASKING, AUTHORS_TEXT, SETTING
from fuse_otel.core.model.options import ModelOptions
from fuse_otel.core.model.redaction_policy import (
    Mode,
    OwnRules,
    PatternRule,
    Redaction,
    TextPart,
    TextRule,
    has_part,
)
from fuse_otel.core.model.tally import LINE

URL = "https://u:p@a.example.com/claims/open/4111111111111111/jo@example.com?x=1"
SHOWN = "https://a.example.com/claims/open/*/*"


def transformed(
    part, line, module, log_class="event", *, name="x", patterns=(), mode=Mode.STRICT, **data
):
    """Body and attributes of the record under a rule for the part."""
    rules = OwnRules(texts=(TextRule(TextPart(part), names=frozenset({"x"})),), patterns=patterns)
    options = ModelOptions(redaction=Redaction(mode, rules), pseudonym_key=KEY, explain=True)
    made = made_of(make_entry(line, module, name, log_class, **data), EXIT, options=options)
    return made, made.records[0].body, made.records[0].attributes


@pytest.mark.parametrize("module", ["menu", "yes/no", "dynamic menu", "language"])
@pytest.mark.parametrize(
    "line", ["User input: 1 (dtmf)", "User input: 12", "User input: # (keypad)"]
)
def test_the_option_that_a_caller_keyed_can_leave(module, line):
    made, body, attributes = transformed("input", line, module)
    assert body == line
    assert attributes["fuse.input.value"] == line.split()[2]
    assert attributes["fuse.input.result"] == "match"
    assert made.spans[1].attributes["fuse.input.value"] == line.split()[2]
    assert not made.tally.redactions


@pytest.mark.parametrize(
    ("line", "module"),
    [
        ("User input: 123 (dtmf)", "menu"),
        ("User input: 1 (speech)", "menu"),
        ("User input: ada (dtmf)", "menu"),
        ("No match: 7 (dtmf)", "menu"),
        ("User input: 1 (dtmf)", "digits"),
        ("User input: 1 (dtmf)", "number"),
        ("User input: \u0661 (dtmf)", "menu"),
    ],
)
def test_what_is_no_keyed_option_stays_hidden(line, module):
    _, body, attributes = transformed("input", line, module)
    assert "fuse.input.value" not in attributes
    assert body != line


def test_an_option_that_a_pattern_hides_stays_hidden():
    pattern = (PatternRule("[0-9]", "digit"),)
    _, body, attributes = transformed("input", "User input: 1 (dtmf)", "menu", patterns=pattern)
    assert "fuse.input.value" not in attributes
    assert "1 (dtmf)" not in body


def test_operands_leave_scrubbed():
    line = "Comparing 4111111111111111 == gold: false"
    made, body, attributes = transformed("operands", line, "compare variable", "debug")
    assert body == "Comparing [card] == gold: false"
    assert attributes["fuse.compare.result"] is False
    assert made.tally.redactions == {"card": 1}
    assert transformed("operands", line, "menu", "debug")[1] == "[redacted]"


def test_lines_of_the_author_leave_scrubbed():
    _, body, _ = transformed("call_log", "gold member jo@example.com", "call log", "info")
    assert body == "gold member [email]"
    assert transformed("call_log", "gold member", "evaluate js", "info")[1] == "[redacted]"
    prompt = transformed("call_log", "Your PIN is 1", "call log", "prompt", type="tts")
    assert prompt[1] == "[redacted]"


def test_texts_of_errors_leave_scrubbed_and_keep_their_fingerprint():
    line = "ReferenceError: response of 2125550123 is not defined"
    made, body, attributes = transformed("error_text", line, "evaluate js", "error")
    assert body == "ReferenceError: response of [phone] is not defined"
    assert attributes["error.type"] == "ReferenceError"
    assert "fuse.line.fingerprint" in attributes
    assert made.spans[1].message == body
    assert transformed("error_text", "Mailbox is full", "email", "error")[1] == "Mailbox is full"
    assert transformed("error_text", "Mailbox is full", "email", "info")[1] == "[redacted]"


@pytest.mark.parametrize("kind", sorted(ASKING | SETTING | AUTHORS_TEXT))
def test_errors_of_modules_that_quote_callers_stay_hidden(kind):
    assert transformed("error_text", "Heard ada", kind, "error")[1] == "[redacted]"
    assert not has_part(TextPart.ERROR_TEXT, kind)


def test_words_of_a_path_leave_if_nothing_in_them_looks_personal():
    _, body, attributes = transformed("url_path", f"Request: GET {URL}", "rest", "debug", url=URL)
    assert body == f"Request: GET {SHOWN}"
    assert attributes["url.full"] == SHOWN
    assert transformed("url_path", "Sending", "rest", "info", url=URL)[2]["url.full"] == SHOWN
    assert transformed("url_path", "Sending", "rest", "info", url=7)[2] == base("rest", "info")
    assert transformed("url_path", f"Request: GET {URL}", "menu", "debug")[1] == "[redacted]"


def base(module, log_class):
    return transformed("input", "Sending", module, log_class)[2]


@pytest.mark.parametrize("part", TextPart)
@pytest.mark.parametrize("module", ["menu", "rest", "call log", "compare variable", "evaluate js"])
def test_a_rule_for_another_module_changes_nothing(part, module):
    for line in (
        "User input: 1 (dtmf)",
        f"Request: GET {URL}",
        "Comparing a == b: true",
        "Error: x",
    ):
        named, plain = (
            transformed(part, line, module, "error", name="y", url=URL),
            made_of(
                make_entry(line, module, "y", "error", url=URL),
                EXIT,
                options=ModelOptions(pseudonym_key=KEY),
            ),
        )
        assert named[0].records == plain.records
        assert named[0].tally.redactions == plain.tally.redactions


@pytest.mark.parametrize("mode", Mode)
def test_every_mode_has_the_attributes_of_the_rule(mode):
    assert (
        transformed("input", "User input: 1 (dtmf)", "menu", mode=mode)[2]["fuse.input.value"]
        == "1"
    )
    assert transformed("url_path", "Sending", "rest", mode=mode, url=URL)[2]["url.full"] == SHOWN


def test_an_explanation_names_the_rule():
    made, *_ = transformed("url_path", f"Request: GET {URL}", "rest", "debug", url=URL)
    rule = "allow_text url_path named x"
    assert {note.subject: note.own_rule for note in made.tally.notes[:2]} == {
        "url": rule,
        LINE: rule,
    }


def test_the_pages_stay_strict():
    rules = OwnRules(texts=(TextRule(TextPart.CALL_LOG),))
    assert Redaction(Mode.STRICT, rules).of_the_pages(Mode.STRICT) == Redaction()
    assert Redaction(Mode.STRICT, rules).id != "strict"
    named = OwnRules(texts=(TextRule(TextPart.CALL_LOG, names=frozenset({"x"})),))
    assert Redaction(rules=named).id != Redaction(rules=rules).id
