"""The state of accounts, lanes, outbox and jobs, as tables for the pages and the terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct

from fuse_otel.core.timing.windows import RETENTION
from fuse_otel.humanize import UNKNOWN, ago, duration, plural, size
from fuse_otel.ports import (
    AccountStatus,
    Gap,
    GapReason,
    Job,
    JobStatus,
    LaneStatus,
    ReplicaStatus,
    ReportedState,
    Status,
)
from fuse_otel.views.replica_table import replica_table, states_of_lane
from fuse_otel.views.table import Cell, Severity, Table, moment_cell, number_cell

# Caused by failures. History and backfill are intended, so they are no risk.
AT_RISK = frozenset({GapReason.ERROR, GapReason.DOWNTIME, GapReason.DAMAGE})
HEADROOM_LOW = RETENTION / 2  # seconds
_ALMOST_FULL = 0.8  # of the outbox


class StatusReport(Struct, frozen=True):
    """``used`` and ``capacity`` are bytes of the outbox, ``outbox`` the same as text."""

    tables: tuple[Table, ...]
    outbox: Cell
    used: int
    capacity: int

    @property
    def almost_full(self) -> int:
        """Bytes from which on the outbox is a matter for the operator."""
        return int(self.capacity * _ALMOST_FULL)


def status_report(status: Status, now: float, *, running: bool = True) -> StatusReport:
    """Without a ``running`` daemon the states of accounts and lanes are unknown."""
    running = running and _reported(status)
    share = status.used / status.capacity if status.capacity else 1.0
    text = f"{size(status.used)} of {size(status.capacity)} ({share:.0%})"
    return StatusReport(
        tables=(
            _accounts(status.accounts, now, running=running),
            _lanes(status, now, running=running),
            _numbers(status.accounts, now),
            _gaps(status.accounts),
            _unreadable(status.accounts, now),
            _jobs(status.jobs),
            replica_table(status.replicas, now),
        ),
        outbox=Cell(text, Severity.ALARM if share >= _ALMOST_FULL else Severity.PLAIN),
        used=status.used,
        capacity=status.capacity,
    )


def _accounts(accounts: Sequence[AccountStatus], now: float, *, running: bool) -> Table:
    heads = ("Account", "State", "#Headroom", "Read up to", "#Pending", "#Calls", "To read")
    rows = [
        (
            Cell(account.account),
            _state(account.reported, running=running),
            _headroom_cell(account, now),
            Cell(ago(min(_cursors(account), default=None), now)),
            number_cell(account.waiting),
            number_cell(account.calls),
            Cell(_to_read(account.gaps)),
        )
        for account in accounts
    ]
    return Table("Accounts", "account", heads, rows, "No account was read yet.")


def _headroom_cell(account: AccountStatus, now: float) -> Cell:
    left = headroom_of(account, now)
    low = left is not None and left < HEADROOM_LOW
    return Cell(duration(left), Severity.ALARM if low else Severity.PLAIN)


def _to_read(gaps: Sequence[Gap]) -> str:
    seconds = sum(gap.end - gap.start for gap in gaps)
    return f"{duration(seconds)} in {plural(len(gaps), 'gap')}" if seconds else UNKNOWN


def _lanes(status: Status, now: float, *, running: bool) -> Table:
    heads = ("Lane", "State", "#Waiting", "Oldest ended", "#Parked")
    rows = [
        (
            Cell(str(each.lane)),
            _lane_state(each, status.replicas, now, running=running),
            number_cell(each.calls),
            Cell(ago(each.oldest, now)),
            number_cell(each.parked, Severity.WARNING),
        )
        for each in lanes_of(status)
    ]
    return Table("Lanes", "lane", heads, rows, "No destination is configured.")


def _lane_state(
    lane: LaneStatus, replicas: Sequence[ReplicaStatus], now: float, *, running: bool
) -> Cell:
    if lane.paused_since is None:
        return _state(lane.reported, running=running, where=_share(lane, replicas))
    return Cell(f"paused {duration(paused_for(lane.paused_since, now))}", Severity.WARNING)


def paused_for(since: int, now: float) -> int:
    """Seconds. The clock may have been set back since."""
    return max(int(now) - since, 0)


def _share(lane: LaneStatus, replicas: Sequence[ReplicaStatus]) -> str:
    """Of how many replicas the lane does not work, unless all agree."""
    states = states_of_lane(lane.lane, replicas)
    wrong = sum(each.state != "up" for _, each in states)
    return f" on {wrong} of {len(states)}" if 0 < wrong < len(states) else ""


def _state(reported: ReportedState, *, running: bool, where: str = "") -> Cell:
    if not running:
        return Cell(UNKNOWN)
    if not reported.state:
        return Cell("not configured", Severity.WARNING)
    if reported.state == "up":
        return Cell("up")
    return Cell(f"{reported.state}{where}", Severity.ALARM)


def _numbers(accounts: Sequence[AccountStatus], now: float) -> Table:
    """For accounts that are read number by number; the table of accounts has the others whole."""
    heads = ("Account", "Number", "Read up to", "#Behind", "Never before")
    rows = [
        (
            Cell(account.account),
            _number(number),
            moment_cell(position.cursor),
            Cell(duration(now - position.cursor)),
            moment_cell(position.floor),
        )
        for account in accounts
        for number, position in account.numbers.items()
        if number
    ]
    return Table("Numbers", "number", heads, rows)


def _gaps(accounts: Sequence[AccountStatus]) -> Table:
    heads = ("Account", "Number", "Gap from", "To", "Reason")
    rows = [
        (
            Cell(account.account),
            _number(gap.number),
            moment_cell(gap.start),
            moment_cell(gap.end),
            _reason(gap.reason),
        )
        for account in accounts
        for gap in account.gaps
    ]
    return Table("Gaps", "gap", heads, rows)


def _reason(reason: GapReason) -> Cell:
    if reason is GapReason.ERROR:
        return Cell(reason.value, Severity.ALARM)
    return Cell(reason.value, Severity.WARNING if reason in AT_RISK else Severity.PLAIN)


def _unreadable(accounts: Sequence[AccountStatus], now: float) -> Table:
    """The latest first."""
    heads = ("Account", "Number", "Given up from", "To", "Closed")
    rows = [
        (
            Cell(account.account),
            _number(each.number),
            moment_cell(each.start),
            moment_cell(each.end),
            Cell(ago(each.closed_at, now)),
        )
        for account in accounts
        for each in reversed(account.unreadable)
    ]
    return Table("Intervals given up", "interval", heads, rows)


def _jobs(jobs: Iterable[tuple[Job, JobStatus]]) -> Table:
    heads = ("#Job", "What", "State", "#Calls", "To read")
    rows = [
        (
            Cell(str(progress.id)),
            Cell(job.kind),
            Cell(progress.state),
            number_cell(progress.calls),
            Cell(duration(progress.left or None)),
        )
        for job, progress in jobs
    ]
    return Table("Jobs", "job", heads, rows)


def _number(number: str) -> Cell:
    return Cell(masked(number) or "all")


def _cursors(account: AccountStatus) -> Iterator[int]:
    return (position.cursor for position in account.numbers.values())


def headroom(
    cursors: Iterable[int], gaps: Iterable[Gap], waiting_since: int | None, now: float
) -> float | None:
    """Seconds until Plum deletes the log of the oldest call that is still to be read, 0 to five
    days; ``None`` before the first poll. ``now`` is the API's time where it is known.
    """
    oldest = [*cursors, *(gap.start for gap in gaps if gap.reason in AT_RISK)]
    if waiting_since is not None:
        oldest.append(waiting_since)
    if not oldest:
        return None
    # Clamped: a clock that was wrong for a while left a headroom of -730,761,681 s.
    return min(max(RETENTION - (now - min(oldest)), 0.0), float(RETENTION))


def lag_of(account: AccountStatus, now: float) -> float | None:
    """Seconds since the end of the oldest call that may not be read yet; ``None`` before the first
    poll.
    """
    oldest = min(_cursors(account), default=None)
    return None if oldest is None else max(now - oldest, 0.0)


def headroom_of(account: AccountStatus, now: float) -> float | None:
    return headroom(_cursors(account), account.gaps, account.waiting_since, now)


def lanes_of(status: Status) -> Sequence[LaneStatus]:
    """The lanes of the daemon, and former ones that still keep calls."""
    known = _reported(status)
    return [
        each
        for each in status.lanes
        if not known or each.reported.state or each.calls or each.parked or each.paused_since
    ]


def _reported(status: Status) -> bool:
    """Whether a daemon has ever reported the states of its accounts and lanes."""
    accounts = any(account.reported.state for account in status.accounts)
    return accounts or any(each.reported.state for each in status.lanes)


def masked(number: str) -> str:
    """Enough to tell our own numbers apart."""
    return f"…{number[-4:]}" if number else ""
