"""A call drawn for a terminal: what it was, and a tree of its executions on a bar of time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from fuse_otel.cli.terminal.text import INKS, Ink, Line, Piece, columns, fit, pad, paint
from fuse_otel.core.model.telemetry import SpanKind
from fuse_otel.humanize import clean, moment
from fuse_otel.views.call_tree import CallTree, TreeExecution, TreeRecord
from fuse_otel.views.table import Severity
from fuse_otel.views.waterfall import (
    CallFacts,
    Scale,
    duration,
    facts_of,
    scale_of,
    severity_of,
    without_executions,
)

NARROWEST = 48  # the id of a trace fits in one line

_OFFSET, _DURATION = 9, 12  # columns
_ERROR = "ERROR"
_MARK = 7
_SHORTEST_BAR = 8
_SHORTEST_NAME = 4


def draw(tree: CallTree, *, width: int = 80, colour: bool = False, records: bool = False) -> str:
    """The call as lines of at most ``width`` columns (at least ``NARROWEST``), without an end
    of line after the last. Error records are always drawn, the others with ``records``.

    Nothing in the call can reach the terminal as anything but text.
    """
    width = max(width, NARROWEST)
    facts = facts_of(tree)
    lines = [*_header(tree, facts, width), [], *_body(tree, facts, width, records=records)]
    return "\n".join(paint(line, width, colour=colour) for line in lines)


def _header(tree: CallTree, facts: CallFacts, width: int) -> Iterator[Line]:
    error = [Piece(" · "), Piece(_ERROR, Ink.ALARM)] if tree.error else []
    known = [fact for fact in (facts.direction, facts.outcome, facts.lasted) if fact]
    beside = [*error, Piece("".join(f" · {clean(fact)}" for fact in known))]
    left = width - sum(columns(piece.text) for piece in beside)
    name = clean(f"{facts.application} {facts.version}")
    yield [Piece(fit(name, max(left, _SHORTEST_NAME)), Ink.BOLD), *beside]
    yield _fact("started", "" if facts.started is None else moment(facts.started))
    yield _fact("session", tree.session_id)
    yield _fact("trace", tree.trace_id)
    if facts.details:
        yield _fact("details", facts.details)
    if facts.truncated:
        yield _fact("truncated", facts.truncated)


def _fact(name: str, value: str) -> Line:
    return [Piece(f"  {name:<9}", Ink.FAINT), Piece(clean(value) or "unknown")]


def _body(tree: CallTree, facts: CallFacts, width: int, *, records: bool) -> Iterator[Line]:
    if not tree.executions:
        yield [Piece(without_executions(facts.details))]
    rows = _rows(tree, width)
    last = len(tree.executions) - 1
    for place, execution in enumerate(tree.executions):
        branch, trunk = ("└─ ", "   ") if place == last else ("├─ ", "│  ")
        yield rows.execution(branch, execution)
        yield from _records(trunk, execution.records, rows, every=records)
    yield from _records("", tree.records, rows, every=records)


@dataclass(frozen=True, slots=True)
class _Rows:
    """How the lines of executions are laid out: columns. ``bar`` 0 draws none."""

    scale: Scale
    width: int
    name: int
    bar: int

    def execution(self, branch: str, execution: TreeExecution) -> Line:
        """Name, bar, offset, duration, and the word for an error without colour."""
        ink = Ink.ALARM if execution.error else Ink.PLAIN
        return [
            Piece(branch, Ink.FAINT),
            Piece(pad(execution.name, self.name - len(branch)), ink),
            *self._bar(execution),
            Piece(f" {self.scale.offset(execution.start):>{_OFFSET - 1}}", Ink.FAINT),
            Piece(f"{duration(execution.start, execution.end):>{_DURATION}}"),
            *([Piece(f"{_ERROR:>{_MARK}}", Ink.ALARM)] if execution.error else []),
        ]

    def _bar(self, execution: TreeExecution) -> Line:
        if not self.bar:
            return []
        first = self.scale.position(execution.start, self.bar)
        last = self.scale.position(execution.end, self.bar)
        ink = Ink.REMOTE if execution.kind == SpanKind.CLIENT else Ink.BAR
        full, point = ("▓", "▓") if execution.error else ("█", "▏")
        bar = full * (last - first) or point
        return [
            Piece("  " + " " * min(first, self.bar - 1)),
            Piece(bar, Ink.ALARM if execution.error else ink),
            Piece(" " * (self.bar - len(bar) - min(first, self.bar - 1))),
        ]


def _rows(tree: CallTree, width: int) -> _Rows:
    """The names get what they need, up to two fifths of the line; the bar gets the rest."""
    failed = any(each.error for each in tree.executions)
    figures = _OFFSET + _DURATION + (_MARK if failed else 0)
    longest = max((columns(clean(each.name)) for each in tree.executions), default=0)
    name = min(longest + 3, width * 2 // 5, width - figures)
    bar = width - name - figures - 2
    return _Rows(scale_of(tree), width, name, bar if bar >= _SHORTEST_BAR else 0)


def _records(
    trunk: str, records: tuple[TreeRecord, ...], rows: _Rows, *, every: bool
) -> Iterator[Line]:
    for record in records:
        severity = severity_of(record.severity_number)
        if every or severity is Severity.ALARM:
            head = f"{trunk}{rows.scale.offset(record.time):>7} "
            word = pad(record.severity_text, 6)
            body = fit(record.body, rows.width - columns(head) - columns(word))
            yield [
                Piece(head, Ink.FAINT),
                Piece(word, INKS[severity]),
                Piece(body, INKS[severity]),
            ]
