"""Text and tables for a terminal: measured in columns, coloured if wanted, harmless whoever wrote
them.
"""

from __future__ import annotations

import os
import sys
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TextIO

from fuse_otel.humanize import clean
from fuse_otel.views.table import Severity, Table

_USUAL_WIDTH = 80  # where no terminal says its own
_ELLIPSIS = "…"
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


INKS = {
    Severity.FAINT: Ink.FAINT,
    Severity.PLAIN: Ink.PLAIN,
    Severity.WARNING: Ink.WARNING,
    Severity.ALARM: Ink.ALARM,
}


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a line in one colour."""

    text: str
    ink: Ink = Ink.PLAIN


Line = list[Piece]


def terminal_width(stream: TextIO | None = None) -> int:
    """The columns of the terminal behind the stream (standard output if absent), else 80."""
    stream = stream or sys.stdout
    if not stream.isatty():
        return _USUAL_WIDTH
    return os.get_terminal_size(stream.fileno()).columns or _USUAL_WIDTH


def output_width() -> int | None:
    """The columns of the terminal behind standard output; ``None`` for a pipe, which gets whole
    lines.
    """
    return terminal_width() if sys.stdout is not None and sys.stdout.isatty() else None


def coloured(choice: str = "auto", stream: TextIO | None = None) -> bool:
    """What ``--color`` comes to on the stream (standard output if absent)."""
    from fuse_otel.config import colour_refused  # noqa: PLC0415 - heavy package

    if choice == "auto":
        return (stream or sys.stdout).isatty() and not colour_refused()
    return choice == "always"


def columns(text: str) -> int:
    """How many columns of a terminal the cleaned text takes."""
    return len(text) if text.isascii() else sum(map(_columns, text))


def _columns(character: str) -> int:
    if unicodedata.category(character) in {"Mn", "Me"}:
        return 0
    return 2 if unicodedata.east_asian_width(character) in {"W", "F"} else 1


def fit(text: str, width: int) -> str:
    """The text cleaned, cut to at most ``width`` columns; an ellipsis shows that it was cut."""
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


def paint(pieces: Iterable[Piece], width: int | None, *, colour: bool) -> str:
    """The pieces as one line of at most ``width`` columns (``None``: whole), without blanks at its
    end.

    The texts are written unchanged: the caller passes outside data through ``clean`` first.
    """
    line: list[str] = []
    left = sys.maxsize if width is None else width
    for piece in pieces:
        text = _cut(piece.text, left)
        left -= columns(text)
        line.append(f"\x1b[{piece.ink}m{text}\x1b[0m" if colour and piece.ink and text else text)
    return "".join(line).rstrip()


def painted_table(table: Table, color: str = "auto") -> Iterator[str]:
    """The lines of a table on standard output, or what stands for one without rows."""
    if not table.rows:
        yield from filter(None, [table.empty])
        return
    width, colour = output_width(), coloured(color)
    for line in table_lines(table, width):
        yield paint(line, width, colour=colour)


_BETWEEN = "  "
_SHORTEST = 8  # columns that the last one gets at least


def table_lines(table: Table, width: int | None) -> Iterator[Line]:
    """The heads in capitals, then the rows. The last column is cut at ``width``, ``None`` for
    whole. Numbers stand on the right.
    """
    heads = [Piece(head.lstrip("#").upper(), Ink.FAINT) for head in table.heads]
    rows = [[Piece(clean(cell.text), INKS[cell.severity]) for cell in row] for row in table.rows]
    lines = [heads, *rows]
    widths = [max(columns(line[place].text) for line in lines) for place in range(len(heads))]
    for line in lines:
        yield _line(line, table.heads, widths, width)


def _line(
    cells: Sequence[Piece], heads: Sequence[str], widths: Sequence[int], width: int | None
) -> Line:
    pieces: Line = []
    for cell, head, wide in zip(cells[:-1], heads, widths, strict=False):
        blank = " " * (wide - columns(cell.text))
        padded = blank + cell.text if head.startswith("#") else cell.text + blank
        pieces.append(Piece(padded + _BETWEEN, cell.ink))
    last = cells[-1]
    if width is not None:
        left = width - sum(columns(piece.text) for piece in pieces)
        last = Piece(fit(last.text, max(left, _SHORTEST)), last.ink)
    return [*pieces, last]
