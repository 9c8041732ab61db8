"""How full the outbox is, told when it begins to fill and when it has room again."""

from __future__ import annotations

from threading import Lock

from fuse_otel.events import Emit, OutboxCrossed

FILLING = 0.8
# Told again only when it was well below: a level that stays about the line is one crossing.
RELIEVED = 0.7


class Watermark:
    """For any number of threads. ``capacity`` in bytes."""

    def __init__(self, capacity: int, emit: Emit) -> None:
        self._capacity = capacity
        self._emit = emit
        self._filling = False
        self._lock = Lock()

    def stands_at(self, used: int) -> None:
        """After a transaction that changed it."""
        with self._lock:
            line = RELIEVED if self._filling else FILLING
            filling = used > line * self._capacity
            crossed, self._filling = filling is not self._filling, filling
        if crossed:
            self._emit(OutboxCrossed(filling, used, self._capacity))
