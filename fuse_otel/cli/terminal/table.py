"""A table for a terminal: columns as wide as their content, the last one takes the rest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fuse_otel.cli.terminal.text import INKS, Ink, Line, Piece, clean, columns, fit
from fuse_otel.views.table import Table

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
