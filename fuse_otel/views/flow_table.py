"""The modules and the steps of a call flow as tables, for pages and terminals."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fuse_otel import humanize
from fuse_otel.views.flow import FlowModule, FlowReport, percent
from fuse_otel.views.table import Cell, Severity, Table

_HEADS = (
    "Module", "#Lost", "#of its runs", "#Runs", "#Per call", "#Median", "#Errors", "#No match",
)  # fmt: skip
_NOTHING = ("0", "0 %", "0", "0 %", humanize.UNKNOWN, "0 %", "0 %")


def module_table(report: FlowReport) -> Table:
    """Where most callers are lost stands first. A cell of two sides has the compared one first."""
    modules = sorted(
        report.side.modules.values(), key=lambda each: (-each.lost, -each.executions, each.name)
    )
    rows = [tuple(_cells(each, report)) for each in modules]
    return Table("Modules", "module", _HEADS, rows, empty="No call matches.")


def _cells(module: FlowModule, report: FlowReport) -> Iterator[Cell]:
    other = report.compared.modules.get(module.name) if report.compared else None
    texts = _texts(module)
    if report.compared is not None:
        before = _texts(other) if other else _NOTHING
        texts = tuple(both(*pair) for pair in zip(before, texts, strict=True))
    lost, *others = texts
    yield Cell(module.name)
    yield Cell(lost, Severity.ALARM if module.lost else Severity.PLAIN)
    yield from map(Cell, others)


def _texts(module: FlowModule) -> Sequence[str]:
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
    rows = []
    for step in sorted(
        report.side.steps.values(), key=lambda each: (-each.count, each.source, each.target)
    ):
        share = percent(step.share)
        if report.compared is not None:
            other = report.compared.steps.get((step.source, step.target))
            share = both(percent(other.share) if other else "0 %", share)
        texts = (step.source, step.target, f"{step.count:,}", share)
        rows.append(tuple(map(Cell, texts)))
    return Table("Steps", "step", heads, rows)


def both(before: str, now: str) -> str:
    return f"{before} \N{RIGHTWARDS ARROW} {now}"
