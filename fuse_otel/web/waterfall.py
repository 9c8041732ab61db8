"""One call: what it was, and its executions on one scale of time.

Bars are drawn by geometry attributes of SVG: a style attribute would need a laxer policy.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from starlette.responses import Response

from fuse_otel import humanize
from fuse_otel.core.model.telemetry import SpanKind
from fuse_otel.views.call_tree import CallTree, TreeExecution, TreeRecord
from fuse_otel.web.html import Child, Html, join, tag
from fuse_otel.web.page import facts, page, table, when

_NANO = 1e9
_WIDTH = 1000
_THINNEST = 4
_ERROR_SEVERITY = 17
_DEBUG_BELOW = 9
_WITHOUT_EXECUTIONS = {
    "none": "Nothing was logged for this call.",
    "expired": "The log of this call had expired when it was read.",
    "missing": "The log of this call was not to be had.",
}


def call_page(tree: CallTree) -> Response:
    details = str(tree.attributes.get("fuse.details", "full"))
    nothing = _WITHOUT_EXECUTIONS.get(details, "No execution of a module is known.")
    return page(
        _title(tree),
        _head(tree),
        tag("h2", "What happened"),
        tag("ol", (_execution(each, tree) for each in tree.executions), class_="waterfall")
        if tree.executions
        else tag("p", nothing, class_="faint"),
        _records(tree.records, tree) if tree.records else None,
        tag("h2", "Attributes"),
        _attributes("Call", tree.attributes),
        _attributes("Resource", tree.resource),
        tag("p", tag("a", "As OTLP/JSON", href="?format=otlp"), class_="faint"),
        below=True,
    )


def _title(tree: CallTree) -> str:
    name = tree.resource.get("service.name")
    return name if isinstance(name, str) and name else tree.name


def _head(tree: CallTree) -> Html:
    told = [
        (label, text)
        for label, key in (
            ("Version", "service.version"),
            ("Direction", "fuse.call.direction"),
            ("Outcome", "fuse.call.outcome"),
            ("Details", "fuse.details"),
        )
        if (text := _text({**tree.resource, **tree.attributes}.get(key)))
    ]
    ids = [("Session", tag("code", tree.session_id)), ("Trace", tag("code", tree.trace_id))]
    short = facts(
        [
            ("Started", when(tree.start / _NANO if tree.start else None)),
            ("Lasted", humanize.duration((tree.end - tree.start) / _NANO)),
            *told,
            *([("Status", tag("span", "ERROR", class_="mark"))] if tree.error else []),
        ]
    )
    return join(short, facts(ids, wide=True))


def _execution(execution: TreeExecution, tree: CallTree) -> Html:
    inner = tag(
        "details",
        tag(
            "summary",
            tag("span", execution.name, class_="name"),
            _bar(execution, tree),
            tag("span", _times(execution, tree), class_="times"),
            tag("span", "ERROR", class_="mark") if execution.error else None,
        ),
        _records(execution.records, tree),
        _attributes("Attributes", execution.attributes),
        open=execution.error,
    )
    return tag("li", inner, class_="failed" if execution.error else None)


def _times(execution: TreeExecution, tree: CallTree) -> Html:
    start = humanize.offset((execution.start - tree.start) / _NANO)
    lasted = humanize.duration((execution.end - execution.start) / _NANO)
    return join(tag("span", start, class_="faint"), " ", lasted)


def _bar(execution: TreeExecution, tree: CallTree) -> Html:
    whole = max(tree.end - tree.start, 1)
    left = round((execution.start - tree.start) / whole * _WIDTH)
    width = max(round((execution.end - execution.start) / whole * _WIDTH), _THINNEST)
    left = max(min(left, _WIDTH - _THINNEST), 0)
    bar = tag("rect", x=left, y=0, width=min(width, _WIDTH - left), height=10)
    return tag(
        "svg",
        bar,
        class_="bar remote" if execution.kind == SpanKind.CLIENT else "bar",
        viewBox=f"0 0 {_WIDTH} 10",
        preserveAspectRatio="none",
        aria_hidden="true",
    )


def _records(records: tuple[TreeRecord, ...], tree: CallTree) -> Html | None:
    if not records:
        return None
    return tag("ol", (_record(each, tree) for each in records), class_="records")


def _record(record: TreeRecord, tree: CallTree) -> Html:
    return tag(
        "li",
        tag("span", humanize.offset((record.time - tree.start) / _NANO), class_="faint"),
        " ",
        tag("span", record.severity_text, class_="severity"),
        " ",
        tag("span", record.body, class_="body"),
        class_=_severity(record.severity_number),
    )


def _severity(number: int) -> str | None:
    if number >= _ERROR_SEVERITY:
        return "failed"
    return "debug" if number < _DEBUG_BELOW else None


def _attributes(title: str, attributes: Mapping[str, object]) -> Html:
    return tag(
        "details",
        tag("summary", f"{title} ({len(attributes)})"),
        table(("Name", "Value"), _pairs(attributes), empty="None."),
        class_="attributes",
    )


def _pairs(attributes: Mapping[str, object]) -> Iterator[tuple[Child, Child]]:
    for name, value in attributes.items():
        yield tag("code", name), _text(value)


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return ", ".join(map(_text, value))
    return str(value)
