"""Calls of the index on a terminal: a table, and a line for each call as it is stored."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from fuse_otel import humanize
from fuse_otel.cli.terminal.text import INKS, Ink, Line, Piece, table_lines
from fuse_otel.humanize import clean
from fuse_otel.ports import IndexedCall, Status
from fuse_otel.views.problems import reported_problems
from fuse_otel.views.status_report import status_report
from fuse_otel.views.table import MOST_ROWS, Cell, Severity, Table, moment_cell

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


_UNUSED = "No daemon has run on this store yet: fuse-otel run starts one."


def status_lines(
    status: Status, daemon: str | None, now: float, width: int | None
) -> Iterator[Line]:
    """``daemon`` is the holder of the store; without one the states are unknown."""
    report = status_report(status, now, running=daemon is not None)
    # `check --online` makes a store as well, without an account or a lane.
    is_used = daemon is not None or bool(status.accounts or status.lanes)
    yield _daemon(daemon) if is_used else [Piece(_UNUSED, Ink.WARNING)]
    for problem in reported_problems(status) if daemon is not None else ():
        yield [Piece(clean(problem), Ink.ALARM)]
    for table in report.tables if is_used else ():
        yield from _table(table, width)
    yield []
    yield [Piece("OUTBOX  ", Ink.FAINT), Piece(report.outbox.text, INKS[report.outbox.severity])]


def _daemon(daemon: str | None) -> Line:
    if daemon is None:
        return [Piece("No daemon runs. ", Ink.WARNING), Piece("This is how the last one left it.")]
    return [Piece(f"Running: {clean(daemon)}.")]


def _table(table: Table, width: int | None) -> Iterator[Line]:
    if table.rows:
        yield []
        yield from table_lines(replace(table, rows=table.rows[:MOST_ROWS]), width)
    elif table.empty:
        yield []
        yield [Piece(table.empty, Ink.FAINT)]
    if len(table.rows) > MOST_ROWS:
        yield [Piece(f"{len(table.rows) - MOST_ROWS:,} more: --json lists them all.", Ink.FAINT)]
