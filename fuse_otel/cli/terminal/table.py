"""A table for a terminal: columns as wide as what stands in them, the last one takes the rest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fuse_otel.cli.terminal.text import Ink, Piece, clean, columns, fit

_BETWEEN = "  "
_SHORTEST = 8  # columns that the last one gets, whatever the others take

Cell = str | Piece


def table(
    headings: Sequence[str], rows: Sequence[Sequence[Cell]], width: int | None
) -> Iterator[list[Piece]]:
    """Lines of pieces, for ``paint``. A heading that begins with ``#`` is one of figures, which
    stand on the right. The last column is cut at ``width``, ``None`` for whole.
    """
    names = [heading.lstrip("#") for heading in headings]
    heads = [Piece(name, Ink.FAINT) for name in names]
    lines = [heads, *([_piece(cell) for cell in row] for row in rows)]
    widths = [max(columns(line[place].text) for line in lines) for place in range(len(names))]
    for line in lines:
        yield _line(line, headings, widths, width)


def _line(
    cells: Sequence[Piece], headings: Sequence[str], widths: Sequence[int], width: int | None
) -> list[Piece]:
    pieces: list[Piece] = []
    for cell, heading, wide in zip(cells[:-1], headings, widths, strict=False):
        blank = " " * (wide - columns(cell.text))
        padded = blank + cell.text if heading.startswith("#") else cell.text + blank
        pieces.append(Piece(padded + _BETWEEN, cell.ink))
    last = cells[-1]
    if width is not None:
        left = width - sum(columns(piece.text) for piece in pieces)
        last = Piece(fit(last.text, max(left, _SHORTEST)), last.ink)
    return [*pieces, last]


def _piece(cell: Cell) -> Piece:
    return Piece(clean(cell.text), cell.ink) if isinstance(cell, Piece) else Piece(clean(cell))
