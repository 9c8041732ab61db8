"""No run of digits that could be a number leaves in a diagnostic, and no address."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fuse_otel.core.redaction.masks import mask_digits, mask_personal


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("from 4155550100 to 8005550199", "from [digits] to [digits]"),
        ("call 415-555-0100.", "call [digits]."),
        ("+1 (415) 555-0100", "[digits]"),
        ("(415) 555-0100", "[digits]"),
        ("415.555.0100", "[digits]"),
        ("card 4111 1111 1111 1111 expires", "card [digits] expires"),
        ("5550100", "[digits]"),
        ("x5550100y", "x[digits]y"),
        ("larger than max (4194304 vs. 4194304)", "larger than max ([digits] vs. [digits])"),
    ],
)
def test_numbers_are_masked(text, masked):
    assert mask_digits(text) == masked


@pytest.mark.parametrize(
    "text",
    [
        "HTTP status 503",
        "entry too far behind: 2026-11-18T23:59:58Z is older than 2026-11-19T01:00:00Z",
        "2026-11-18 23:59:58",
        "connection refused by 192.168.100.200",
        "127.0.0.1:4318 does not answer",
        "123456",
    ],
)
def test_what_an_operator_needs_stays(text):
    assert mask_digits(text) == text


@given(st.text(), st.from_regex(r"[0-9]{7,20}", fullmatch=True), st.text())
def test_no_bare_run_survives_anywhere(before, digits, after):
    assert digits not in mask_digits(before + digits + after)


@given(st.text(st.sampled_from("0123456789 -.()/+a:")))
def test_seven_digits_in_a_row_never_survive(text):
    assert not re.search(r"[0-9]{7}", mask_digits(text))


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("to jane.doe@example.com, please", "to [email], please"),
        ("<jane@example.com> at 415-555-0100", "<[email]> at [digits]"),
        ("an @ alone and user@ and @host", "an @ alone and user@ and @host"),
        ("\u0668\u0660\u0660\u0665\u0665\u0665\u0660\u0661", "[digits]"),
    ],
)
def test_foreign_words_are_masked_and_stay_readable(text, masked):
    assert mask_personal(text) == masked
