"""The tables of docs/performance.md, from the stored figures: nothing there is typed by hand."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from support.pages.repository import ROOT

from benchmarks.rows import (
    CALLS,
    COLLECTOR,
    CONVENTIONAL,
    IDLE,
    LIVE,
    MICROSECONDS,
    SDK,
    UNLIKE,
    WHOLE,
    Row,
)
from benchmarks.stages import ROWS as STAGES
from benchmarks.stages import WARM

PAGE = ROOT / "docs" / "performance.md"
ORDER = (*STAGES, WARM, WHOLE, UNLIKE, LIVE, CONVENTIONAL, COLLECTOR, SDK)
NONE = "\N{EN DASH}"
Figures = Mapping[str, Mapping[str, Any]]
"""Group → row → column → figure, and the group ``run``: where and when they were measured."""


@dataclass(frozen=True, slots=True)
class Column:
    """``key`` of the figures, or computed from the row and all figures of the group."""

    title: str
    key: str = ""
    digits: int = 1
    base: str = ""

    def text(self, row: Row, rows: Mapping[str, Row]) -> str:
        value = self.value(row, rows)
        return NONE if value is None else f"{value:,.{self.digits}f}"

    def value(self, row: Row, rows: Mapping[str, Row]) -> float | None:
        if self.base:
            return ratio(row.get(MICROSECONDS), rows.get(self.base, {}).get(MICROSECONDS))
        return row.get(self.key)


@dataclass(frozen=True, slots=True)
class Goal:
    """``limit`` of ``measured``, at most unless ``at_least``."""

    text: str
    measured: float | None
    limit: float
    at_least: bool = False

    def line(self) -> str:
        if self.measured is None:
            return f"| {self.text} | {NONE} | not measured |"
        good = self.measured >= self.limit if self.at_least else self.measured <= self.limit
        return f"| {self.text} | {self.measured:,.2f} | {'yes' if good else 'no'} |"


Heads = Mapping[str, tuple[str, Sequence[Column]]]
"""Group → title of the rows, and the columns."""
HEADS: Heads = {
    "cpu": (
        "one core, CPU time",
        (
            Column("µs an entry", MICROSECONDS),
            Column("calls/s", CALLS, 0),
            Column("ratio to the conventional way", digits=2, base=CONVENTIONAL),
            Column("ratio to the Collector", digits=2, base=COLLECTOR),
        ),
    ),
    "polls": ("CPU time", (Column("ms", "ms"),)),
    "memory": (
        "backlog",
        (Column("peak memory, MB", "MB", 0), Column("µs an entry", MICROSECONDS)),
    ),
    "latency": (
        "rate",
        (
            Column("p50, s", "p50 s"),
            Column("p99, s", "p99 s"),
            Column("delivered, %", "delivered %"),
        ),
    ),
    "growth": (
        "CPU time of",
        (Column("µs", MICROSECONDS), Column("ratio to the cheapest", "times", 2)),
    ),
    "start": (
        "",
        (
            Column("start to first request, s", "first request s", 2),
            Column("CPU until then, s", "first request cpu s", 2),
            Column("CPU, % of a core", "% of a core", 2),
            Column("memory, MB", "MB", 0),
        ),
    ),
}


def ratio(value: float | None, base: float | None) -> float | None:
    return value / base if value is not None and base else None


def table(group: str, rows: Mapping[str, Row], heads: Heads | None = None) -> str:
    """Markdown. A group that was not measured has a sentence instead."""
    if not rows:
        return "Not measured yet."
    head, columns = (heads or HEADS)[group]
    names = [name for name in ORDER if name in rows] if group == "cpu" else list(rows)
    lines = [
        f"| {' | '.join([head, *(column.title for column in columns)])} |",
        f"|---|{'---:|' * len(columns)}",
    ]
    for name in names:
        row = rows[name]
        if name == COLLECTOR and row.get(MICROSECONDS) is None:
            name += " (not built: `make back-ends`)"  # noqa: PLW2901 - the same row's title
        cells = [name, *(column.text(row, rows) for column in columns)]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def goals(figures: Figures) -> str:
    lines = ["| goal | measured | reached |", "|---|---:|---|"]
    return "\n".join([*lines, *(goal.line() for goal in _goals(figures))])


def _goals(figures: Figures) -> Iterator[Goal]:
    cpu = {name: row.get(MICROSECONDS) for name, row in figures.get("cpu", {}).items()}
    whole, other = cpu.get(WHOLE), cpu.get(COLLECTOR)
    yield Goal("whole path, as a multiple of the Collector: at most 1", ratio(whole, other), 1.0)
    yield Goal("the same where nothing repeats: at most 1.5", ratio(cpu.get(UNLIKE), other), 1.5)
    yield Goal(
        "whole path, as a multiple of the conventional way: at most 0.2",
        ratio(whole, cpu.get(CONVENTIONAL)),
        0.2,
    )
    calls = figures.get("cpu", {}).get(WHOLE, {}).get(CALLS)
    yield Goal("calls a second and core: at least 2,000", calls, 2000, at_least=True)
    yield Goal(
        "live calls, as a multiple of a backlog's: at most 1.1", ratio(cpu.get(LIVE), whole), 1.1
    )
    growth = figures.get("growth", {})
    for start, limit, text in (
        ("a call's commit", 1.2, "growth with the ledger: at most 1.2 times"),
        ("an entry's pure code", 2.5, "growth with the entries of a call: at most 2.5 times"),
        ("a listed call", 2.5, "growth with the calls of a listing: at most 2.5 times"),
    ):
        times = [row["times"] for name, row in growth.items() if name.startswith(start)]
        yield Goal(text, max(times, default=None), limit)
    memory = figures.get("memory", {}).get("100,000 calls", {}).get("MB")
    yield Goal("memory while 100,000 calls are caught up: at most 150 MB", memory, 150)
    idle = figures.get("start", {}).get(IDLE, {})
    yield Goal("start to the first request: at most 1 s", idle.get("first request s"), 1)
    yield Goal("CPU of an idle daemon: at most 0.5 % of a core", idle.get("% of a core"), 0.5)


def machine(run: Mapping[str, Any]) -> str:
    return (
        f"The run below was on {run['date']} with Python {run['python']}, on {run['cores']} cores"
        f" ({run['processor']}). The load of the machine was {run['load']:.1f} when it began: above"
        " 0.5 other programs used it too, so read the ratios."
    )


def written(page: str, figures: Figures) -> str:
    """The page with the present figures between its marks."""
    parts = {group: table(group, figures.get(group, {})) for group in HEADS}
    run = figures["run"]
    first = (
        f" The first table is the median of rounds with {run['calls']:,} calls each; their number"
        f" was {run['rounds']}."
    )
    return filled(page, parts | {"goals": goals(figures), "run": machine(run) + first})


def filled(page: str, parts: Mapping[str, str]) -> str:
    """Each part replaces what is between its mark and the end mark."""
    for name, text in parts.items():
        mark = re.compile(rf"(<!-- figures: {name} -->\n).*?(<!-- end -->)", re.DOTALL)
        page, count = mark.subn(lambda found, text=text: f"{found[1]}{text}\n{found[2]}", page)
        if count != 1:
            raise ValueError(f"the page has {count} places for the figures of {name}")
    return page
