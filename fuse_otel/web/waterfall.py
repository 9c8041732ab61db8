"""The page of one call: what it was, and its executions on one scale of time.

Bars are drawn by geometry attributes of SVG: a style attribute would need a laxer policy.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from starlette.responses import Response

from fuse_otel.core.model.telemetry import SpanKind
from fuse_otel.views.call_tree import CallTree, TreeExecution, TreeRecord
from fuse_otel.views.waterfall import (
    CallFacts,
    Scale,
    duration,
    facts_of,
    scale_of,
    severity_of,
    value_text,
    without_executions,
)
from fuse_otel.web.html import Child, Html, join, tag
from fuse_otel.web.page import css_class, facts, page, table_of_rows, when

_WIDTH = 1000
_THINNEST = 4


def call_page(tree: CallTree, elsewhere: Html | None = None) -> Response:
    """``elsewhere``: links to the call in other programs."""
    known, scale = facts_of(tree), scale_of(tree)
    return page(
        known.application,
        _head(tree, known),
        elsewhere,
        tag("h2", "What happened"),
        tag("ol", (_execution(each, scale) for each in tree.executions), class_="waterfall")
        if tree.executions
        else tag("p", without_executions(known.details), class_="faint"),
        _records(tree.records, scale),
        tag("h2", "Attributes"),
        _attributes("Call", tree.attributes),
        _attributes("Resource", tree.resource),
        tag("p", tag("a", "As OTLP/JSON", href="?format=otlp"), class_="faint"),
        below=True,
    )


def _head(tree: CallTree, known: CallFacts) -> Html:
    optional = (
        ("Version", known.version),
        ("Direction", known.direction),
        ("Outcome", known.outcome),
        ("Details", known.details),
        ("Truncated", known.truncated),
    )
    short = facts(
        [
            ("Started", when(known.started)),
            ("Lasted", known.lasted),
            *((name, text) for name, text in optional if text),
            *([("Status", tag("span", "ERROR", class_="mark"))] if tree.error else []),
        ]
    )
    ids = [("Session", tag("code", tree.session_id)), ("Trace", tag("code", tree.trace_id))]
    return join(short, facts(ids, wide=True))


def _execution(execution: TreeExecution, scale: Scale) -> Html:
    inner = tag(
        "details",
        tag(
            "summary",
            tag("span", execution.name, class_="name"),
            _bar(execution, scale),
            tag("span", _times(execution, scale), class_="times"),
            tag("span", "ERROR", class_="mark") if execution.error else None,
        ),
        _records(execution.records, scale),
        _attributes("Attributes", execution.attributes),
        open=execution.error,
    )
    return tag("li", inner, class_="failed" if execution.error else None)


def _times(execution: TreeExecution, scale: Scale) -> Html:
    lasted = duration(execution.start, execution.end)
    offset = tag("span", scale.offset(execution.start), class_="faint")
    return join(offset, " ", tag("span", lasted, class_="lasted"))


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


def _records(records: tuple[TreeRecord, ...], scale: Scale) -> Html | None:
    if not records:
        return None
    return tag("ol", (_record(each, scale) for each in records), class_="records")


def _record(record: TreeRecord, scale: Scale) -> Html:
    return tag(
        "li",
        tag("span", scale.offset(record.time), class_="faint"),
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
