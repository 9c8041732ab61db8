"""The picture of docs/performance.md: what a log entry costs, as bars."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib.resources import files

from support.pages.repository import ROOT

from benchmarks.page import ORDER
from benchmarks.rows import MICROSECONDS, WHOLE, Row
from benchmarks.stages import ROWS as STAGES
from fuse_otel.web.html import Html, tag

PICTURE = ROOT / "docs" / "pictures" / "performance.svg"
_WIDTH, _LEFT, _RIGHT = 820, 330, 70  # the bars lie between the names and the figures
_HEIGHT, _BAR = 34, 20
_TOP = 12
_REST = "fetch, and all between"
_FADED = 0.78  # the opacity of a stage, as a multiple of that of the one before


def draw(rows: Mapping[str, Row]) -> str:
    """A bar for each row that is no stage. The bar of the whole path shows its stages."""
    costs = {name: float(rows[name][MICROSECONDS] or 0) for name in ORDER if name in rows}
    bars = [name for name in costs if name not in STAGES and costs[name]]
    most = max(costs.values(), default=1.0)
    parts = list(_stages(costs))
    height = _TOP + _HEIGHT * len(bars) + 20 * len(parts) + 24
    style = files("fuse_otel.web").joinpath("flow.css").read_text(encoding="utf-8")
    drawn = tag(
        "svg",
        tag("style", Html(style)),
        (_bar(at, name, costs[name], most, parts) for at, name in enumerate(bars)),
        _legend(_TOP + _HEIGHT * len(bars) + 24, parts),
        xmlns="http://www.w3.org/2000/svg",
        class_="flow",
        viewBox=f"0 0 {_WIDTH} {height}",
        width=_WIDTH,
        height=height,
        role="img",
        aria_label="Microseconds of CPU for each log entry",
    )
    return f"{drawn}\n"


def _stages(costs: Mapping[str, float]) -> Iterator[tuple[str, float, float]]:
    """Name, µs and opacity of each part of the whole path."""
    known = {name: costs[name] for name in STAGES if name in costs}
    rest = costs.get(WHOLE, 0.0) - sum(known.values())
    opacity = 1.0
    for name, cost in [*known.items(), (_REST, max(rest, 0.0))]:
        yield name, cost, opacity
        opacity *= _FADED


def _bar(
    at: int, name: str, cost: float, most: float, parts: list[tuple[str, float, float]]
) -> Html:
    top = _TOP + _HEIGHT * at
    scale = (_WIDTH - _LEFT - _RIGHT) / most
    pieces = parts if name == WHOLE else [(name, cost, 0.55)]
    drawn, left = [], float(_LEFT)
    for piece, size, opacity in pieces:
        drawn.append(_box(left, top, size * scale, opacity, f"{piece}: {size:.1f} µs"))
        left += size * scale
    return tag(
        "g",
        tag("text", name, x=_LEFT - 10, y=top + 15, class_="name at-end"),
        drawn,
        tag("text", f"{cost:.1f} µs", x=round(left + 8), y=top + 15),
    )


def _box(
    left: float, top: float, width: float, opacity: float, title: str, height: int = _BAR
) -> Html:
    return tag(
        "rect",
        tag("title", title),
        x=f"{left:.1f}",
        y=top,
        width=f"{width:.1f}",
        height=height,
        class_="heat",
        fill_opacity=f"{opacity:.2f}",
    )


def _legend(top: int, parts: list[tuple[str, float, float]]) -> Iterator[Html]:
    """The stages of the whole path."""
    for at, (name, cost, opacity) in enumerate(parts):
        y = top + 20 * at
        yield _box(_LEFT, y - 10, 12, opacity, name, 12)
        yield tag("text", f"{name}: {cost:.1f} µs", x=_LEFT + 20, y=y, class_="type")
