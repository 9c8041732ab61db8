import hmac
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.builders.call_values import EXIT, KEY, made_of, make_entry
from support.builders.secrets import names, separated

from fuse_otel.core.model.call import Entry
from fuse_otel.core.model.module_kinds import ASKING, AUTHORS_TEXT, SETTING
from fuse_otel.core.model.options import ModelOptions
from fuse_otel.core.model.redaction_policy import Mode, OwnRules, PatternRule, Redaction
from fuse_otel.core.redaction.fingerprint import fingerprint, has_fingerprint, shape_of
from fuse_otel.core.redaction.technical_words import is_technical, technical_words

NAME = "fuse.line.fingerprint"
LINE = "Message to 2125550123 was not accepted"


def recorded(line, module, log_class="error", **options):
    data = options.pop("data", {})
    made = made_of(
        make_entry(line, module, "x", log_class, **data),
        EXIT,
        options=ModelOptions(**{"pseudonym_key": KEY, **options}),
    )
    return made.records[0].attributes.get(NAME)


@pytest.mark.parametrize(
    ("line", "shape"),
    [
        (LINE, "message to <n> was not accepted"),
        ("ReferenceError: response is not defined", "reference error response is not defined"),
        ("Message to Ada Lovelace-King was not accepted", "message to <w> was not accepted"),
        ("Message to +1 (212) 555-0123 was not accepted", "message to <n> was not accepted"),
        ("Zoë é 名前 timed out", "<w> timed out"),
        ("a1b2 x9", "<n>"),
        ("", ""),
        ("?!", ""),
    ],
)
def test_a_shape_keeps_the_words_of_the_list_alone(line, shape):
    assert shape_of(line) == shape


@given(names, names, separated(), separated())
def test_lines_that_differ_in_names_and_numbers_have_one_fingerprint(one, other, first, second):
    lines = (f"Request of {one} failed: {first}", f"Request of {other} failed: {second}")
    assert len({fingerprint(line, KEY) for line in lines}) == 1


@given(st.text(max_size=200))
def test_a_shape_holds_nothing_but_listed_words_and_placeholders(line):
    assert set(shape_of(line).split()) <= technical_words() | {"<w>", "<n>"}


def test_the_fingerprint_is_a_keyed_hash_that_anybody_with_the_key_can_compute():
    extracted = hmac.digest(bytes(32), KEY, sha256)
    key = hmac.digest(extracted, b"fuse-otel/fingerprint/1\1", sha256)
    expected = hmac.digest(key, b"message to <n> was not accepted", sha256).hex()[:16]
    assert fingerprint(LINE, KEY) == expected
    assert recorded(LINE, "sms") == expected
    assert fingerprint(LINE, b"another key") != expected


def test_the_words_are_words_in_order_and_none_is_an_answer_or_a_name():
    words = sorted(technical_words())
    assert all(word.isascii() and word.isalpha() and word.islower() for word in words)
    answers = "yes no true false cancel menu agent english male female positive negative one zero"
    people = "will grant mark bill frank may april june august ada grace king smith"
    assert technical_words().isdisjoint(f"{answers} {people}".split())
    assert len(words) > 500


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("ReferenceError", True),
        ("OrderNotFoundError", True),
        ("GoogleAPICallError", True),
        ("IOException", True),
        ("AdaLovelaceError", False),
        ("Order4711Error", False),
    ],
)
def test_an_exception_is_known_by_its_words(name, known):
    assert is_technical(name) is known


def test_the_span_of_an_execution_has_the_fingerprint_of_its_first_error():
    made = made_of(
        make_entry("GetItem people", "dynamodb", "x", "info"),
        make_entry("Table of ada is not available", "dynamodb", "x", "error"),
        make_entry("Table is locked", "dynamodb", "x", "error"),
        make_entry("GetItem people", "dynamodb", "y", "info"),
        EXIT,
        options=ModelOptions(pseudonym_key=KEY),
    )
    _, failed, fine, _ = made.spans
    assert failed.attributes[NAME] == made.records[1].attributes[NAME]
    assert NAME not in fine.attributes
    assert len({record.attributes.get(NAME) for record in made.records}) == 4


def test_without_a_key_no_line_has_a_fingerprint():
    assert recorded(LINE, "sms", pseudonym_key=None) is None
    assert recorded(LINE, "sms", pseudonym_key=b"") is None


@pytest.mark.parametrize("kind", sorted(ASKING | SETTING | AUTHORS_TEXT | {"dialogflow"}))
def test_inputs_and_authors_text_have_no_fingerprint(kind):
    for log_class in ("error", "info", "event", "debug"):
        assert recorded("Request failed: nobody knows", kind, log_class) is None
        assert not has_fingerprint(make_entry("x", kind), log_class, kind)


def test_prompts_and_lines_that_are_known_have_no_fingerprint():
    assert recorded("The request failed", "prompt", "prompt", data={"type": "tts"}) is None
    assert recorded("Request timed out", "rest") is None
    assert recorded("User input: 4711 (dtmf)", "rest", "event") is None


def test_of_a_module_that_is_not_known_only_errors_have_a_fingerprint():
    assert recorded("Heard cancel order", "biometrics", "info") is None
    assert recorded("Heard cancel order", "biometrics", "error") is not None
    assert recorded("Result: ada", "evaluate js", "debug") is None


def test_an_error_that_names_no_module_has_a_fingerprint_whatever_ran_before():
    bare = Entry(0, "error", "Application error: the platform ended the call", 0, None, None, {})
    made = made_of(
        make_entry("Heard ada", "digits", "x", "error"), bare, EXIT,
        options=ModelOptions(pseudonym_key=KEY),
    )  # fmt: skip
    assert [NAME in record.attributes for record in made.records] == [False, True, False]


@pytest.mark.parametrize("mode", Mode)
def test_every_mode_has_the_same_fingerprint(mode):
    assert recorded(LINE, "sms", redaction=Redaction(mode)) == fingerprint(LINE, KEY)


def test_what_the_operators_patterns_hide_is_not_in_the_fingerprint():
    rules = OwnRules(patterns=(PatternRule("accepted|rejected", "fate"),))
    one, other = (
        recorded(f"Message was {word}", "sms", redaction=Redaction(rules=rules))
        for word in ("accepted", "rejected")
    )
    assert one == other


def test_which_word_is_there_changes_nothing_and_whether_one_is_there_does():
    every = [
        {shape_of(f"Message to {each} was not accepted") for each in same}
        for same in (("Ada", "Bo Li", "Zoë, O'Neil", "ada.b@c"), ("212", "(212) 555-0123", "a1"))
    ]
    shapes = [*map(list, every), [shape_of("Message to was not accepted")]]
    assert [len(each) for each in shapes] == [1, 1, 1]
    assert len({each for (each,) in shapes}) == 3
    assert shape_of("Message to Page") == "message to page"
