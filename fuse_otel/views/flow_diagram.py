"""The picture of a call flow for other programs: Mermaid and Graphviz's DOT."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from fuse_otel import humanize
from fuse_otel.views.flow import FlowModule, FlowReport, percent
from fuse_otel.views.flow_picture import not_drawn, picture_of
from fuse_otel.views.flow_table import both

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
