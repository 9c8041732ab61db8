"""Text for a terminal that comes from strangers: measured in columns, harmless, maybe coloured."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

_ELLIPSIS = "…"
_STAND_IN = "\N{REPLACEMENT CHARACTER}"
# Combining marks take no column: without a bound a "word" of them would never end.
_MARKS_PER_COLUMN = 3


class Ink(StrEnum):
    """The parameters of the terminal's colour sequence (SGR)."""

    PLAIN = ""
    BOLD = "1"
    FAINT = "2"
    ALARM = "1;31"
    WARNING = "33"
    BAR = "36"
    REMOTE = "35"


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a line in one colour."""

    text: str
    ink: Ink = Ink.PLAIN


def clean(text: str) -> str:
    """One line of printable characters. What a caller or an author wrote must not move the
    cursor, set a title or reverse the line. White space becomes one space.
    """
    line = " ".join(text.split())
    if line.isprintable():
        return line
    return "".join(each if each.isprintable() else _STAND_IN for each in line)


def columns(text: str) -> int:
    """How many columns of a terminal the cleaned text takes."""
    return len(text) if text.isascii() else sum(map(_columns, text))


def _columns(character: str) -> int:
    if unicodedata.category(character) in {"Mn", "Me"}:
        return 0
    return 2 if unicodedata.east_asian_width(character) in {"W", "F"} else 1


def fit(text: str, width: int) -> str:
    """The text cleaned, cut to at most ``width`` columns; an ellipsis tells that it was cut."""
    whole = clean(text)
    if _cut(whole, width) == whole:
        return whole
    return _cut(whole, width - 1) + _ELLIPSIS if width > 0 else ""


def _cut(text: str, width: int) -> str:
    """The longest beginning that takes at most ``width`` columns."""
    if text.isascii():
        return text[: max(width, 0)]
    used = 0
    for place, character in enumerate(text):
        used += _columns(character)
        if used > width or place >= _MARKS_PER_COLUMN * width:
            return text[:place]
    return text


def pad(text: str, width: int) -> str:
    """Like ``fit``, filled with spaces to exactly ``width`` columns."""
    fitted = fit(text, width)
    return fitted + " " * (width - columns(fitted))


def paint(pieces: Iterable[Piece], width: int, *, colour: bool) -> str:
    """The pieces as one line of at most ``width`` columns, without spaces at its end.

    The texts are taken as they are: whatever comes from outside went through ``clean``.
    """
    line: list[str] = []
    left = width
    for piece in pieces:
        text = _cut(piece.text, left)
        left -= columns(text)
        line.append(f"\x1b[{piece.ink}m{text}\x1b[0m" if colour and piece.ink and text else text)
    return "".join(line).rstrip()
