"""The operator's patterns match what Python's `re` matches, in linear time."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.growth import growth
from support.scale import scaled

from fuse_otel.core.redaction.patterns import Pattern

# (pattern, a text that makes a backtracking engine slow)
PATTERNS = {
    r"POL-\d{6}": "POL-12345",
    r"\bMRN[ -]?\d+\b": "MRN 1",
    r"(?i)patient \w+": "PATIENT ",
    r"(?:\d{1,3}\.){3}\d{1,3}": "1.",
    r".*foo.*bar": "foo",
    r"\w+@\w+": "a",
    r"\w+ ?\w+ ?\w+@": "ab ",
    r"(a+)+b": "a",
    r"(?:a|a)+b": "a",
    r"(?:\w\w|\d)+b!": "1",
    r"a(?:.*b)?": "a",
    r"[01]*1[01]{12}x": "01",
    r"(?m)^\s*\w+$": "a\n ",
    r"[^\W\d]+-\Z": "é",
    r"\b\d{4}\b": "١٢٣٤ ",
    r"(?s:.)x{2,3}?|\Bé|[^a-z\s]": "xé",
    r"(?a:\w)+\S\W\D": "aé ",
    r"(?i)stra[ß]e|[k-m]": "K",
}
CHARACTERS = "aAbxXkK\u212a01\u0664²éÉß\u017f_-.@# \n\t\u00a0\u2028\ud800\U00010400"
WORDS = ["foo", "bar", "POL-123456", "MRN 12", "patient jo", "1.2.3.4", "a@b"]


@pytest.mark.slow
@pytest.mark.parametrize("pattern", PATTERNS)
@settings(max_examples=scaled(20, least=30))
@given(text=st.lists(st.one_of(st.sampled_from(CHARACTERS), st.sampled_from(WORDS))).map("".join))
def test_a_pattern_finds_what_pythons_own_engine_finds(pattern, text):
    assert Pattern(pattern).replaced(text, "[x]") == re.subn(pattern, "[x]", text)


@pytest.mark.slow
@pytest.mark.parametrize("pattern", [r"\d", r"[^\W_]", r"\s", r"(?i)[k-s]", r"\b.\b"])
def test_every_character_belongs_to_the_class_that_python_puts_it_in(pattern):
    ours, theirs = Pattern(pattern), re.compile(pattern)
    for start in range(0, 0x20000, 2048):
        text = " ".join(map(chr, range(start, start + 2048)))
        assert ours.replaced(text, "[x]") == theirs.subn("[x]", text)


@pytest.mark.slow
@pytest.mark.parametrize(("pattern", "unit"), PATTERNS.items(), ids=PATTERNS)
def test_a_pattern_takes_time_in_proportion_to_the_text(pattern, unit):
    found = Pattern(pattern)
    assert growth(lambda text: found.replaced(text, "[x]"), unit, 16 << 10) < 4


def test_the_rest_of_a_text_with_too_many_matches_counts_as_one():
    size = 1 << 20
    replaced, count = Pattern("a(?:.*b)?").replaced("a" * size + "c", "[x]")
    assert replaced == "[x]" * count
    assert count < 100


@pytest.mark.parametrize("pattern", [r"\d++", r"(?>a+)b", r"(?:-?+\d)+"])
def test_what_only_a_backtracking_engine_needs_is_refused_with_what_to_write(pattern):
    with pytest.raises(ValueError, match=re.escape(r"Write \d+ and (?:...).")):
        Pattern(pattern)


@pytest.mark.parametrize("pattern", [r"(a)\1", "(a)?(?(1)b|c)", "a(?=b)", "(?<!a)b", "(?!a)b"])
def test_what_needs_more_than_linear_time_is_refused(pattern):
    with pytest.raises(ValueError, match="Look-around and back references are not supported"):
        Pattern(pattern)


@pytest.mark.parametrize("pattern", ["a*", "^", r"\b", "a|", "(?:)"])
def test_what_matches_an_empty_text_is_refused(pattern):
    with pytest.raises(ValueError, match="matches an empty text"):
        Pattern(pattern)


@pytest.mark.parametrize(
    ("pattern", "problem"),
    [
        ("x" + "(" * 3000 + ")" * 3000, "too large"),
        ("a{99999999999}", "too large"),
        ("a{5000}", "too large"),
        ("(?:[ab]{1,200}c){1,200}", "too large"),
        ("".join(map(chr, range(0x4E00, 0x4F00))), "too many different characters"),
        (r"\b" + "".join(map(chr, range(0x4E00, 0x4E40))), "too many different characters"),
        ("POL-[0-9", "Not a regular expression: unterminated character set at position 4"),
    ],
)
def test_an_expression_that_cannot_be_used_gives_one_sentence_and_nothing_else(
    pattern, problem, capfd
):
    with pytest.raises(ValueError, match=problem):
        Pattern(pattern)
    assert capfd.readouterr() == ("", "")
