"""How much the store may hold: the cap, the parked calls' share of it, the room on the disk."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import cast

from fuse_otel import humanize
from fuse_otel.errors import Full
from fuse_otel.events import Emit, OutboxCrossed
from fuse_otel.store.relational.database import Connection
from fuse_otel.store.relational.queries import queries

# Room that stays on the disk, so that what waits can always be resolved and deleted.
RESERVE = 64 * 1024 * 1024
PARKED_SHARE = 0.2
DRAINING_SHARE = 0.05
FILLING = 0.8
# The warning ends well below the line that starts it: a level around the line is one crossing.
RELIEVED = 0.7
_SQL = queries("capacity")


class Capacity:
    """For any number of threads. ``cap`` and ``free()``, the room on the disk, are in bytes."""

    def __init__(self, cap: int, free: Callable[[], int], name: str, emit: Emit) -> None:
        self.cap = cap
        self._free = free
        self._name = name
        self._emit = emit
        self._filling = False
        self._lock = Lock()

    def check_disk(self, new: int) -> None:
        """Raises ``Full`` if ``new`` more bytes would leave too little room on the disk."""
        if (left := self._free() - new) < RESERVE:
            raise Full(
                f"The disk of the store {self._name} is nearly full:"
                f" {humanize.size(max(left, 0))} would be left,"
                f" {humanize.size(RESERVE)} are kept free.",
                needed=new,
            )

    def check_cap(self, used: int, new: int, *, drains: bool = True) -> None:
        """Raises ``Full`` if ``new`` more bytes beside the ``used`` ones would pass the cap.

        Only a step with batches ``drains`` and may use the last part of the cap. Otherwise calls
        that wait for their logs could fill the cap, and the batches with which they leave would
        find no room.
        """
        limit = self.cap if drains else int(self.cap * (1 - DRAINING_SHARE))
        if new > 0 and used + new > limit:
            raise Full(
                f"The outbox is full: {humanize.size(used)} of"
                f" {humanize.size(self.cap)} are used, {humanize.size(new)} more wait.",
                needed=new + self.cap - limit,
            )

    def check_parked(self, connection: Connection) -> None:
        """Raises ``Full`` if the parked calls have passed their share of the cap."""
        limit = int(self.cap * PARKED_SHARE)
        (taken,) = connection.execute(_SQL["parked_bytes"]).fetchone()
        if taken > limit:
            raise Full(
                f"Parked calls would take {humanize.size(taken)},"
                f" {humanize.size(limit)} are theirs at most: replay or drop some."
            )

    def note(self, used: int) -> None:
        """Call it after each transaction that changed the used bytes: it emits the crossings."""
        with self._lock:
            line = RELIEVED if self._filling else FILLING
            filling = used > line * self.cap
            crossed, self._filling = filling is not self._filling, filling
        if crossed:
            self._emit(OutboxCrossed(filling, used, self.cap))


def used_bytes(connection: Connection) -> int:
    """What counts for the cap: batches, parked copies, and the rows of the ledger, pending and
    recent calls, callers, the index of calls, the call flows and the samples of the charts.
    """
    return cast("int", connection.execute(_SQL["used"]).fetchone()[0])
