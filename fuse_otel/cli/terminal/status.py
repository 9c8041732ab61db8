"""Where everything stands, as tables for a terminal. What is well is said in a word."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fuse_otel.cli.terminal.table import Cell, table
from fuse_otel.cli.terminal.text import Ink, Piece, clean
from fuse_otel.humanize import UNKNOWN, ago, duration, moment, plural, size
from fuse_otel.ports import AccountStatus, Gap, GapReason, LaneStatus, Status, Told
from fuse_otel.views.status_report import (
    ALMOST_FULL,
    AT_RISK,
    TIGHT,
    headroom_of,
    lanes_of,
    masked,
    share_used,
    told,
    told_problems,
)

Line = list[Piece]

_MOST_ROWS = 10  # of gaps and of intervals given up; `--json` has all
_ACCOUNTS = ("ACCOUNT", "STATE", "#HEADROOM", "READ UP TO", "#PENDING", "#CALLS", "TO READ")
_LANES = ("LANE", "STATE", "#WAITING", "OLDEST ENDED", "#PARKED")
_GAPS = ("ACCOUNT", "NUMBER", "GAP FROM", "TO", "REASON")
_UNREADABLE = ("ACCOUNT", "NUMBER", "GIVEN UP FROM", "TO", "CLOSED")
_ORDERS = ("#ORDER", "WHAT", "STATE", "#CALLS", "TO READ")


def status_lines(
    status: Status, daemon: str | None, now: float, width: int | None
) -> Iterator[Line]:
    """``daemon`` is who holds the store; without one nothing is said of states."""
    running = daemon is not None and told(status)
    yield _daemon(daemon)
    for problem in told_problems(status) if running else ():
        yield [Piece(clean(problem), Ink.ALARM)]
    yield []
    accounts = [_account(account, now, running=running) for account in status.accounts]
    yield from table(_ACCOUNTS, accounts, width)
    yield []
    lanes = [_lane(each, now, running=running) for each in lanes_of(status)]
    yield from table(_LANES, lanes, width)
    yield []
    yield _outbox(status)
    yield from _titled(_GAPS, _gaps(status.accounts), width)
    yield from _titled(_UNREADABLE, _unreadable(status.accounts, now), width)
    yield from _titled(_ORDERS, _orders(status), width)


def _daemon(daemon: str | None) -> Line:
    if daemon is None:
        return [Piece("No daemon runs. ", Ink.WARNING), Piece("This is how the last one left it.")]
    return [Piece(f"Running: {clean(daemon)}.")]


def _titled(headings: Sequence[str], rows: list[list[Cell]], width: int | None) -> Iterator[Line]:
    if rows:
        yield []
        yield from table(headings, rows[:_MOST_ROWS], width)
    if len(rows) > _MOST_ROWS:
        yield [Piece(f"{len(rows) - _MOST_ROWS:,} more: --json lists them all.", Ink.FAINT)]


def _account(account: AccountStatus, now: float, *, running: bool) -> list[Cell]:
    left = headroom_of(account, now)
    tight = left is not None and left < TIGHT
    cursors = [position.cursor for position in account.numbers.values()]
    seconds = sum(gap.end - gap.start for gap in account.gaps)
    gaps = f"{duration(seconds)} in {plural(len(account.gaps), 'gap')}" if seconds else UNKNOWN
    return [
        account.account,
        _state(account.told, running=running),
        Piece(duration(left), Ink.ALARM if tight else Ink.PLAIN),
        ago(min(cursors, default=None), now),
        f"{account.waiting:,}",
        f"{account.calls:,}",
        gaps,
    ]


def _lane(each: LaneStatus, now: float, *, running: bool) -> list[Cell]:
    return [
        f"{each.lane.destination}/{each.lane.signal}",
        _state(each.told, running=running),
        f"{each.calls:,}",
        ago(each.oldest, now),
        Piece(f"{each.parked:,}", Ink.WARNING if each.parked else Ink.PLAIN),
    ]


def _state(said: Told, *, running: bool) -> Piece:
    if not running:
        return Piece(UNKNOWN)
    if not said.state:
        return Piece("not configured", Ink.WARNING)
    return Piece(said.state, Ink.PLAIN if said.state == "up" else Ink.ALARM)


def _outbox(status: Status) -> Line:
    share = share_used(status)
    text = f"{size(status.used)} of {size(status.capacity)} ({share:.0%})"
    return [
        Piece("OUTBOX  ", Ink.FAINT),
        Piece(text, Ink.ALARM if share >= ALMOST_FULL else Ink.PLAIN),
    ]


def _gaps(accounts: Sequence[AccountStatus]) -> list[list[Cell]]:
    return [
        [
            account.account,
            masked(gap.number) or "all",
            moment(gap.start),
            moment(gap.end),
            _reason(gap),
        ]
        for account in accounts
        for gap in account.gaps
    ]


def _reason(gap: Gap) -> Piece:
    if gap.reason is GapReason.ERROR:
        return Piece(gap.reason, Ink.ALARM)
    return Piece(gap.reason, Ink.WARNING if gap.reason in AT_RISK else Ink.PLAIN)


def _unreadable(accounts: Sequence[AccountStatus], now: float) -> list[list[Cell]]:
    """The latest first."""
    return [
        [
            account.account,
            masked(each.number) or "all",
            moment(each.start),
            moment(each.end),
            ago(each.closed_at, now),
        ]
        for account in accounts
        for each in reversed(account.unreadable)
    ]


def _orders(status: Status) -> list[list[Cell]]:
    return [
        [
            str(receipt.id),
            order.kind,
            receipt.state,
            f"{receipt.calls:,}",
            duration(receipt.left) if receipt.left else UNKNOWN,
        ]
        for order, receipt in status.orders
    ]
