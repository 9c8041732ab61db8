"""The first page with its charts of the last day, and the status page.

The bars of the charts are SVG, drawn by geometry attributes: a style attribute would need a laxer
policy.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from starlette.responses import Response

from fuse_otel import humanize
from fuse_otel.ports import SLOT, SLOTS, Status
from fuse_otel.views.history import Series, first_slot
from fuse_otel.views.problems import Problem
from fuse_otel.views.status_report import StatusReport, paused_for, status_report
from fuse_otel.views.table import MOST_ROWS, Severity, Table
from fuse_otel.web.html import Child, Html, tag
from fuse_otel.web.page import css_class, facts, page, problem_list, table_of, when

_HEIGHT = 100
_LOWEST = 2  # a value above 0 stays visible
_TICK = 6 * 3600  # seconds between two marks of time
_EDGES = (0.04, 0.96)  # of the width, between which the text of a mark fits


def charts(series: Iterable[Series], first: int) -> Html:
    """``first`` is the start of the oldest slot, UNIX seconds."""
    return tag("div", (_chart(each, first) for each in series), class_="charts")


def _chart(series: Series, first: int) -> Html:
    return tag(
        "figure",
        tag("h3", series.title),
        tag(
            "svg",
            tag("line", x1="0", x2="100%", y1="20%", y2="20%"),
            tag("text", series.top_text, x="0", y="15%"),
            _marks(first),
            tag(
                "svg",
                tag("path", d="".join(_bars(_heights(series)))),
                y="20%",
                width="100%",
                height="62%",
                viewBox=f"0 0 {SLOTS} {_HEIGHT}",
                preserveAspectRatio="none",
            ),
            tag("line", x1="0", x2="100%", y1="82%", y2="82%"),
            role="img",
            aria_label=f"{series.title}, the last 24 hours",
        ),
        tag("figcaption", series.text),
        class_=series.name,
    )


def _marks(first: int) -> Iterator[Html]:
    for at in range(first + -first % _TICK, first + SLOTS * SLOT, _TICK):
        share = (at - first) / (SLOTS * SLOT)
        yield tag("line", x1=f"{share:.2%}", x2=f"{share:.2%}", y1="20%", y2="82%")
        if _EDGES[0] <= share <= _EDGES[1]:
            text = humanize.clock_time(at)
            yield tag("text", text, x=f"{share:.2%}", y="97%", text_anchor="middle")


def _heights(series: Series) -> list[int]:
    return [
        max(round(value / series.top * _HEIGHT), _LOWEST) if value else 0 for value in series.values
    ]


def _bars(heights: Sequence[int]) -> Iterator[str]:
    """One for each run of slots of the same height."""
    place = 0
    for height, run in groupby(heights):
        width = sum(1 for _ in run)
        if height:
            yield f"M{place} {_HEIGHT}v-{height}h{width}v{height}z"
        place += width


_LINKS = (
    ("status", "Status", "accounts, gaps, lanes, outbox"),
    ("calls/", "Calls", "the calls of the last 7 days, the newest ones as waterfalls"),
    ("flow/", "Call flows", "which way callers take through an application, and where they leave"),
    ("metrics", "Metrics", "for Prometheus"),
    ("-/healthy", "Healthy", "whether all loops are making progress"),
    ("-/ready", "Ready", "whether the store, an account and a lane work"),
)


_ON_THE_FIRST_PAGE = 2  # tables: accounts and lanes


def landing_page(
    version: str,
    status: Status,
    now: float,
    problems: Sequence[Problem],
    sentences: Sequence[str],
    last_day: Sequence[Series],
) -> Response:
    """``sentences``: further problems, of which no more is known. ``last_day``: what the charts
    show.
    """
    report = status_report(status, now)
    known = (_problem(each, now) for each in problems)
    found = [*known, *sentences, *_warnings(status, report, now)]
    return page(
        "fuse-otel",
        problem_list(found) or tag("p", "Everything works.", class_="well"),
        *map(_section, report.tables[:_ON_THE_FIRST_PAGE]),
        tag("h2", "The last 24 hours"),
        charts(last_day, first_slot(now)),
        tag("h2", "Calls"),
        facts(_counts(status)),
        tag("h2", "Outbox"),
        _outbox(report),
        tag(
            "ul",
            (tag("li", tag("a", name, href=path), f": {text}") for path, name, text in _LINKS),
            class_="links",
        ),
        tag(
            "p",
            "Every call of a Plum Fuse phone application as one OpenTelemetry trace. Version ",
            version,
            ". As of ",
            when(now),
            ".",
            class_="faint",
        ),
        refresh=True,
    )


def _problem(problem: Problem, now: float) -> Html:
    begin = tag("span", f"{problem.what}: {problem.error}")
    since = (" Since ", when(problem.since), f", {humanize.ago(problem.since, now)}.")
    if problem.next_try is None:
        return tag("span", begin, tag("span", since, class_="more"))
    left = humanize.duration(max(round(problem.next_try - now), 0))
    return tag("span", begin, tag("span", since, f" Next try in {left}.", class_="more"))


def _warnings(status: Status, report: StatusReport, now: float) -> Iterator[str]:
    """A matter for the operator even while all accounts and lanes work."""
    if report.used >= report.almost_full:
        yield f"The outbox is almost full: {report.outbox.text}."
    for lane in status.lanes:
        if lane.paused_since is not None:
            waiting = humanize.plural(lane.calls, "call waits", "calls wait")
            for_ = humanize.duration(paused_for(lane.paused_since, now))
            yield f"lane {lane.lane} is paused for {for_}: {waiting}."
    parked = _parked(status)
    if parked:
        yield f"{humanize.plural(parked, 'call is', 'calls are')} parked."


def _parked(status: Status) -> int:
    return sum(each.parked for each in status.lanes)


def _counts(status: Status) -> list[tuple[str, Child]]:
    parked = _parked(status)
    alarm = css_class(Severity.ALARM) if parked else None
    return [
        ("Calls in the ledger", f"{sum(account.calls for account in status.accounts):,}"),
        ("Pending calls", f"{sum(account.waiting for account in status.accounts):,}"),
        # A call waits for each of its lanes, so that a sum would count it twice.
        ("Calls to deliver", f"{max((each.calls for each in status.lanes), default=0):,}"),
        ("Parked calls", tag("span", f"{parked:,}", class_=alarm)),
    ]


def status_page(status: Status, now: float, problems: Sequence[str]) -> Response:
    report = status_report(status, now)
    return page(
        "Status",
        problem_list(problems),
        *(_section(table) for table in report.tables if table.rows or table.empty),
        tag("h2", "Outbox"),
        _outbox(report),
        tag(
            "p", "As of ", when(now), ". ", tag("a", "As JSON", href="?format=json"), class_="faint"
        ),
    )


def _section(table: Table) -> Html:
    made = table_of(table)
    if len(table.rows) > MOST_ROWS:
        summary = humanize.plural(len(table.rows), table.noun)
        made = tag("details", tag("summary", summary), made)
    return tag("section", tag("h2", table.title), made)


def _outbox(report: StatusReport) -> Html:
    text = report.outbox.text
    return tag(
        "p",
        tag("meter", text, value=report.used, max=report.capacity, high=report.almost_full),
        " ",
        tag("span", text, class_=css_class(report.outbox.severity)),
    )
