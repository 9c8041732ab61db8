"""What a back end says is made fit to be shown."""

import pytest

from fuse_otel.destinations.otlp_response import scrub


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("rate limited", "rate limited"),
        ("two\r\nlines\tand\x1b[31m colour\x00", "two lines and [31m colour"),
        ("right\u202eto left", "right to left"),
        ("timestamp 2026-11-18T23:00:00Z is old", "timestamp 2026-11-18T23:00:00Z is old"),
        ("code 123456 is short", "code 123456 is short"),
        ("number 8005550100", "number [digits]"),
        ("number +1 (800) 555-0100", "number [digits]"),
        ("number 800.555.0100", "number [digits]"),
        ("card 4111 1111 1111 1111", "card [digits]"),
        ("card 4111-1111-1111-1111-123", "card [digits]"),
        ("arabic ٨٠٠٥٥٥٠١٠٠", "arabic [digits]"),
        ("to jane.doe@example.com, please", "to [email], please"),
        ("to <jane@example.com>", "to <[email]>"),
        ("", ""),
    ],
)
def test_words_are_scrubbed(said, shown):
    assert scrub(said) == shown


def test_secrets_that_come_back_are_masked_longest_first():
    said = "bad header 'Bearer abcdef' and token abcdef"
    assert scrub(said, ["abcdef", "Bearer abcdef"]) == "bad header '*' and token *"


def test_a_secret_too_short_to_be_one_masks_no_ordinary_words():
    assert scrub("no such tenant", ["no", ""]) == "no such tenant"


def test_a_long_answer_is_cut():
    assert scrub("x" * 300) == "x" * 300
    assert scrub("x" * 301) == "x" * 299 + "…"


@pytest.mark.parametrize("text", ["a", "1 ", "a@", "(12 "])
def test_no_answer_makes_it_slow(text):
    """A way that is not linear would take longer than any test may."""
    assert len(scrub(text * 1_000_000)) <= 300
