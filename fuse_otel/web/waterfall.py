"""The page of one call: what it was, and its executions on one scale of time; without these for a
call of which only the index knows.

Bars are drawn by geometry attributes of SVG: a style attribute would need a laxer policy.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from urllib.parse import urlencode

from msgspec import Struct
from starlette.responses import Response

from fuse_otel import humanize
from fuse_otel.core.model.telemetry import SpanKind
from fuse_otel.ports import IndexedCall, Neighbours, RecentCall
from fuse_otel.views.call_tree import CallTree, TreeExecution, TreeRecord
from fuse_otel.views.waterfall import (
    NANOSECONDS,
    CallFacts,
    Scale,
    duration,
    facts_of,
    scale_of,
    severity_of,
    value_text,
    without_executions,
)
from fuse_otel.web.call_head import CallPlace, CallView, call_facts, neighbour_links
from fuse_otel.web.html import Child, Html, join, tag
from fuse_otel.web.page import css_class, error_mark, error_name, page, table_of_rows, when

_WIDTH = 1000
_THINNEST = 4


def call_page(
    call: RecentCall, tree: CallTree, view: CallView, beside: Neighbours, elsewhere: Html | None
) -> Response:
    """``elsewhere``: links to the call in other programs."""
    known, scale = facts_of(tree), scale_of(tree)
    drawing = Drawing(scale, view)
    return page(
        known.application,
        neighbour_links(beside, view),
        _head(call, tree, known),
        elsewhere,
        tag("h2", "What happened"),
        *(
            _executions(tree, drawing)
            or [tag("p", without_executions(known.details), class_="faint")]
        ),
        _records(tree.records, drawing),
        tag("h2", "Attributes"),
        _attributes("Call", tree.attributes),
        _attributes("Resource", tree.resource),
        tag("p", tag("a", "As OTLP/JSON", href="?format=otlp"), class_="faint"),
        depth=1,
    )


class Drawing(Struct, frozen=True):
    """The scale of a call's times, and how the reader wants to see them."""

    scale: Scale
    view: CallView

    def moment(self, nanoseconds: int) -> Html:
        if nanoseconds <= 0:
            return tag("span", self.scale.offset(nanoseconds), class_="faint")
        seconds = nanoseconds / NANOSECONDS
        shown = self.scale.offset(nanoseconds)
        if self.view.times == "utc":
            shown = humanize.time_of_day(seconds)
        return tag("time", shown, datetime=humanize.machine(seconds), class_="faint")


def _executions(tree: CallTree, drawing: Drawing) -> tuple[Html, ...]:
    if not tree.executions:
        return ()
    made = (_execution(each, drawing) for each in tree.executions)
    return (
        _choices(drawing.view),
        _axis(drawing.scale),
        tag("ol", made, class_="waterfall"),
    )


def _choices(view: CallView) -> Html:
    other = ("UTC", "utc") if view.times == "offset" else ("since the start", "offset")
    return tag(
        "p",
        tag("a", "Expand all", href=view.query(open="all"), data_open="all"),
        tag("a", "Collapse all", href=view.query(open="none"), data_open="none"),
        tag("a", f"Times: {other[0]}", href=view.query(times=other[1])),
        class_="choices",
    )


def _axis(scale: Scale) -> Html:
    """Numbers above the bars. The text is not stretched, as it would be in a ``viewBox``."""
    marks = [
        (
            tag("line", x1=place, x2=place, y1="70%", y2="100%"),
            # The text of the first one begins at the edge, not before it.
            tag(
                "text", tick.text, x=place, y="60%", text_anchor="middle" if tick.share else "start"
            ),
        )
        for tick in scale.ticks()
        for place in [f"{tick.share:.2%}"]
    ]
    return tag(
        "div",
        tag("svg", marks, class_="axis", role="img", aria_label="Time since the start"),
        class_="ruler",
    )


def _head(call: RecentCall, tree: CallTree, known: CallFacts) -> Html:
    return call_facts(
        (tree.session_id, tree.trace_id),
        (("Started", when(known.started)), ("Lasted", known.lasted)),
        (
            ("Account", call.account),
            ("Version", known.version),
            ("Direction", known.direction),
            ("Outcome", known.outcome),
            ("Details", known.details),
            ("Truncated", known.truncated),
        ),
        error=tree.error,
    )


def _execution(execution: TreeExecution, drawing: Drawing) -> Html:
    inner = tag(
        "details",
        tag(
            "summary",
            tag("span", execution.name, class_="name"),
            _bar(execution, drawing.scale),
            tag("span", _times(execution, drawing), class_="times"),
            error_mark("execution") if execution.error else None,
        ),
        _records(execution.records, drawing),
        _attributes("Attributes", execution.attributes),
        open=execution.error if drawing.view.open == "failed" else drawing.view.open == "all",
    )
    return tag("li", inner, class_="failed" if execution.error else None)


def _times(execution: TreeExecution, drawing: Drawing) -> Html:
    lasted = duration(execution.start, execution.end)
    return join(drawing.moment(execution.start), " ", tag("span", lasted, class_="lasted"))


def _bar(execution: TreeExecution, scale: Scale) -> Html:
    left = min(scale.position(execution.start, _WIDTH), _WIDTH - _THINNEST)
    width = max(scale.position(execution.end, _WIDTH) - left, _THINNEST)
    return tag(
        "svg",
        tag("rect", x=left, y=0, width=width, height=10),
        class_="bar remote" if execution.kind == SpanKind.CLIENT else "bar",
        viewBox=f"0 0 {_WIDTH} 10",
        preserveAspectRatio="none",
        aria_hidden="true",
    )


def _records(records: tuple[TreeRecord, ...], drawing: Drawing) -> Html | None:
    if not records:
        return None
    return tag("ol", (_record(each, drawing) for each in records), class_="records")


def _record(record: TreeRecord, drawing: Drawing) -> Html:
    return tag(
        "li",
        drawing.moment(record.time),
        " ",
        tag("span", record.severity_text, class_="severity"),
        " ",
        tag("span", record.body, class_="body"),
        class_=css_class(severity_of(record.severity_number)),
    )


def _attributes(title: str, attributes: Mapping[str, object]) -> Html:
    return tag(
        "details",
        tag("summary", f"{title} ({len(attributes)})"),
        table_of_rows(("Name", "Value"), _pairs(attributes), empty="None."),
        class_="attributes",
    )


def _pairs(attributes: Mapping[str, object]) -> Iterator[tuple[Child, Child]]:
    for name, value in attributes.items():
        yield tag("code", name), value_text(value)


_SECOND = 1_000_000_000  # nanoseconds


def indexed_call_page(
    call: IndexedCall, view: CallView, beside: Neighbours, elsewhere: Html | None
) -> Response:
    """``elsewhere``: links to the call in other programs."""
    return page(
        call.application,
        neighbour_links(beside, view),
        _indexed_head(call),
        elsewhere,
        tag("h2", "What happened"),
        tag(
            "p",
            "The waterfall is kept for the newest calls only. A back end may have the whole trace.",
            class_="faint",
        ),
        _modules(call),
        depth=1,
    )


def place_of(call: IndexedCall) -> CallPlace:
    """The index has whole seconds: the call ended within its last one."""
    start = call.start or 0
    end = start if call.end is None else call.end
    return CallPlace(call.trace_id, call.session_id, start * _SECOND, (end + 1) * _SECOND)


def _indexed_head(call: IndexedCall) -> Html:
    lasted = None if call.start is None or call.end is None else call.end - call.start
    return call_facts(
        (call.session_id, call.trace_id),
        (("Started", when(call.start)), ("Lasted", humanize.duration(lasted))),
        (
            ("Account", call.account),
            ("Version", call.version),
            ("Direction", call.direction),
            ("Outcome", call.outcome),
            ("Details", call.details),
            ("Failed in", f"{call.failed_module} {error_name(call.error_type)}".strip()),
        ),
        error=call.error,
    )


def _modules(call: IndexedCall) -> Html | None:
    """Each leads to the calls in which it ran."""
    if not call.modules:
        return None
    links = ((name, urlencode({"module": name}, errors="replace")) for name in call.modules)
    made = (tag("li", tag("a", name, href=f"./?{query}")) for name, query in links)
    return tag("section", tag("h3", "Modules that ran"), tag("ul", made))
