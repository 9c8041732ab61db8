"""What all pages share: the frame around them, tables, links that work below any prefix."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from urllib.parse import quote

from starlette.responses import HTMLResponse

from fuse_otel import humanize
from fuse_otel.web.html import Child, Html, join, tag

_NAME = "fuse-otel"
_ROOT, _BELOW = "", "../"


def page(title: str, *content: Child, below: bool = False, code: int = 200) -> HTMLResponse:
    """A whole page. ``below`` for those under ``/calls/``: all links are relative, so that a
    proxy may serve us under a path of its own.
    """
    up = _BELOW if below else _ROOT
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("title", title if title == _NAME else f"{title} · {_NAME}"),
        tag("link", rel="icon", href=f"{up}icon.svg", type="image/svg+xml"),
        tag("link", rel="stylesheet", href=f"{up}style.css"),
    )
    body = tag("body", tag("header", _navigation(up)), tag("main", tag("h1", title), *content))
    return HTMLResponse(join(Html("<!doctype html>\n"), tag("html", head, body, lang="en")), code)


def _navigation(up: str) -> Html:
    home = up or "./"
    return tag(
        "nav",
        tag("a", _NAME, href=home, class_="home"),
        tag("a", "Status", href=f"{up}status"),
        tag("a", "Calls", href=f"{up}calls/"),
        tag("a", "Metrics", href=f"{up}metrics"),
        aria_label="Pages",
    )


def table(heads: Sequence[str], rows: Iterable[Sequence[Child]], *, empty: str) -> Html:
    """``heads`` starting with ``#`` stand over numbers. ``empty`` is said in place of no rows."""
    made = [
        tag("tr", (_cell(head, child) for head, child in zip(heads, row, strict=True)))
        for row in rows
    ]
    if not made:
        return tag("p", empty, class_="faint")
    head = tag(
        "tr", (tag("th", name.lstrip("#"), scope="col", class_=_kind(name)) for name in heads)
    )
    return tag(
        "div", tag("table", tag("thead", head), tag("tbody", made)), class_="scroll", tabindex=0
    )


def _cell(head: str, child: Child) -> Html:
    return tag("td", child, class_=_kind(head))


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


def problems(sentences: Sequence[str]) -> Html | None:
    """What does not work, where nobody can overlook it."""
    if not sentences:
        return None
    return tag("ul", (tag("li", each) for each in sentences), class_="problems", role="alert")


def call_path(session_id: str) -> str:
    """One path segment, whatever the id is made of."""
    return quote(session_id, safe="")
