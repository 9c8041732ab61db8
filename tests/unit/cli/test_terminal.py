"""Text from strangers in a terminal."""

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fuse_otel.cli.terminal.text import Ink, Piece, columns, fit, pad, paint
from fuse_otel.humanize import clean

WILD = st.text(st.one_of(st.characters(), st.sampled_from("\x1b\x07\x9b\u202e\u0301漢😀 \n\t")))


@given(WILD)
def test_nothing_but_printable_characters_is_left(text):
    found = clean(text)
    assert all(unicodedata.category(each)[0] != "C" for each in found)
    assert not re.search(r"[\s\u2028\u2029]", found.replace(" ", ""))
    assert clean(found) == found


@pytest.mark.parametrize(
    ("text", "harmless"),
    [
        ("\x1b]0;owned\x07", "\ufffd]0;owned\ufffd"),
        ("\x1b[2J\x9b31m", "\ufffd[2J\ufffd31m"),
        ("abc\u202edef", "abc\ufffddef"),
        ("two\r\n lines\t", "two lines"),
        ("\ud800", "\ufffd"),
        ("menu 漢字 é", "menu 漢字 é"),
    ],
)
def test_what_moves_the_cursor_is_replaced(text, harmless):
    assert clean(text) == harmless


@pytest.mark.parametrize(
    ("text", "width"), [("abc", 3), ("漢字", 4), ("e\u0301", 1), ("😀", 2), ("é", 1), ("", 0)]
)
def test_columns_are_those_of_a_terminal(text, width):
    assert columns(text) == width


@given(WILD, st.integers(0, 30))
def test_a_text_fits_and_a_padded_one_fits_exactly(text, width):
    assert columns(fit(text, width)) <= width
    assert columns(pad(text, width)) == width


@pytest.mark.parametrize(
    ("text", "width", "fitted"),
    [
        ("abcdef", 6, "abcdef"),
        ("abcdef", 5, "abcd…"),
        ("漢字漢字", 5, "漢字…"),
        ("漢字漢字", 4, "漢…"),
        ("abc", 1, "…"),
        ("abc", 0, ""),
    ],
)
def test_what_is_cut_says_so(text, width, fitted):
    assert fit(text, width) == fitted


def test_marks_without_end_are_cut():
    assert len(fit("e" + "\u0301" * 10_000, 10)) < 50


def test_a_line_is_painted_cut_and_closed():
    pieces = [Piece("ab", Ink.ALARM), Piece("cd"), Piece("ef", Ink.BOLD), Piece("gh", Ink.BOLD)]
    assert paint(pieces, 5, colour=True) == "\x1b[1;31mab\x1b[0mcd\x1b[1me\x1b[0m"
    assert paint(pieces, 5, colour=False) == "abcde"
    assert paint([Piece("a  ")], 5, colour=False) == "a"
