"""What the reader of a call's page has asked for, by the query of its address."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import quote

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


def call_path(session_id: str) -> str:
    """One path segment, for an id of any characters."""
    return quote(session_id, safe="", errors="replace")
