"""The head of a call's page: the calls beside it, and its facts."""

from __future__ import annotations

from collections.abc import Iterable

from fuse_otel.ports import Neighbours
from fuse_otel.web.call_view import CallView, call_path
from fuse_otel.web.html import Child, Html, join, tag
from fuse_otel.web.page import facts


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
            *([("Status", tag("span", "ERROR", class_="mark"))] if error else []),
        ]
    )
    long = facts(
        [("Session", tag("code", session_id)), ("Trace", tag("code", trace_id))], wide=True
    )
    return join(short, long)
