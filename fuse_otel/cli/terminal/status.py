"""The status report on a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from fuse_otel.cli.terminal.text import INKS, Ink, Line, Piece, table_lines
from fuse_otel.humanize import clean
from fuse_otel.ports import Status
from fuse_otel.views.status_report import reported_problems, status_report
from fuse_otel.views.table import MOST_ROWS, Table


def status_lines(
    status: Status, daemon: str | None, now: float, width: int | None
) -> Iterator[Line]:
    """``daemon`` is the holder of the store; without one the states are unknown."""
    report = status_report(status, now, running=daemon is not None)
    yield _daemon(daemon)
    for problem in reported_problems(status) if daemon is not None else ():
        yield [Piece(clean(problem), Ink.ALARM)]
    for table in report.tables:
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
