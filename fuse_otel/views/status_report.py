"""Where accounts and lanes stand, as the pages and the commands tell it alike."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from fuse_otel.core.timing.windows import RETENTION
from fuse_otel.ports import AccountStatus, Gap, GapReason, Job, JobStatus, LaneStatus, Status

# Left by trouble. History and backfill are read by choice, and are no risk to anybody.
AT_RISK = frozenset({GapReason.ERROR, GapReason.DOWNTIME, GapReason.DAMAGE})
TIGHT = RETENTION / 2  # seconds of headroom
ALMOST_FULL = 0.8  # of the outbox


def headroom(
    cursors: Iterable[int], gaps: Iterable[Gap], waiting_since: int | None, now: float
) -> float | None:
    """Seconds until Plum deletes the details of the first call that nobody has read yet; ``None``
    before the first reading.
    """
    oldest = [*cursors, *(gap.start for gap in gaps if gap.reason in AT_RISK)]
    if waiting_since is not None:
        oldest.append(waiting_since)
    return RETENTION - (now - min(oldest)) if oldest else None


def headroom_of(account: AccountStatus, now: float) -> float | None:
    cursors = (position.cursor for position in account.numbers.values())
    return headroom(cursors, account.gaps, account.waiting_since, now)


def lanes_of(status: Status) -> Sequence[LaneStatus]:
    """Those the daemon has, and those that still keep calls although it has them no more."""
    known = told(status)
    return [e for e in status.lanes if e.told.state or e.calls or e.parked or not known]


def told(status: Status) -> bool:
    """Whether a daemon has ever said how its accounts and lanes are."""
    states = [each.told.state for each in status.accounts]
    states += [each.told.state for each in status.lanes]
    return any(states)


def share_used(status: Status) -> float:
    return status.used / status.capacity if status.capacity else 1.0


def masked(number: str) -> str:
    """Enough to tell our own numbers apart."""
    return f"…{number[-4:]}" if number else ""


def told_problems(status: Status) -> list[str]:
    """What the daemon told does not work, a sentence each."""
    accounts = [(f"account {each.account}", each.told) for each in status.accounts]
    lanes = [(f"lane {e.lane.destination}/{e.lane.signal}", e.told) for e in status.lanes]
    return [
        f"{what} is {told.state}: {told.reason}"
        for what, told in (*accounts, *lanes)
        if told.state not in {"", "up"}
    ]


def status_json(
    status: Status, now: float, wrong: Sequence[str], version: str, daemon: str | None
) -> dict[str, object]:
    """Times are UNIX seconds. Of a phone number only the last digits are told; ``None`` stands for
    all numbers of the account. ``daemon`` is who holds the store, ``None`` if nobody does.
    """
    return {
        "version": version,
        "time": now,
        "daemon": daemon,
        "problems": list(wrong),
        "accounts": [_account_json(account, now) for account in status.accounts],
        "lanes": list(map(_lane_json, lanes_of(status))),
        "outbox": {"used_bytes": status.used, "capacity_bytes": status.capacity},
        "orders": [_order_json(order, receipt) for order, receipt in status.orders],
    }


def _account_json(account: AccountStatus, now: float) -> dict[str, object]:
    return {
        "account": account.account,
        "state": account.told.state or None,
        "reason": account.told.reason,
        "headroom_seconds": headroom_of(account, now),
        "calls": account.calls,
        "pending": account.waiting,
        "pending_since": account.waiting_since,
        "numbers": [
            {"number": masked(number) or None, "cursor": position.cursor, "floor": position.floor}
            for number, position in account.numbers.items()
        ],
        "gaps": [
            {
                "number": masked(gap.number) or None,
                "start": gap.start,
                "end": gap.end,
                "reason": gap.reason.value,
            }
            for gap in account.gaps
        ],
        "unreadable": [
            {
                "number": masked(each.number) or None,
                "start": each.start,
                "end": each.end,
                "closed_at": each.closed_at,
            }
            for each in account.unreadable
        ],
    }


def _lane_json(each: LaneStatus) -> dict[str, object]:
    return {
        "destination": each.lane.destination,
        "signal": each.lane.signal.value,
        "state": each.told.state or None,
        "reason": each.told.reason,
        "calls": each.calls,
        "oldest": each.oldest,
        "parked": each.parked,
    }


def _order_json(order: Job, receipt: JobStatus) -> dict[str, object]:
    return {
        "id": receipt.id,
        "order": order.kind,
        "arguments": json.loads(order.arguments),
        "state": receipt.state,
        "calls": receipt.calls,
        "entries": receipt.entries,
        "left_seconds": receipt.left,
    }
