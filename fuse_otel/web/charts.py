"""Charts of the last day as SVG. Bars are drawn by geometry attributes: a style attribute would
need a laxer policy.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from fuse_otel import humanize
from fuse_otel.ports import SLOT, SLOTS
from fuse_otel.views.history import Series
from fuse_otel.web.html import Html, tag

_HEIGHT = 100
_LOWEST = 2  # a value above 0 stays visible
_TICK = 6 * 3600  # seconds between two marks of time
_EDGES = (0.04, 0.96)  # of the width, between which the text of a mark fits


def charts(series: Iterable[Series], first: int) -> Html:
    """``first`` is the start of the oldest slot, UNIX seconds."""
    return tag("div", (_chart(each, first) for each in series), class_="charts")


def _chart(series: Series, first: int) -> Html:
    return tag(
        "figure",
        tag("h3", series.title),
        tag(
            "svg",
            tag("line", x1="0", x2="100%", y1="20%", y2="20%"),
            tag("text", series.top_text, x="0", y="15%"),
            _marks(first),
            tag(
                "svg",
                tag("path", d="".join(_bars(_heights(series)))),
                y="20%",
                width="100%",
                height="62%",
                viewBox=f"0 0 {SLOTS} {_HEIGHT}",
                preserveAspectRatio="none",
            ),
            tag("line", x1="0", x2="100%", y1="82%", y2="82%"),
            role="img",
            aria_label=f"{series.title}, the last 24 hours",
        ),
        tag("figcaption", series.text),
        class_=series.name,
    )


def _marks(first: int) -> Iterator[Html]:
    for at in range(first + -first % _TICK, first + SLOTS * SLOT, _TICK):
        share = (at - first) / (SLOTS * SLOT)
        yield tag("line", x1=f"{share:.2%}", x2=f"{share:.2%}", y1="20%", y2="82%")
        if _EDGES[0] <= share <= _EDGES[1]:
            text = humanize.clock_time(at)
            yield tag("text", text, x=f"{share:.2%}", y="97%", text_anchor="middle")


def _heights(series: Series) -> list[int]:
    return [
        max(round(value / series.top * _HEIGHT), _LOWEST) if value else 0 for value in series.values
    ]


def _bars(heights: Sequence[int]) -> Iterator[str]:
    """One for each run of slots of the same height."""
    place = 0
    for height, run in groupby(heights):
        width = sum(1 for _ in run)
        if height:
            yield f"M{place} {_HEIGHT}v-{height}h{width}v{height}z"
        place += width
