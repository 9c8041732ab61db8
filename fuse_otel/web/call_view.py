"""What the reader of a call's page has asked for, by the query of its address."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import quote

from fuse_otel.ports import RecentCall

OPEN = ("failed", "all", "none")
TIMES = ("offset", "utc")


@dataclass(frozen=True, slots=True)
class CallView:
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


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The session ids of the calls beside one in the list of calls; ``None`` for none."""

    previous: str | None = None
    next: str | None = None


def neighbours(session_id: str, calls: Sequence[RecentCall]) -> Neighbours:
    """``calls``: the newest first. The previous one was stored before, the next one after."""
    ids = [call.session_id for call in calls]
    if session_id not in ids:
        return Neighbours()
    place = ids.index(session_id)
    return Neighbours(
        previous=ids[place + 1] if place + 1 < len(ids) else None,
        next=ids[place - 1] if place else None,
    )


def call_path(session_id: str) -> str:
    """One path segment, for an id of any characters."""
    return quote(session_id, safe="", errors="replace")
