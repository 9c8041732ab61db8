"""A call flow as tables of its modules and steps, for pages and terminals, and as a picture for
other programs: Mermaid and Graphviz's DOT.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from fuse_otel import humanize
from fuse_otel.views.flow import FlowModule, FlowReport, FlowStep, percent
from fuse_otel.views.flow_layers import Edge
from fuse_otel.views.flow_picture import Pair, not_drawn, pairs, picture_of
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


_LONGEST = 80  # characters of a label
_LOST = "#c2212e"
# What each language gives a meaning to inside of a quoted label. Mermaid takes `%%{…` for
# its configuration, and a number behind `style …:` for a colour, also inside of quotes.
_MERMAID = re.compile(r"[^\w .,/·+()\[\]?!=-]")
_DOT = re.compile(r'["\\]')


def mermaid(report: FlowReport) -> Iterator[str]:
    """Lines of a flowchart. Characters with a meaning are written by their numbers."""
    picture = picture_of(report)
    yield "flowchart TD"
    if sentence := not_drawn(picture):
        yield f"  %% {sentence}"
    names = {name: f"m{number}" for number, name in enumerate(picture.modules)}
    for name, pair in picture.modules.items():
        lost = ":::lost" if pair.this and pair.this.lost else ""
        yield f'  {names[name]}["{_lines(pair.known, "<br/>", _mermaid_text)}"]{lost}'
    for (source, target), step in picture.steps.items():
        share = _shares(step.shares, report)
        yield f'  {names[source]} -->|"{share}"| {names[target]}'
    yield f"  classDef lost stroke:{_LOST},stroke-width:2px"


def dot(report: FlowReport) -> Iterator[str]:
    """Lines of a directed graph."""
    picture = picture_of(report)
    yield f'digraph "{_dot_text(report.application)}" {{'
    if sentence := not_drawn(picture):
        yield f"  // {sentence}"
    yield '  node [shape=box, style=rounded, fontname="sans-serif"]'
    yield '  edge [fontname="sans-serif"]'
    names = {name: f"m{number}" for number, name in enumerate(picture.modules)}
    for name, pair in picture.modules.items():
        lost = f', color="{_LOST}"' if pair.this and pair.this.lost else ""
        yield f'  {names[name]} [label="{_lines(pair.known, chr(92) + "n", _dot_text)}"{lost}]'
    for (source, target), step in picture.steps.items():
        share = _shares(step.shares, report)
        width = 1 + 4 * min(max(step.shares), 1.0)
        yield f'  {names[source]} -> {names[target]} [label="{share}", penwidth={width:.1f}]'
    yield "}"


def _lines(module: FlowModule, line_feed: str, escaped: Callable[[str], str]) -> str:
    numbers = [f"{module.executions:,}", percent(module.share)]
    if module.median is not None:
        numbers.append(humanize.duration(module.median))
    lines = [escaped(module.name), " \N{MIDDLE DOT} ".join(numbers)]
    if module.lost:
        lines.append(f"{module.lost:,} lost")
    return line_feed.join(lines)


def _shares(shares: tuple[float, float], report: FlowReport) -> str:
    this, other = shares
    return percent(this) if report.compared is None else both(percent(other), percent(this))


def _mermaid_text(text: str) -> str:
    return _MERMAID.sub(lambda found: f"#{ord(found[0])};", humanize.clean(text[:_LONGEST]))


def _dot_text(text: str) -> str:
    return _DOT.sub(lambda found: f"\\{found[0]}", humanize.clean(text[:_LONGEST]))
