"""The head of a call's page: the calls beside it, its facts, and links to it in other programs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from urllib.parse import quote, urlsplit

from msgspec import Struct
from msgspec.structs import replace

from fuse_otel.core.model.link_template import fill
from fuse_otel.ports import Neighbours
from fuse_otel.web.html import Child, Html, join, tag
from fuse_otel.web.page import error_mark, facts

OPEN = ("failed", "all", "none")
TIMES = ("offset", "utc")


class CallView(Struct, frozen=True):
    """``open``: which executions show their records. ``times``: since the start of the call, or of
    the day (UTC).
    """

    open: str = OPEN[0]
    times: str = TIMES[0]

    def query(self, **changed: str) -> str:
        """The view as the query of an address, with or without one thing changed."""
        view = replace(self, **changed)
        return f"?open={view.open}&times={view.times}"


def read_view(query: Mapping[str, str]) -> CallView:
    """Words that are not known count as absent."""
    opened, times = query.get("open", ""), query.get("times", "")
    return CallView(
        opened if opened in OPEN else OPEN[0],
        times if times in TIMES else TIMES[0],
    )


def call_path(session_id: str) -> str:
    """One path segment, for an id of any characters."""
    return quote(session_id, safe="", errors="replace")


_MILLISECOND = 1_000_000  # nanoseconds


class LinkTemplates(Struct, frozen=True):
    """Each is a template with the placeholders of ``core.model.link_template``, or empty."""

    trace: str = ""
    logs: str = ""


class CallPlace(Struct, frozen=True):
    """Where other programs find a call. ``start`` and ``end`` are nanoseconds; a ``start`` of 0 is
    unknown.
    """

    trace_id: str
    session_id: str
    start: int
    end: int


def external_links(templates: LinkTemplates, call: CallPlace) -> Html | None:
    values = _values(call)
    made = [
        _link(name, url)
        for name, template in (("trace", templates.trace), ("logs", templates.logs))
        if template and (url := fill(template, values))
    ]
    return tag("p", made, class_="external") if made else None


def _values(call: CallPlace) -> dict[str, str]:
    """The times are whole milliseconds around the call; they are missing where nothing is known."""
    ids = {"trace_id": call.trace_id, "session_id": call.session_id}
    if call.start <= 0:
        return ids
    # The end is rounded up: Grafana leaves out what lies at or after the end of a range.
    times = {
        "start_ms": str(call.start // _MILLISECOND),
        "end_ms": str(-(-call.end // _MILLISECOND)),
    }
    return ids | times


def _link(name: str, url: str) -> Html:
    return tag("a", f"Open the {name} at {urlsplit(url).hostname}", href=url, rel="noreferrer")


def neighbour_links(beside: Neighbours, view: CallView) -> Html | None:
    """Links that keep the reader's view."""
    made = [
        tag("a", name, href=f"{call_path(session_id)}{view.query()}", rel=rel)
        for name, rel, session_id in (
            ("← Previous call", "prev", beside.previous),
            ("Next call →", "next", beside.next),
        )
        if session_id is not None
    ]
    return tag("p", made, class_="beside") if made else None


def call_facts(
    ids: tuple[str, str],
    times: Iterable[tuple[str, Child]],
    texts: Iterable[tuple[str, str]],
    *,
    error: bool,
) -> Html:
    """``ids``: session and trace id. Empty texts are left out."""
    session_id, trace_id = ids
    short = facts(
        [
            *times,
            *((name, text) for name, text in texts if text),
            *([("Status", error_mark("call"))] if error else []),
        ]
    )
    long = facts(
        [("Session", tag("code", session_id)), ("Trace", tag("code", trace_id))], wide=True
    )
    return join(short, long)
