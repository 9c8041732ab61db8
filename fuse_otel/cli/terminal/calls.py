"""Calls of the index on a terminal: a table, and a line for each call as it is stored."""

from __future__ import annotations

from collections.abc import Sequence

from fuse_otel import humanize
from fuse_otel.cli.terminal.text import INKS, Line, Piece
from fuse_otel.humanize import clean
from fuse_otel.ports import IndexedCall
from fuse_otel.views.table import Cell, Severity, Table, moment_cell

_HEADS = ("STARTED", "OUTCOME", "APPLICATION", "FAILED IN", "#LASTED", "SESSION")
_APPLICATION = 24  # columns of it in a line of ``tail``


def calls_table(calls: Sequence[IndexedCall]) -> Table:
    several = len({call.account for call in calls}) > 1
    heads = (*_HEADS, "ACCOUNT") if several else _HEADS
    rows = [(*_cells(call), *((Cell(call.account),) if several else ())) for call in calls]
    return Table("CALLS", "call", heads, rows, empty="No call matches.")


def _cells(call: IndexedCall) -> tuple[Cell, ...]:
    lasted = None if call.start is None or call.end is None else call.end - call.start
    return (
        moment_cell(call.start),
        Cell(call.outcome, _severity(call)),
        Cell(call.application),
        Cell(f"{call.failed_module} {call.error_type}".strip(), _severity(call)),
        Cell(humanize.duration(lasted)),
        Cell(call.session_id),
    )


def call_line(call: IndexedCall) -> Line:
    started, *rest = _cells(call)
    pieces: Line = [Piece(started.text)]
    for cell in rest:
        pieces += [Piece("  "), Piece(clean(cell.text), INKS[cell.severity])] if cell.text else []
    return pieces


def _severity(call: IndexedCall) -> Severity:
    return Severity.ALARM if call.error else Severity.PLAIN
