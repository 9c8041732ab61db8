"""The picture of a call flow as SVG, in a page or as a file of its own.

Attributes place and size what is drawn and classes colour it: a style attribute would need a laxer
policy of the pages.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

from fuse_otel import humanize
from fuse_otel.views.flow import FlowModule, FlowStep, percent
from fuse_otel.views.flow_formats import both
from fuse_otel.views.flow_layout import Layout, Point, StepLine
from fuse_otel.views.flow_picture import SIZES, Pair, Picture
from fuse_otel.web.html import Child, Html, tag

Link = Callable[[str], str | None]
"""Where a module leads to, by its name: ``None`` for nowhere."""
_LONGEST = 27  # characters of a name in a box; the box cuts what is wider
_HEAT = 0.42  # the opacity of what every call goes through
_THICKEST = 9.0
_NEAR, _FAR = 0.35, 0.68  # along a curve
_ARROW = 7.0
_NOTABLE = 0.02  # a smaller change of a share is none


def flow_svg(
    picture: Picture,
    *,
    compared: bool = False,
    found: Callable[[FlowModule], bool] = lambda _module: False,
    link: Link = lambda _name: None,
    style: str = "",
) -> Html:
    """``found``: which modules are marked. ``style``: the style sheet of a file of its own."""
    width, height = round(picture.layout.width), round(picture.layout.height)
    lines = sorted(picture.layout.lines, key=lambda line: max(picture.steps[line.edge].shares))
    shared = Counter(name for line in lines for name in line.edge)
    boxes = (
        _box(name, pair, picture.layout, compared=compared, found=found, link=link)
        for name, pair in picture.modules.items()
    )
    return tag(
        "svg",
        tag("style", Html(style)) if style else None,
        (_line(line, picture.steps[line.edge], compared=compared) for line in lines),
        boxes,
        (_label(line, picture.steps[line.edge], shared, compared=compared) for line in lines),
        xmlns="http://www.w3.org/2000/svg",
        class_="flow",
        viewBox=f"0 0 {width} {height}",
        width=width,
        height=height,
        role="img",
        aria_label="Call flow",
    )


def _line(line: StepLine, pair: Pair[FlowStep], *, compared: bool) -> Html:
    kind = " back" if line.back else ""
    if compared:
        kind += _direction(pair)
    share = min(max(pair.shares), 1.0)
    title = f"{line.edge[0]} \N{RIGHTWARDS ARROW} {line.edge[1]}: {_step_text(pair, compared)}"
    return tag(
        "g",
        tag("title", title),
        tag("path", d=_way(line.points), stroke_width=f"{1 + _THICKEST * share:.1f}"),
        tag("path", d=_arrow(line), class_="arrow"),
        class_=f"step{kind}",
    )


def _way(points: Sequence[Point]) -> str:
    """Curves that leave and enter each layer upright."""
    first = points[0]
    parts = [f"M{first.x:.0f} {first.y:.0f}"]
    for here, there in pairwise(points):
        if here.x == there.x:
            parts.append(f"V{there.y:.0f}")
        else:
            middle = (here.y + there.y) / 2
            parts.append(
                f"C{here.x:.0f} {middle:.0f} {there.x:.0f} {middle:.0f} {there.x:.0f} {there.y:.0f}"
            )
    return "".join(parts)


def _arrow(line: StepLine) -> str:
    x, y = line.points[-1]
    away = _ARROW if line.back else -_ARROW
    return f"M{x:.0f} {y:.0f}l{-_ARROW / 2:.1f} {away:.0f}h{_ARROW:.0f}z"


def _label(line: StepLine, pair: Pair[FlowStep], shared: Counter[str], *, compared: bool) -> Html:
    """On the first curve, where it is away from other lines."""
    start, end = line.points[:2]
    passes = len(line.points) > 2  # noqa: PLR2004 - the second point lies between other modules
    at = _FAR if passes or shared[line.edge[0]] > shared[line.edge[1]] else _NEAR
    if line.back and not passes:
        at = 1 - at  # beside the line of the opposite step
    x = start.x + (end.x - start.x) * (3 * at**2 - 2 * at**3)
    # The two inner points of the curve lie half way down.
    y = start.y + (end.y - start.y) * (1.5 * at - 1.5 * at**2 + at**3)
    return tag(
        "text",
        _shares(pair, compared),
        x=f"{x:.0f}",
        y=f"{y + 4:.0f}",
        class_=f"share{_direction(pair) if compared else ''}",
    )


def _step_text(pair: Pair[FlowStep], compared: bool) -> str:
    counts = " / ".join(f"{each.count if each else 0:,}" for each in _sides(pair, compared))
    return f"{counts} ({_shares(pair, compared)})"


def _sides(pair: Pair[FlowStep], compared: bool) -> Sequence[FlowStep | None]:
    return (pair.other, pair.this) if compared else (pair.this,)


def _shares(pair: Pair[FlowModule] | Pair[FlowStep], compared: bool) -> str:
    this, other = pair.shares
    if not compared:
        return percent(this)
    return both(percent(other), percent(this))


def _direction(pair: Pair[FlowModule] | Pair[FlowStep]) -> str:
    """A class for what became more or less."""
    this, other = pair.shares
    if abs(this - other) < _NOTABLE:
        return ""
    return " more" if this > other else " less"


def _box(
    name: str,
    pair: Pair[FlowModule],
    layout: Layout,
    *,
    compared: bool,
    found: Callable[[FlowModule], bool],
    link: Link,
) -> Html:
    module, at, height = pair.known, layout.places[name], layout.heights[name]
    kind = "module" + (" found" if found(module) else "")
    if compared:
        kind += _direction(pair)
    drawn = tag(
        "svg",
        tag("title", name),
        tag("rect", class_="paper", width="100%", height="100%", rx=6),
        tag(
            "rect", class_="heat", width="100%", height="100%", rx=6,
            fill_opacity=f"{_HEAT * min(max(pair.shares), 1.0):.2f}",
        ),
        _lost_bar(pair, height),
        tag("rect", class_="frame", x=1, y=1, width=SIZES.width - 2, height=height - 2, rx=5),
        _texts(pair, compared=compared),
        x=f"{at.x:.0f}", y=f"{at.y:.0f}", width=SIZES.width, height=height, class_=kind,
    )  # fmt: skip
    href = link(name)
    return drawn if href is None else tag("a", drawn, href=href)


def _lost_bar(pair: Pair[FlowModule], height: float) -> Html | None:
    """The callers who were lost here, as a part of the width."""
    if pair.this is None or not pair.this.lost:
        return None
    width = max(SIZES.width * pair.this.lost / pair.this.executions, 8)
    return tag("rect", class_="lost", y=height - 6, width=f"{width:.0f}", height=6)


def _texts(pair: Pair[FlowModule], *, compared: bool) -> Iterator[Child]:
    module = pair.known
    longest = _LONGEST // 2 if compared else _LONGEST
    yield tag("text", _cut(module.module_type, longest), x=10, y=18, class_="type")
    right = SIZES.width - 10
    yield tag("text", _shares(pair, compared), x=right, y=18, class_="at-end number")
    yield tag("text", _cut(module.module, _LONGEST), x=10, y=37, class_="name")
    if pair.this is None:
        yield tag("text", "does not run", x=10, y=55, class_="number")
        return
    count = f"{module.executions:,}"
    median = "" if module.median is None else f" \N{MIDDLE DOT} {humanize.duration(module.median)}"
    yield tag("text", f"{count}{median}", x=10, y=55, class_="number")
    if module.lost:
        rate = percent(module.lost / module.executions)
        yield tag("text", f"{module.lost:,} lost ({rate})", x=10, y=71, class_="lost-text")
    yield tag("text", _troubles(module), x=10, y=87 if module.lost else 71, class_="trouble")


def _troubles(module: FlowModule) -> str:
    rates = (("error", module.error_rate), ("no match", module.no_match_rate))
    return ", ".join(f"{percent(rate)} {name}" for name, rate in rates if rate)


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1]}\N{HORIZONTAL ELLIPSIS}"
