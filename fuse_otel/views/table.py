"""Tables as values, drawn by the pages as HTML and by the commands as columns of text."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum, auto

from msgspec import Struct

from fuse_otel import humanize

MOST_ROWS = 10  # the rows shown; pages fold a longer table, commands cut it


class Severity(Enum):
    """How much a text asks for attention."""

    FAINT = auto()
    PLAIN = auto()
    WARNING = auto()
    ALARM = auto()


class Cell(Struct, frozen=True):
    """``at``: the text is this moment (UNIX seconds), which the pages also write for machines."""

    text: str
    severity: Severity = Severity.PLAIN
    at: float | None = None


class Table(Struct, frozen=True):
    """``heads`` that begin with ``#`` belong to columns of numbers. ``noun`` names a row, in the
    singular. ``empty`` replaces a table without rows; without it such a table is left out.
    """

    title: str
    noun: str
    heads: tuple[str, ...]
    rows: Sequence[Sequence[Cell]]
    empty: str = ""


def moment_cell(seconds: float | None) -> Cell:
    return Cell(humanize.moment(seconds), at=seconds)


def number_cell(number: int, severity: Severity = Severity.PLAIN) -> Cell:
    """``severity`` counts if the number is not 0."""
    return Cell(f"{number:,}", severity if number else Severity.PLAIN)
