"""What all pages share: the frame, tables, filters, and links that work behind any path prefix."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from fuse_otel import humanize
from fuse_otel.core.model import semconv
from fuse_otel.humanize import quoted
from fuse_otel.views.table import Cell, Severity, Table
from fuse_otel.web.html import Child, Html, join, tag
from fuse_otel.web.responses import plain

_NAME = "fuse-otel"
_NARROW = 2  # columns that fit on any screen
_REFRESH = 15  # seconds
_TIME = "36h or 2026-11-18"  # an example of a filter
NO_PROBLEMS: Mapping[str, str] = MappingProxyType({})
# What the head of a column means, for who points at it. docs/glossary.md explains all words.
_TITLES = {
    "Headroom": "Time left before Plum deletes something that was not read.",
    "Read up to": "The account was read up to this time, except for gaps and pending calls.",
    "Pending": "Listed calls that will be read later.",
    "To read": "The past that is still to be read. A dash means that all of it was read.",
    "Lane": "One destination and one signal. Each lane delivers on its own.",
    "Waiting": "Calls that are stored and not yet delivered.",
    "Parked": "Calls that the destination refused for good. The store keeps them.",
    "Behind": "The age of the time up to which the number was read.",
    "Never before": "Calls that ended before this time were never read.",
    "Failed in": "The module that made the call an error, and the kind of the error.",
    "Lost": "Callers who were lost there, without an exit or a transfer.",
    "No match": "Inputs that the module did not understand.",
}


def page(
    title: str,
    *content: Child,
    depth: int = 0,
    code: int = 200,
    refresh: bool = False,
    style: str | None = None,
) -> HTMLResponse:
    """A whole page. ``depth``: how many folders below ours it is. All links are relative, so that
    a proxy may serve us under a path of its own. ``refresh``: it is loaded again by itself.
    ``style``: a style sheet of its own.
    """
    up = "../" * depth
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("title", title if title == _NAME else f"{title} · {_NAME}"),
        tag("link", rel="icon", href=f"{up}icon.svg", type="image/svg+xml"),
        tag("link", rel="stylesheet", href=f"{up}style.css"),
        tag("link", rel="stylesheet", href=f"{up}{style}") if style else None,
        tag("noscript", tag("meta", http_equiv="refresh", content=_REFRESH)) if refresh else None,
        tag("script", src=f"{up}page.js", defer=True),
    )
    body = tag(
        "body",
        tag("header", _navigation(up)),
        tag("main", tag("h1", title), *content),
        data_refresh=_REFRESH if refresh else None,
    )
    return HTMLResponse(join(Html("<!doctype html>\n"), tag("html", head, body, lang="en")), code)


def _navigation(up: str) -> Html:
    home = up or "./"
    return tag(
        "nav",
        tag("a", _NAME, href=home, class_="home"),
        tag("a", "Status", href=f"{up}status"),
        tag("a", "Calls", href=f"{up}calls/"),
        tag("a", "Flow", href=f"{up}flow/"),
        tag("a", "Metrics", href=f"{up}metrics"),
        tag("a", "Local times", href="#local", class_="times", hidden=True),
        aria_label="Pages",
    )


def css_class(severity: Severity) -> str | None:
    return None if severity is Severity.PLAIN else severity.name.lower()


def table_of(table: Table) -> Html:
    """A table of the views."""
    rows = ((content(cell) for cell in row) for row in table.rows)
    return table_of_rows(table.heads, rows, empty=table.empty)


def content(cell: Cell) -> Html:
    if cell.at is not None:
        return when(cell.at)
    severity = css_class(cell.severity)
    return tag("span", cell.text, class_=severity) if severity else join(cell.text)


def table_of_rows(heads: Sequence[str], rows: Iterable[Iterable[Child]], *, empty: str) -> Html:
    """``heads`` that begin with ``#`` stand over numbers. ``empty`` replaces a table without
    rows.
    """
    # On a phone each row of a table of more columns is drawn as a block with the names in it.
    wide = len(heads) > _NARROW
    made = [
        tag("tr", (_cell(head, child, wide=wide) for head, child in zip(heads, row, strict=True)))
        for row in rows
    ]
    if not made:
        return tag("p", empty, class_="faint")
    head = tag(
        "tr",
        (
            tag("th", word, scope="col", class_=_kind(name), title=_TITLES.get(word))
            for name in heads
            for word in [name.lstrip("#")]
        ),
    )
    table = tag("table", tag("thead", head), tag("tbody", made), class_="stacked" if wide else None)
    return tag("div", table, class_="scroll", tabindex=0)


def _cell(head: str, child: Child, *, wide: bool) -> Html:
    return tag("td", child, class_=_kind(head), data_label=head.lstrip("#") if wide else None)


def _kind(head: str) -> str | None:
    return "number" if head.startswith("#") else None


def facts(pairs: Iterable[tuple[str, Child]], *, wide: bool = False) -> Html:
    """``wide`` for values such as ids."""
    made = (tag("div", tag("dt", name), tag("dd", value)) for name, value in pairs)
    return tag("dl", made, class_="wide" if wide else None)


def when(seconds: float | None) -> Html:
    """A moment that machines can read, too."""
    if seconds is None:
        return join(humanize.UNKNOWN)
    return tag("time", humanize.moment(seconds), datetime=humanize.machine(seconds))


def error_mark(noun: str) -> Html:
    """``noun``: a call, or an execution. Neither has to end because of an error."""
    title = f"An entry of this {noun} is an error. The {noun} itself may have ended normally."
    return tag("span", "ERROR", class_="mark", title=title)


def error_name(error_type: str) -> str:
    """OpenTelemetry's word for an error without a type of its own means nothing to a reader."""
    return "other error" if error_type == semconv.ERROR_TYPE_OTHER else error_type


def problem_list(sentences: Sequence[Child]) -> Html | None:
    """What does not work, on top of the page."""
    if not sentences:
        return None
    return tag("ul", (tag("li", each) for each in sentences), class_="problems", role="alert")


def accepts_pages(request: Request) -> bool:
    """Browsers do. Other clients get plain texts."""
    return "text/html" in request.headers.get("accept", "")


def not_found(request: Request, sentence: str) -> Response:
    if not accepts_pages(request):
        return plain(404, sentence)
    depth = _depth(request)
    up = "../" * depth
    overview = tag("a", "overview", href=up or "./")
    calls = tag("a", "calls of the last 7 days", href=f"{up}calls/")
    return page(
        "Not found",
        tag("p", sentence),
        tag("p", "Continue with the ", overview, " or the ", calls, "."),
        depth=depth,
        code=404,
    )


def _depth(request: Request) -> int:
    """Folders below ours, as the browser counts them: an encoded slash begins none."""
    path: bytes = request.scope["raw_path"]
    return max(path.partition(b"?")[0].count(b"/") - 1, 0)


def read_filters(
    request: Request, names: Sequence[str], known: str
) -> tuple[dict[str, str], list[str]]:
    """The values that are not blank, by name, and a sentence for each name that is unknown or given
    twice. ``known``: the names as a person reads them. ``format`` is no filter.
    """
    items = request.query_params.multi_items()
    written = [name for name, _ in items]
    problems = [
        f"There is no filter {quoted(name)}. Use {known}."
        for name in dict.fromkeys(written)
        if name not in {*names, "format"}
    ]
    problems += [f"{name}: Give it once." for name in names if written.count(name) > 1]
    return {name: text for name, text in items if name in names and text.strip()}, problems


def by_filter(problems: Iterable[str], names: Sequence[str]) -> tuple[dict[str, str], list[str]]:
    """The problems of each filter, which begin with its name, without the name; and the others."""
    known: dict[str, str] = {}
    others = []
    for problem in problems:
        name, colon, sentence = problem.partition(": ")
        if colon and name in names:
            known[name] = f"{known[name]} {sentence}" if name in known else sentence
        else:
            others.append(problem)
    return known, others


def filter_form(fields: Iterable[Child], button: str, clear: str | None) -> Html:
    """``clear``: where a link removes all filters; ``None`` if there are none."""
    link = tag("a", "All calls", href=clear) if clear else None
    end = tag("p", tag("button", button, type="submit"), " ", link)
    return tag("form", fields, end, method="get", class_="filters")


def filter_field(
    label: str,
    name: str,
    value: str,
    choices: Sequence[str] | None = None,
    names: str | None = None,
    problems: Mapping[str, str] = NO_PROBLEMS,
) -> Html:
    """A choice, or a text. ``names``: the id of a list of texts to complete it with. ``problems``:
    what is wrong with a filter, by its name.
    """
    invalid = "true" if name in problems else None
    if choices is None:
        example = _TIME if name.endswith(("from", "to")) else None
        field = tag(
            "input",
            name=name,
            value=value,
            autocomplete="off",
            list=names,
            placeholder=example,
            aria_invalid=invalid,
        )
    else:
        words = dict.fromkeys(("", *choices, value))
        options = (
            tag("option", each or "any", value=each, selected=each == value) for each in words
        )
        field = tag("select", options, name=name, aria_invalid=invalid)
    problem = problems.get(name)
    return tag("label", label, field, tag("span", problem, class_="alarm") if problem else None)
