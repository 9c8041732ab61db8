"""The state of a poller, for ``once``, metrics and the readiness page."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from fuse_otel.errors import SourceError, StoreError
from fuse_otel.events import AccountMoved
from fuse_otel.ports import Position
from fuse_otel.views.status_report import headroom


@dataclass(frozen=True, slots=True)
class PollerState:
    """``idle``: nothing is due. ``waiting`` calls are listed but not exported yet. ``error`` is the
    store's, else the last request's, ``None`` if the last one succeeded; ``failures`` counts
    failures in a row.
    """

    idle: bool
    unauthorized: bool
    error: SourceError | StoreError | None
    failures: int
    waiting: int
    gaps: int


def account_moved(
    account: str, position: Position, numbers: Collection[str], now: float, *, up: bool
) -> AccountMoved:
    """``numbers`` are the configured ones. Stored positions of other numbers do not count."""
    cursors = [here.cursor for number, here in position.numbers.items() if number in numbers]
    return AccountMoved(
        account=account,
        up=up,
        cursor=min(cursors, default=None),
        headroom=headroom(cursors, position.gaps, position.waiting_since, now),
        pending=position.waiting,
        gap_seconds=sum(gap.end - gap.start for gap in position.gaps),
    )
