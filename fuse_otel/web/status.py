"""Where accounts and lanes stand: for people as tables, for programs as JSON."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.responses import Response

from fuse_otel.core import written
from fuse_otel.core.windows import RETENTION
from fuse_otel.ports import AccountStatus, Gap, GapReason, LaneStatus, Status
from fuse_otel.web.html import Html, tag
from fuse_otel.web.page import facts, page, problems, table, when

# Left by trouble. History and backfill are read by choice, and are no risk to anybody.
_AT_RISK = frozenset({GapReason.ERROR, GapReason.DOWNTIME})
_TIGHT = RETENTION / 2
_ALMOST_FULL = 0.8


def headroom(account: AccountStatus, now: float) -> float | None:
    """Seconds until the first call that nobody has read yet loses its details."""
    oldest = [
        *(position.cursor for position in account.numbers.values()),
        *(gap.start for gap in account.gaps if gap.reason in _AT_RISK),
    ]
    if account.waiting_since is not None:
        oldest.append(account.waiting_since)
    return RETENTION - (now - min(oldest)) if oldest else None


def status_json(
    status: Status, now: float, wrong: Sequence[str], version: str
) -> dict[str, object]:
    """Times are UNIX seconds. Of a phone number only the last digits are told;
    ``None`` stands for all numbers of the account.
    """
    return {
        "version": version,
        "time": now,
        "problems": list(wrong),
        "accounts": [_account_json(account, now) for account in status.accounts],
        "lanes": [
            {
                "destination": each.lane.destination,
                "signal": each.lane.signal.value,
                "calls": each.calls,
                "oldest": each.oldest,
                "parked": each.parked,
            }
            for each in status.lanes
        ],
        "outbox": {"used_bytes": status.used, "capacity_bytes": status.capacity},
    }


def _account_json(account: AccountStatus, now: float) -> dict[str, object]:
    return {
        "account": account.account,
        "headroom_seconds": headroom(account, now),
        "calls": account.calls,
        "pending": account.waiting,
        "pending_since": account.waiting_since,
        "numbers": [
            {"number": _masked(number) or None, "cursor": position.cursor, "floor": position.floor}
            for number, position in account.numbers.items()
        ],
        "gaps": [
            {
                "number": _masked(gap.number) or None,
                "start": gap.start,
                "end": gap.end,
                "reason": gap.reason.value,
            }
            for gap in account.gaps
        ],
    }


def status_page(status: Status, now: float, wrong: Sequence[str]) -> Response:
    return page(
        "Status",
        problems(wrong),
        tag("h2", "Accounts"),
        *(_account(account, now) for account in status.accounts),
        None if status.accounts else tag("p", "No account was read yet.", class_="faint"),
        tag("h2", "Delivery"),
        _lanes(status.lanes, now),
        tag("h2", "Outbox"),
        _outbox(status),
        tag(
            "p", "As of ", when(now), ". ", tag("a", "As JSON", href="?format=json"), class_="faint"
        ),
    )


def _account(account: AccountStatus, now: float) -> Html:
    left = headroom(account, now)
    tight = left is not None and left < _TIGHT
    return tag(
        "section",
        tag("h3", account.account),
        facts(
            [
                ("Retention headroom", tag("strong", written.duration(left), class_=_alarm(tight))),
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
                    written.duration(now - at.cursor),
                    when(at.floor),
                )
                for number, at in account.numbers.items()
            ],
            empty="Nothing was read yet.",
        ),
        _gaps(account.gaps),
    )


def _pending(account: AccountStatus, now: float) -> str:
    if not account.waiting:
        return "none"
    return f"{account.waiting:,}, the oldest ended {written.ago(account.waiting_since, now)}"


def _gaps(gaps: Sequence[Gap]) -> Html | None:
    if not gaps:
        return None
    total = sum(gap.end - gap.start for gap in gaps)
    return tag(
        "details",
        tag("summary", f"{written.plural(len(gaps), 'gap')}, {written.duration(total)} to read"),
        table(
            ("Number", "From", "To", "#Length", "Reason"),
            [
                (
                    _number(gap.number),
                    when(gap.start),
                    when(gap.end),
                    written.duration(gap.end - gap.start),
                    tag("span", gap.reason.value, class_=_alarm(gap.reason is GapReason.ERROR)),
                )
                for gap in gaps
            ],
            empty="",
        ),
        open=any(gap.reason in _AT_RISK for gap in gaps),
    )


def _lanes(lanes: Sequence[LaneStatus], now: float) -> Html:
    return table(
        ("Destination", "Signal", "#Waiting calls", "Oldest ended", "#Parked calls"),
        [
            (
                each.lane.destination,
                each.lane.signal.value,
                f"{each.calls:,}",
                written.ago(each.oldest, now),
                tag("span", f"{each.parked:,}", class_=_alarm(each.parked > 0)),
            )
            for each in lanes
        ],
        empty="No destination is configured.",
    )


def _outbox(status: Status) -> Html:
    share = status.used / status.capacity if status.capacity else 1.0
    text = f"{written.size(status.used)} of {written.size(status.capacity)} ({share:.0%})"
    return tag(
        "p",
        tag("meter", text, value=status.used, max=status.capacity, high=_high(status.capacity)),
        " ",
        tag("span", text, class_=_alarm(share >= _ALMOST_FULL)),
    )


def _high(capacity: int) -> int:
    return int(capacity * _ALMOST_FULL)


def _masked(number: str) -> str:
    """Enough to tell our own numbers apart."""
    return f"…{number[-4:]}" if number else ""


def _number(number: str) -> str:
    return _masked(number) or "all numbers"


def _alarm(wrong: bool) -> str | None:
    return "alarm" if wrong else None
