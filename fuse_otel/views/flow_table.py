"""The modules and the steps of a call flow as tables, for pages and terminals."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fuse_otel import humanize
from fuse_otel.views.flow import FlowModule, FlowReport, FlowStep, percent
from fuse_otel.views.flow_layers import Edge
from fuse_otel.views.flow_picture import Pair, pairs
from fuse_otel.views.table import Cell, Severity, Table

_HEADS = (
    "Module", "#Lost", "#of its runs", "#Runs", "#Per call", "#Median", "#Errors", "#No match",
)  # fmt: skip
_NOTHING = ("0", "0 %", "0", "0 %", humanize.UNKNOWN, "0 %", "0 %")


def module_table(report: FlowReport) -> Table:
    """Where most callers are lost stands first. A cell of two sides has the compared one first."""
    compared = report.compared
    modules = pairs(report.side.modules, compared.modules if compared else {}).values()
    rows = [
        tuple(_cells(pair, compared=compared is not None)) for pair in sorted(modules, key=_rank)
    ]
    return Table("Modules", "module", _HEADS, rows, empty="No call matches.")


def _rank(pair: Pair[FlowModule]) -> tuple[int, int, str]:
    """What only the compared side has stands last."""
    lost, executions = (pair.this.lost, pair.this.executions) if pair.this else (0, 0)
    return -lost, -executions, pair.known.name


def _cells(pair: Pair[FlowModule], *, compared: bool) -> Iterator[Cell]:
    texts = _texts(pair.this)
    if compared:
        texts = tuple(both(*cell) for cell in zip(_texts(pair.other), texts, strict=True))
    lost, *others = texts
    yield Cell(pair.known.name)
    yield Cell(lost, Severity.ALARM if pair.this and pair.this.lost else Severity.PLAIN)
    yield from map(Cell, others)


def _texts(module: FlowModule | None) -> Sequence[str]:
    if module is None:
        return _NOTHING
    return (
        f"{module.lost:,}",
        percent(module.lost / module.executions),
        f"{module.executions:,}",
        percent(module.share),
        humanize.duration(module.median),
        percent(module.error_rate),
        percent(module.no_match_rate),
    )


def step_table(report: FlowReport) -> Table:
    """The usual ones first."""
    heads = ("From", "To", "#Count", "#Per call")
    compared = report.compared
    rows = []
    steps = pairs(report.side.steps, compared.steps if compared else {})
    for (source, target), pair in sorted(steps.items(), key=_step_rank):
        this, other = map(percent, pair.shares)
        count = f"{pair.this.count if pair.this else 0:,}"
        texts = (source, target, count, this if compared is None else both(other, this))
        rows.append(tuple(map(Cell, texts)))
    return Table("Steps", "step", heads, rows)


def _step_rank(step: tuple[Edge, Pair[FlowStep]]) -> tuple[int, Edge]:
    edge, pair = step
    return -(pair.this.count if pair.this else 0), edge


def both(before: str, now: str) -> str:
    return f"{before} \N{RIGHTWARDS ARROW} {now}"
