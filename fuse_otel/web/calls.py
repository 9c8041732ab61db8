"""The calls stored last, as a table."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.responses import Response

from fuse_otel import humanize
from fuse_otel.ports import RecentCall
from fuse_otel.web.call_view import call_path
from fuse_otel.web.html import Child, Html, tag
from fuse_otel.web.page import page, table_of_rows, when

MOST = 500


def calls_page(calls: Sequence[RecentCall]) -> Response:
    failed = sum(call.error for call in calls)
    # A column with the same word in each row is noise: most daemons read one account.
    several = len({call.account for call in calls}) > 1
    account = ("Account",) if several else ()
    return page(
        "Calls",
        tag(
            "p", f"The {humanize.plural(len(calls), 'call')} stored last; {failed:,} with an error."
        )
        if calls
        else None,
        table_of_rows(
            ("Started", "Outcome", *account, "Application", "#Lasted", "Direction", "Session"),
            (_row(call, *((call.account,) if several else ())) for call in calls),
            empty="No call was stored yet.",
        ),
        depth=1,
    )


def _row(call: RecentCall, *account: str) -> tuple[Child, ...]:
    lasted = None if call.start is None or call.end is None else call.end - call.start
    return (
        tag("a", when(call.start), href=call_path(call.session_id)),
        _outcome(call),
        *account,
        call.application,
        humanize.duration(lasted),
        call.direction,
        tag("code", call.session_id),
    )


def _outcome(call: RecentCall) -> Html:
    details = None if call.details in {"full", "open"} else f" ({call.details})"
    mark = tag("span", "ERROR", class_="mark") if call.error else None
    return tag("span", call.outcome, details, " " if mark else None, mark)
