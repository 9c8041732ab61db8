"""The call flow of an application: its picture, its filters, and the same as numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from urllib.parse import quote, urlencode

from msgspec import Struct
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from fuse_otel import humanize
from fuse_otel.core.model.call_flow import OTHER
from fuse_otel.errors import WrongQuery
from fuse_otel.ports import FlowPart, FlowQuery, Flows
from fuse_otel.ports.flows import counted_end, counted_start
from fuse_otel.views.calls import OUTCOMES
from fuse_otel.views.flow import (
    FLOW_FILTERS,
    FlowModule,
    FlowReport,
    FlowRequest,
    flow_json,
    flow_report,
    read_flow_request,
)
from fuse_otel.views.flow_formats import module_table
from fuse_otel.views.flow_picture import Picture, not_drawn, picture_of
from fuse_otel.web.flow_svg import Link, flow_svg
from fuse_otel.web.html import Child, Html, tag
from fuse_otel.web.page import (
    NO_PROBLEMS,
    by_filter,
    content,
    filter_field,
    filter_form,
    page,
    problem_list,
    read_filters,
    table_of_rows,
    when,
)

_LABELS = {
    "from": "From",
    "to": "To",
    "find": "Find a module",
    "compare_version": "Compare with version",
    "compare_from": "Compare from",
    "compare_to": "Compare to",
}
_FIELDS = (*FLOW_FILTERS[:5], "find", *FLOW_FILTERS[5:])
_OTHER = " ".join(OTHER)  # many modules together: no filter of calls finds them


class FlowView(Struct, frozen=True):
    """``given`` are the filters as they were written, ``find`` among them. ``now``: UNIX seconds of
    the request.
    """

    given: Mapping[str, str]
    request: FlowRequest
    now: float


class FoundFlow(Struct, frozen=True):
    """``parts``: what is kept of the application; none for an unknown one."""

    report: FlowReport
    parts: Sequence[FlowPart]


def read_view(request: Request, now: float) -> FlowView:
    """Raises ``WrongQuery``."""
    written, problems = read_filters(request, _FIELDS, ", ".join(_FIELDS))
    given = {name: text.strip() for name, text in written.items()}
    try:
        found = read_flow_request(request.path_params["application"], given, now)
    except WrongQuery as error:
        problems += error.problems
    if problems:
        raise WrongQuery(problems)
    return FlowView(given, found, now)


def find_flow(flows: Flows, view: FlowView) -> FoundFlow:
    return FoundFlow(flow_report(flows, view.request), flows.parts(view.request.query.application))


def list_page(parts: Sequence[FlowPart]) -> Response:
    applications: dict[str, list[FlowPart]] = {}
    for part in parts:
        applications.setdefault(part.application, []).append(part)
    rows = (_application(name, each) for name, each in applications.items())
    return page(
        "Call flows",
        tag("p", "The steps of all calls of the last 30 days, by application."),
        table_of_rows(
            ("Application", "Versions", "From", "To"), rows, empty="No call was stored yet."
        ),
        depth=1,
    )


def flow_path(application: str) -> str:
    """One path segment, for a name of any characters."""
    return quote(application, safe="", errors="replace")


def _application(name: str, parts: Sequence[FlowPart]) -> tuple[Child, ...]:
    versions = dict.fromkeys(part.version for part in parts if part.version)
    return (
        tag("a", name, href=flow_path(name)),
        ", ".join(versions),
        when(min(part.start for part in parts)),
        when(max(part.end for part in parts)),
    )


def flow_page(view: FlowView, found: FoundFlow) -> Response:
    report, query = found.report, view.request.query
    picture = picture_of(report)
    matches = _matcher(view.given.get("find", ""))
    compared, link = report.compared is not None, _links(view, report)
    return page(
        query.application,
        _form(view.given, found.parts, _names(report)),
        tag("p", _sentence(report)),
        _found_sentence(view.given.get("find", ""), picture, matches),
        tag(
            "div",
            flow_svg(picture, compared=compared, found=matches, link=link),
            class_="scroll flow-frame",
            tabindex=0,
        )
        if picture.modules
        else None,
        tag("p", _legend(picture, compared=compared), class_="faint") if picture.modules else None,
        tag("h2", "Modules"),
        _table(report, link),
        tag("p", tag("a", "As JSON", href=_as_json(view.given)), class_="faint"),
        depth=1,
        style="flow.css",
    )


def wrong_flow_page(
    request: Request, parts: Sequence[FlowPart], problems: Sequence[str]
) -> Response:
    """The form as it was sent, with what is wrong beside its fields."""
    beside, others = by_filter(problems, _FIELDS)
    given = {name: text for name, text in request.query_params.items() if name in _FIELDS}
    return page(
        request.path_params["application"],
        problem_list(others),
        _form(given, parts, (), beside),
        depth=1,
        code=400,
    )


def flow_as_json(found: FoundFlow) -> Response:
    return JSONResponse(flow_json(found.report))


def _as_json(given: Mapping[str, str]) -> str:
    filters = {name: text for name, text in given.items() if name != "find"}
    return f"?{urlencode({**filters, 'format': 'json'}, errors='replace')}"


def _sentence(report: FlowReport) -> str:
    counted = f"{humanize.plural(report.side.calls, 'call')} with log entries"
    if report.compared is None:
        return f"{counted}. Whole hours are counted, and whole days if they are older than 5 days."
    other = humanize.plural(report.compared.calls, "call")
    return f"{counted}, compared with {other}: each share is first that of the latter."


def _legend(picture: Picture, *, compared: bool) -> str:
    parts = [
        "Percentages are executions and steps for each 100 calls.",
        "Red: callers who were lost there, without an exit or a transfer.",
        "Dashed: back to an earlier module.",
    ]
    if compared:
        parts.append("Green became more, orange less.")
    if sentence := not_drawn(picture):
        parts.append(sentence)
    if loops := len(picture.steps) - len(picture.layout.lines):
        parts.append(f"Not drawn: {humanize.plural(loops, 'step')} from a module to itself.")
    return " ".join(parts)


def _matcher(wanted: str) -> Callable[[FlowModule], bool]:
    folded = wanted.casefold()
    return lambda module: bool(folded) and folded in module.name.casefold()


def _found_sentence(
    wanted: str, picture: Picture, matches: Callable[[FlowModule], bool]
) -> Html | None:
    if not wanted:
        return None
    drawn = sum(matches(pair.known) for pair in picture.modules.values())
    modules = humanize.plural(drawn, "drawn module")
    return tag("p", f"{humanize.quoted(wanted)} is part of the names of {modules}.")


def _links(view: FlowView, report: FlowReport) -> Link:
    """To the calls in which a module ran. The index of calls is younger than the flow."""
    this = _filters(view.request.query, view.now)
    other = _filters(view.request.compared, view.now) if view.request.compared else this

    def link(name: str) -> str | None:
        if name == _OTHER:
            return None
        filters = this if name in report.side.modules else other
        return f"../calls/?{urlencode({**filters, 'module': name}, errors='replace')}"

    return link


def _filters(query: FlowQuery, now: float) -> dict[str, str]:
    """Those of ``/calls/`` for what was counted: whole hours and days. No time is before 1970."""
    filters = {"application": query.application, "account": query.account, "outcome": query.outcome}
    if query.start is not None:
        filters["from"] = str(max(counted_start(query.start, now), 0))
    if query.end is not None:
        filters["to"] = str(max(counted_end(query.end, now), 1))
    return {name: text for name, text in filters.items() if text}


def _table(report: FlowReport, link: Link) -> Html:
    table = module_table(report)
    rows = ((_module(name.text, link), *map(content, others)) for name, *others in table.rows)
    return table_of_rows(table.heads, rows, empty=table.empty)


def _module(name: str, link: Link) -> Child:
    href = link(name)
    return name if href is None else tag("a", name, href=href)


def _form(
    given: Mapping[str, str],
    parts: Sequence[FlowPart],
    modules: Iterable[str],
    problems: Mapping[str, str] = NO_PROBLEMS,
) -> Html:
    choices = {
        "version": _known(part.version for part in parts),
        "account": _known(part.account for part in parts),
        "outcome": OUTCOMES,
    }
    choices["compare_version"] = choices["version"]
    fields = [
        filter_field(
            _LABELS.get(name, name.capitalize()),
            name,
            given.get(name, ""),
            choices.get(name),
            "modules" if name == "find" else None,
            problems,
        )
        for name in _FIELDS
    ]
    names = tag(
        "datalist",
        (tag("option", value=name) for name in sorted(modules)),
        id="modules",
    )
    return filter_form([*fields, names], "Show", "?" if given else None)


def _names(report: FlowReport) -> set[str]:
    """Of the modules of both sides."""
    return {*report.side.modules, *(report.compared.modules if report.compared else ())}


def _known(names: Iterator[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(filter(None, names)))
