"""Stores whose process ends, or whose statements fail, wherever a trap says."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Protocol
from unittest.mock import patch

from fuse_otel.ports import Store
from fuse_otel.store import is_shared, open_store
from fuse_otel.store.sqlite.database import Database
from fuse_otel.store.sqlite.opening import open_file, open_memory
from fuse_otel.store.sqlite.schema import bring_forward
from fuse_otel.store.sqlite.store import SqliteStore
from support.fakes.fragile_connection import FragileConnection, Trap

Clock = Callable[[], float]
FOREVER = 1e9  # seconds: the simulated time of a test runs faster than the server's


class FragileStore(Protocol):
    def open(self, capacity: int) -> Store: ...

    def kill(self, store: Store) -> None:
        """As it is after the end of its process: nothing was closed or given back."""
        ...

    def close(self) -> None: ...


def fragile_store(url: str, trap: Trap, clock: Clock) -> FragileStore:
    """``url`` as for ``open_store``. The store in memory outlasts its process."""
    return FragilePostgres(url, trap, clock) if is_shared(url) else FragileSqlite(url, trap, clock)


class FragileSqlite:
    def __init__(self, url: str, trap: Trap, clock: Clock) -> None:
        self._url = url
        self._trap = trap
        self._clock = clock
        self._memory: sqlite3.Connection | None = None
        if url == "sqlite://":
            self._memory = open_memory()
            bring_forward(self._memory, "in memory")

    def open(self, capacity: int) -> Store:
        if self._memory is None:
            open_store(self._url, capacity=1, clock=self._clock).close()
        database = Database(self._connection, "the store", single=self._memory is not None)
        return SqliteStore(
            database,
            capacity,
            acquire=lambda: None,
            release=lambda: None,
            free=lambda: sys.maxsize,
        )

    def _connection(self) -> sqlite3.Connection:
        path = Path(self._url.removeprefix("sqlite:///"))
        real = self._memory or open_file(path, read_only=False)
        return FragileConnection(real, self._trap, kept=self._memory is not None)  # type: ignore[return-value]

    def kill(self, store: Store) -> None:
        store.close()

    def close(self) -> None:
        if self._memory:
            self._memory.close()


class FragilePostgres:
    """Without heartbeats, whose statements would spring the trap at another place each time."""

    def __init__(self, url: str, trap: Trap, clock: Clock) -> None:
        from fuse_otel.store.postgres import database, replica, store  # noqa: PLC0415 - an extra

        self._url = url
        self._trap = trap
        trap.error = _connection_breaks
        self._clock = clock
        self._connection = database.Connection
        open_store(url, capacity=1, clock=clock).close()  # makes its tables
        with ExitStack() as stack:
            stack.enter_context(patch.object(database, "Connection", self._fragile))
            lasting = partial(replica.Replica, lease=FOREVER)
            stack.enter_context(patch.object(store, "Replica", lasting))
            stack.enter_context(patch.object(replica.Replica, "_run", lambda _: None))
            self._patches = stack.pop_all()

    def open(self, capacity: int) -> Store:
        return open_store(self._url, capacity=capacity, clock=self._clock)

    def _fragile(self, *arguments: Any) -> FragileConnection:
        return FragileConnection(self._connection(*arguments), self._trap, kept=False)

    def kill(self, store: Any) -> None:
        store._database.close()
        self.expire()

    def expire(self) -> None:
        """As after so many seconds without a heartbeat."""
        import psycopg  # noqa: PLC0415 - an extra

        with psycopg.connect(self._url, autocommit=True) as connection:
            connection.execute("update replicas set lives_until = now()")

    @contextmanager
    def taken_over(self, hanging: Any, take: Callable[[Store], None]) -> Iterator[Store]:
        """Another replica has taken what ``hanging`` had, and ends after the context. ``hanging``
        continues inside.
        """
        with closing(self.open(1 << 30)) as other:
            self.expire()
            take(other)
            hanging._replica._beat()
            yield other

    def close(self) -> None:
        self._patches.close()


def _connection_breaks() -> Exception:
    import psycopg  # noqa: PLC0415 - an extra

    return psycopg.OperationalError("the server closed the connection")
