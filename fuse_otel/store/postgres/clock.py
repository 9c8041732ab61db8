"""The database's clock, which all replicas share: what one stores as due is due for the others by
the same time, also if their own clocks are wrong or jump.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Lock

from fuse_otel.store.relational.database import Connection

_NOW = "select extract(epoch from clock_timestamp())::double precision"


class DatabaseClock:
    """UNIX seconds. Between two measurements it goes on by ``timer``, monotonic seconds, so that it
    needs no answer of the database. For any thread, after the first ``measure``.
    """

    def __init__(self, timer: Callable[[], float] = time.monotonic) -> None:
        self._timer = timer
        self._ahead: float | None = None  # of the timer, seconds
        self._lock = Lock()

    def __call__(self) -> float:
        if self._ahead is None:
            raise RuntimeError("The clock of the database was not measured.")
        return self._ahead + self._timer()

    def measure(self, connection: Connection) -> None:
        began = self._timer()
        (now,) = connection.execute(_NOW).fetchone()
        half = (self._timer() - began) / 2
        found = now - (began + half)
        with self._lock:
            # The answer was made at any moment of the wait: a slow one changes little or nothing.
            if self._ahead is None:
                self._ahead = found
            else:
                self._ahead = min(max(self._ahead, found - half), found + half)
