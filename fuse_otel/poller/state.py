"""The state of a poller, for ``once``, metrics and the readiness page."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from msgspec import Struct

from fuse_otel.errors import SourceError, StoreError
from fuse_otel.events import AccountMoved
from fuse_otel.poller.health import AccountHealth
from fuse_otel.ports import GapReason, PendingReason, Position
from fuse_otel.views.status_report import headroom


class PollerState(Struct, frozen=True):
    """``idle``: nothing is due. ``error`` is why the account or the store does not work, ``None``
    if both do; ``failures`` counts the failures in a row of lists, details and store.
    ``only_history``: all is read but intervals of the past that the first start or a job opened.
    ``waiting_for`` counts the calls that are listed but not exported yet, by reason.
    """

    idle: bool
    unauthorized: bool
    error: SourceError | StoreError | None
    failures: int
    waiting_for: Mapping[PendingReason, int]
    gaps: int
    only_history: bool = False

    @property
    def waiting(self) -> int:
        return sum(self.waiting_for.values())


def only_history(position: Position | None) -> bool:
    if position is None or position.due:
        return False
    return all(gap.reason in (GapReason.HISTORY, GapReason.BACKFILL) for gap in position.gaps)


def account_moved(
    account: str,
    position: Position,
    numbers: Collection[str],
    now: float,
    health: AccountHealth,
    unsure: Collection[str] = (),
) -> AccountMoved:
    """``numbers`` are the configured ones. Stored positions of other numbers do not count.
    ``now`` is the API's time. The positions of ``unsure`` numbers may be by a wrong clock.
    """
    cursors = [
        here.cursor
        for number, here in position.numbers.items()
        if number in numbers and number not in unsure
    ]
    return AccountMoved(
        account=account,
        up=health.up,
        cursor=min(cursors, default=None),
        headroom=headroom(cursors, position.gaps, position.waiting_since, now),
        pending=position.waiting,
        gap_seconds=sum(gap.end - gap.start for gap in position.gaps),
        failing=position.waiting_for.get(PendingReason.FAILING, 0),
        reason=str(health.error or ""),
    )
