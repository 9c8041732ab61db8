"""Where accounts and lanes stand, as tables."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.responses import Response

from fuse_otel import humanize
from fuse_otel.ports import (
    AccountStatus,
    Gap,
    GapReason,
    Job,
    JobStatus,
    LaneStatus,
    Status,
    Told,
    Unreadable,
)
from fuse_otel.views.status_report import (
    ALMOST_FULL,
    AT_RISK,
    TIGHT,
    headroom_of,
    lanes_of,
    masked,
    share_used,
)
from fuse_otel.web.html import Html, tag
from fuse_otel.web.page import facts, page, problems, table, when


def status_page(status: Status, now: float, wrong: Sequence[str]) -> Response:
    return page(
        "Status",
        problems(wrong),
        tag("h2", "Accounts"),
        *(_account(account, now) for account in status.accounts),
        None if status.accounts else tag("p", "No account was read yet.", class_="faint"),
        tag("h2", "Delivery"),
        _lanes(lanes_of(status), now),
        tag("h2", "Outbox"),
        _outbox(status),
        _orders(status.orders),
        tag(
            "p", "As of ", when(now), ". ", tag("a", "As JSON", href="?format=json"), class_="faint"
        ),
    )


def _account(account: AccountStatus, now: float) -> Html:
    left = headroom_of(account, now)
    tight = left is not None and left < TIGHT
    return tag(
        "section",
        tag("h3", account.account),
        facts(
            [
                ("State", _state(account.told)),
                (
                    "Retention headroom",
                    tag("strong", humanize.duration(left), class_=_alarm(tight)),
                ),
                ("Calls in the ledger", f"{account.calls:,}"),
                ("Pending calls", _pending(account, now)),
            ]
        ),
        table(
            ("Number", "Read up to", "#Behind", "Never before"),
            [
                (
                    _number(number),
                    when(at.cursor),
                    humanize.duration(now - at.cursor),
                    when(at.floor),
                )
                for number, at in account.numbers.items()
            ],
            empty="Nothing was read yet.",
        ),
        _gaps(account.gaps),
        _unreadable(account.unreadable),
    )


def _pending(account: AccountStatus, now: float) -> str:
    if not account.waiting:
        return "none"
    return f"{account.waiting:,}, the oldest ended {humanize.ago(account.waiting_since, now)}"


def _gaps(gaps: Sequence[Gap]) -> Html | None:
    if not gaps:
        return None
    total = sum(gap.end - gap.start for gap in gaps)
    return tag(
        "details",
        tag("summary", f"{humanize.plural(len(gaps), 'gap')}, {humanize.duration(total)} to read"),
        table(
            ("Number", "From", "To", "#Length", "Reason"),
            [
                (
                    _number(gap.number),
                    when(gap.start),
                    when(gap.end),
                    humanize.duration(gap.end - gap.start),
                    tag("span", gap.reason.value, class_=_alarm(gap.reason is GapReason.ERROR)),
                )
                for gap in gaps
            ],
            empty="",
        ),
        open=any(gap.reason in AT_RISK for gap in gaps),
    )


def _lanes(lanes: Sequence[LaneStatus], now: float) -> Html:
    return table(
        ("Destination", "Signal", "State", "#Waiting calls", "Oldest ended", "#Parked calls"),
        [
            (
                each.lane.destination,
                each.lane.signal.value,
                _state(each.told),
                f"{each.calls:,}",
                humanize.ago(each.oldest, now),
                tag("span", f"{each.parked:,}", class_=_alarm(each.parked > 0)),
            )
            for each in lanes
        ],
        empty="No destination is configured.",
    )


def _state(told: Told) -> Html:
    """The state in a word, with the reason behind it."""
    why = f"{told.state}: {told.reason}" if told.reason else told.state
    wrong = told.state not in {"", "up"}
    return tag("span", why or humanize.UNKNOWN, class_=_alarm(wrong))


def _unreadable(intervals: Sequence[Unreadable]) -> Html | None:
    if not intervals:
        return None
    return tag(
        "details",
        tag("summary", f"{humanize.plural(len(intervals), 'interval')} given up as unreadable"),
        table(
            ("Number", "From", "To", "Given up"),
            [
                (_number(each.number), when(each.start), when(each.end), when(each.closed_at))
                for each in reversed(intervals)
            ],
            empty="",
        ),
    )


def _orders(orders: Sequence[tuple[Job, JobStatus]]) -> Html | None:
    if not orders:
        return None
    return tag(
        "section",
        tag("h2", "Orders"),
        table(
            ("#Order", "What", "State", "#Calls", "#To read"),
            [
                (
                    str(receipt.id),
                    order.kind,
                    receipt.state,
                    f"{receipt.calls:,}",
                    humanize.duration(receipt.left) if receipt.left else humanize.UNKNOWN,
                )
                for order, receipt in orders
            ],
            empty="",
        ),
    )


def _outbox(status: Status) -> Html:
    share = share_used(status)
    text = f"{humanize.size(status.used)} of {humanize.size(status.capacity)} ({share:.0%})"
    return tag(
        "p",
        tag("meter", text, value=status.used, max=status.capacity, high=_high(status.capacity)),
        " ",
        tag("span", text, class_=_alarm(share >= ALMOST_FULL)),
    )


def _high(capacity: int) -> int:
    return int(capacity * ALMOST_FULL)


def _number(number: str) -> str:
    return masked(number) or "all numbers"


def _alarm(wrong: bool) -> str | None:
    return "alarm" if wrong else None
