"""The calls of the last 7 days: a table with its filters, and the same as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import urlencode

from msgspec import Struct
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from fuse_otel import humanize
from fuse_otel.errors import WrongQuery
from fuse_otel.humanize import quoted
from fuse_otel.ports import EVERY_CALL, CallIndex, CallQuery, IndexedCall
from fuse_otel.views.calls import DIRECTIONS, FILTERS, OUTCOMES, call_json, read_query
from fuse_otel.web.call_head import call_path
from fuse_otel.web.flow import flow_path
from fuse_otel.web.html import Child, Html, join, tag
from fuse_otel.web.page import (
    NO_PROBLEMS,
    by_filter,
    error_mark,
    error_name,
    filter_field,
    filter_form,
    page,
    problem_list,
    read_filters,
    table_of_rows,
    when,
)

PER_PAGE = 100
_OF_A_PROXY = frozenset(
    {
        "forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-prefix",
        "x-forwarded-proto", "x-real-ip",
    }
)  # fmt: skip
_LAST_PAGE = 1_000_000
_CHOICES = {"outcome": OUTCOMES, "direction": DIRECTIONS, "error": ("true", "false")}
_LABELS = {"from": "From", "to": "To", "q": "Session or trace id"}


class CallsRequest(Struct, frozen=True):
    """``given`` are the filters as they were written; ``page`` counts from 1."""

    given: Mapping[str, str]
    query: CallQuery
    page: int


class CallsFound(Struct, frozen=True):
    calls: Sequence[IndexedCall]
    more: bool


def read_request(request: Request, now: float) -> CallsRequest:
    """Raises ``WrongQuery``."""
    known = f"{', '.join(FILTERS)} or page"
    given, problems = read_filters(request, (*FILTERS, "page"), known)
    number = given.pop("page", "1").strip()
    if not _is_page(number):
        problems.append(f"page: {quoted(number)} is not a number from 1 to {_LAST_PAGE}.")
    filters = {name: given[name] for name in FILTERS if name in given}
    try:
        query = read_query(filters, now)
    except WrongQuery as error:
        problems += error.problems
    if problems:
        raise WrongQuery(problems)
    return CallsRequest(filters, query, int(number))


def _is_page(text: str) -> bool:
    digits = text.isascii() and text.isdigit() and len(text) <= len(str(_LAST_PAGE))
    return digits and 1 <= int(text) <= _LAST_PAGE


def find(index: CallIndex, wanted: CallsRequest) -> CallsFound:
    """One call more than a page shows that there is a next page."""
    found = index.calls(wanted.query, PER_PAGE + 1, (wanted.page - 1) * PER_PAGE)
    return CallsFound(found[:PER_PAGE], len(found) > PER_PAGE)


def calls_json(request: Request, wanted: CallsRequest, found: CallsFound) -> Response:
    after = _url_of(request, wanted.page + 1) if found.more else None
    return JSONResponse({"calls": [*map(call_json, found.calls)], "next": after})


def _url_of(request: Request, number: int) -> str:
    """Absolute where the client has reached us directly. A proxy may serve us under another host
    and path, which only its client knows: the URL is then relative to that of the request.
    """
    url = request.url.include_query_params(page=number)
    direct = "host" in request.headers and _OF_A_PROXY.isdisjoint(request.headers)
    return str(url) if direct else f"?{url.query}"


def calls_page(wanted: CallsRequest, found: CallsFound) -> Response:
    calls = found.calls
    # A column with the same word in each row is noise: most daemons read one account.
    several = len({call.account for call in calls}) > 1
    account = ("Account",) if several else ()
    every = wanted.query == EVERY_CALL and wanted.page == 1
    return page(
        "Calls",
        _form(wanted.given),
        _flow_link(wanted.query.application),
        _sentence(wanted, calls) if calls else None,
        table_of_rows(
            (
                "Started", "Outcome", *account, "Application", "Failed in", "#Lasted", "Direction",
                "Session",
            ),
            (_row(call, *((call.account,) if several else ())) for call in calls),
            empty="No call was stored yet." if every else "No call matches.",
        ),
        tag("p", _pages(wanted, found), class_="pages"),
        depth=1,
    )  # fmt: skip


def wrong_calls_page(request: Request, problems: Sequence[str]) -> Response:
    """The form as it was sent, with what is wrong beside its fields."""
    beside, others = by_filter(problems, FILTERS)
    given = {name: text for name, text in request.query_params.items() if name in FILTERS}
    return page("Calls", problem_list(others), _form(given, beside), depth=1, code=400)


def _flow_link(application: str) -> Html | None:
    if not application:
        return None
    return tag(
        "p", tag("a", f"Call flow of {application}", href=f"../flow/{flow_path(application)}")
    )


def _sentence(wanted: CallsRequest, calls: Sequence[IndexedCall]) -> Html:
    first = (wanted.page - 1) * PER_PAGE + 1
    failed = sum(call.error for call in calls)
    shown = f"Calls {first:,} to {first + len(calls) - 1:,} of the last 7 days, newest first"
    return tag("p", f"{shown}; {failed:,} of these with an error.")


def _pages(wanted: CallsRequest, found: CallsFound) -> Iterator[Child]:
    for number, name, exists in (
        (wanted.page - 1, "Newer", wanted.page > 1),
        (wanted.page + 1, "Older", found.more),
    ):
        if exists:
            words = urlencode({**wanted.given, "page": number}, errors="replace")
            yield join(tag("a", name, href=f"?{words}"), " ")


def _form(given: Mapping[str, str], problems: Mapping[str, str] = NO_PROBLEMS) -> Html:
    fields = (
        filter_field(
            _LABELS.get(name, name.capitalize()),
            name,
            given.get(name, ""),
            _CHOICES.get(name),
            problems=problems,
        )
        for name in FILTERS
    )
    return filter_form(fields, "Filter", "./" if given else None)


def _row(call: IndexedCall, *account: str) -> tuple[Child, ...]:
    lasted = None if call.start is None or call.end is None else call.end - call.start
    return (
        tag("a", when(call.start), href=call_path(call.session_id)),
        _outcome(call),
        *account,
        call.application,
        _failure(call),
        humanize.duration(lasted),
        call.direction,
        tag("code", call.session_id),
    )


def _outcome(call: IndexedCall) -> Html:
    details = None if call.details in {"full", "open"} else f" ({call.details})"
    mark = error_mark("call") if call.error else None
    return tag("span", call.outcome, details, " " if mark else None, mark)


def _failure(call: IndexedCall) -> Child:
    if not call.failed_module:
        return None
    return join(call.failed_module, tag("span", f" {error_name(call.error_type)}", class_="faint"))
