"""A call drawn for a terminal: what it was, and a tree of its executions on a bar of time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from fuse_otel.cli.terminal.text import Ink, Piece, clean, columns, fit, pad, paint
from fuse_otel.core.model.telemetry import SpanKind
from fuse_otel.views.call_tree import CallTree, TreeExecution, TreeRecord

NARROWEST = 48  # the id of a trace stands in one line

Line = list[Piece]

_SECOND = 10**9
_ERROR_SEVERITY = 17
_WARNING_SEVERITY = 13
_INFO_SEVERITY = 9
_FIGURES = 9
_ERROR = "ERROR"
_MARK = 7
_SHORTEST_BAR = 8
_SHORTEST_NAME = 8
_NOTHING_TO_SHOW = {
    "none": "Nothing was logged for this call.",
    "expired": "The log of this call had expired when it was read.",
    "missing": "The log of this call was not to be had.",
}


def draw(tree: CallTree, *, width: int = 80, colour: bool = False, records: bool = False) -> str:
    """The call as lines of at most ``width`` columns (at least ``NARROWEST``), without an end
    of line after the last. Error records are always drawn, the others with ``records``.

    Nothing in the call can reach the terminal as anything but text.
    """
    width = max(width, NARROWEST)
    lines = [*_header(tree, width), [], *_body(tree, width, records=records)]
    return "\n".join(paint(line, width, colour=colour) for line in lines)


def _header(tree: CallTree, width: int) -> Iterator[Line]:
    verdict = [Piece(" · "), Piece(_ERROR, Ink.ALARM)] if tree.error else []
    facts = [*verdict, Piece(_how(tree))]
    left = width - sum(columns(piece.text) for piece in facts)
    yield [Piece(fit(_application(tree), max(left, _SHORTEST_NAME)), Ink.BOLD), *facts]
    yield _fact("started", _utc(tree.start))
    yield _fact("session", tree.session_id)
    yield _fact("trace", tree.trace_id)
    for name in ("details", "truncated"):
        if f"fuse.{name}" in tree.attributes:
            yield _fact(name, str(tree.attributes[f"fuse.{name}"]).lower())


def _application(tree: CallTree) -> str:
    names = (tree.resource.get("service.name"), tree.resource.get("service.version"))
    return clean(" ".join(name for name in names if isinstance(name, str)) or tree.name)


def _how(tree: CallTree) -> str:
    """Direction, outcome and duration, as far as they are known."""
    told = (tree.attributes.get(f"fuse.call.{name}") for name in ("direction", "outcome"))
    facts = [clean(value) for value in told if isinstance(value, str)]
    return "".join(f" · {fact}" for fact in (*facts, _duration(tree.end - tree.start)))


def _fact(name: str, value: str) -> Line:
    return [Piece(f"  {name:<9}", Ink.FAINT), Piece(clean(value) or "unknown")]


def _body(tree: CallTree, width: int, *, records: bool) -> Iterator[Line]:
    if not tree.executions:
        details = str(tree.attributes.get("fuse.details"))
        yield [Piece(_NOTHING_TO_SHOW.get(details, "No execution of a module is known."))]
    scale = _scale(tree, width)
    last = len(tree.executions) - 1
    for place, execution in enumerate(tree.executions):
        branch, trunk = ("└─ ", "   ") if place == last else ("├─ ", "│  ")
        yield scale.execution(branch, execution)
        yield from _records(trunk, execution.records, scale, every=records)
    yield from _records("", tree.records, scale, every=records)


@dataclass(frozen=True, slots=True)
class _Scale:
    """How time and columns relate. ``name`` and ``bar`` are widths; ``bar`` 0 draws none."""

    start: int
    end: int
    width: int
    name: int
    bar: int

    def execution(self, branch: str, execution: TreeExecution) -> Line:
        """Name, bar, offset, duration, and the word that tells an error without colour."""
        ink = Ink.ALARM if execution.error else Ink.PLAIN
        return [
            Piece(branch, Ink.FAINT),
            Piece(pad(execution.name, self.name - len(branch)), ink),
            *self._bar(execution),
            Piece(_figure(self.offset(execution.start)), Ink.FAINT),
            Piece(_figure(_duration(execution.end - execution.start))),
            *([Piece(f"{_ERROR:>{_MARK}}", Ink.ALARM)] if execution.error else []),
        ]

    def offset(self, moment: int) -> str:
        return _clock(moment - self.start)

    def _bar(self, execution: TreeExecution) -> Line:
        if not self.bar:
            return []
        first, last = self._column(execution.start), self._column(execution.end)
        ink = Ink.REMOTE if execution.kind == SpanKind.CLIENT else Ink.BAR
        full, point = ("▓", "▓") if execution.error else ("█", "▏")
        bar = full * (last - first) or point
        return [
            Piece("  " + " " * min(first, self.bar - 1)),
            Piece(bar, Ink.ALARM if execution.error else ink),
            Piece(" " * (self.bar - len(bar) - min(first, self.bar - 1))),
        ]

    def _column(self, moment: int) -> int:
        column = (moment - self.start) * self.bar // max(self.end - self.start, 1)
        return min(max(column, 0), self.bar)


def _scale(tree: CallTree, width: int) -> _Scale:
    """The names get what they need, up to two fifths of the line; the bar gets the rest."""
    spans: tuple[CallTree | TreeExecution, ...] = (tree, *tree.executions)
    start = min((each.start for each in spans if each.start > 0), default=0)
    end = max(each.end for each in spans)
    figures = 2 * _FIGURES + (_MARK if any(each.error for each in tree.executions) else 0)
    longest = max((columns(clean(each.name)) for each in tree.executions), default=0)
    name = min(longest + 3, width * 2 // 5, width - figures)
    bar = width - name - figures - 2
    return _Scale(start, end, width, name, bar if bar >= _SHORTEST_BAR else 0)


def _records(
    trunk: str, records: tuple[TreeRecord, ...], scale: _Scale, *, every: bool
) -> Iterator[Line]:
    for record in records:
        if every or record.severity_number >= _ERROR_SEVERITY:
            ink = _severity_ink(record.severity_number)
            head = f"{trunk}{scale.offset(record.time):>7} "
            severity = pad(record.severity_text, 6)
            body = fit(record.body, scale.width - columns(head) - columns(severity))
            yield [Piece(head, Ink.FAINT), Piece(severity, ink), Piece(body, ink)]


def _figure(text: str) -> str:
    return " " + text.rjust(_FIGURES - 1)


def _severity_ink(severity: int) -> Ink:
    if severity >= _ERROR_SEVERITY:
        return Ink.ALARM
    if severity >= _WARNING_SEVERITY:
        return Ink.WARNING
    return Ink.PLAIN if severity >= _INFO_SEVERITY else Ink.FAINT


def _utc(moment: int) -> str:
    """UNIX nanoseconds as ``2018-06-21 03:44:51 UTC``; empty where nothing is known."""
    if moment <= 0:
        return ""
    # Not fromtimestamp: on some platforms it refuses what is far away.
    at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=moment // _SECOND)
    return at.strftime("%Y-%m-%d %H:%M:%S UTC")


def _clock(nanoseconds: int) -> str:
    """An offset as ``0:07``, ``12:31`` or ``1:02:03``."""
    minutes, seconds = divmod(max(nanoseconds, 0) // _SECOND, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def _duration(nanoseconds: int) -> str:
    """``0.0 s``, ``7.3 s``, ``2m 05s`` or ``1h 02m``. The API counts whole seconds; what lies
    below a tenth of one is only the order of entries within it.
    """
    tenths = round(max(nanoseconds, 0) / (_SECOND // 10))
    if tenths < 600:  # noqa: PLR2004 - a minute
        return f"{tenths / 10:.1f} s"
    minutes, seconds = divmod(round(tenths / 10), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}h {minutes:02}m" if hours else f"{minutes}m {seconds:02}s"
