"""One SQLite database behind the three doors."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from fuse_otel.errors import Broken
from fuse_otel.store.sqlite.control import SqliteControl
from fuse_otel.store.sqlite.database import Database
from fuse_otel.store.sqlite.ledger import SqliteLedger
from fuse_otel.store.sqlite.lock import ProcessLock
from fuse_otel.store.sqlite.opening import create_file, open_file, open_memory
from fuse_otel.store.sqlite.outbox import SqliteOutbox
from fuse_otel.store.sqlite.schema import VERSION, bring_forward, version_of


class SqliteStore:
    """``acquire``, ``release`` and ``holder`` are the process's lock; ``free`` is the disk's room
    in bytes.
    """

    def __init__(
        self,
        database: Database,
        capacity: int,
        *,
        acquire: Callable[[], None],
        release: Callable[[], None],
        free: Callable[[], int],
        holder: Callable[[], str | None] = lambda: None,
    ) -> None:
        self._database = database
        self._release = release
        self._ledger = SqliteLedger(database, capacity, acquire, free)
        self._outbox = SqliteOutbox(database, capacity)
        self._control = SqliteControl(database, capacity, acquire, holder)

    @property
    def ledger(self) -> SqliteLedger:
        return self._ledger

    @property
    def outbox(self) -> SqliteOutbox:
        return self._outbox

    @property
    def control(self) -> SqliteControl:
        return self._control

    def close(self) -> None:
        """Idempotent. Waits for a transaction that is being written, then frees the lock."""
        self._database.close()
        self._release()


class MemoryStore(SqliteStore):
    """The same store, kept by nobody but this process: for tests and dry runs."""

    def __init__(self, capacity: int) -> None:
        database = Database(open_memory, "in memory", single=True)
        _bring_forward(database)
        super().__init__(
            database, capacity, acquire=_nothing, release=_nothing, free=lambda: sys.maxsize
        )


def open_sqlite(
    path: Path, *, capacity: int, read_only: bool, clock: Callable[[], float]
) -> SqliteStore:
    """Raises ``Broken``. A file that is missing is made, unless it is only to be read."""
    if not read_only:
        create_file(path)
    elif not path.is_file():
        raise Broken(f"There is no store at {path} yet: `fuse-otel run` or `once` makes it.")
    with ExitStack() as stack:
        database = Database(partial(open_file, path, read_only=read_only), str(path), read_only)
        stack.callback(database.close)
        prepare = _check_schema if read_only else _bring_forward
        prepare(database)
        stack.pop_all()
    lock = ProcessLock(path, clock)
    return SqliteStore(
        database,
        capacity,
        acquire=lock.acquire,
        release=lock.release,
        holder=lock.holder,
        free=partial(_free_bytes, path),
    )


def _bring_forward(database: Database) -> None:
    with database.read() as connection:
        current = version_of(connection, database.name) == VERSION
    if not current:
        with database.write() as connection:
            bring_forward(connection, database.name)


def _check_schema(database: Database) -> None:
    with database.read() as connection:
        version = version_of(connection, database.name)
    if version < VERSION:
        raise Broken(
            f"The store {database.name} is empty or older than this program: `fuse-otel run` or"
            " `once` brings it up to date."
        )


def _free_bytes(path: Path) -> int:
    try:
        return shutil.disk_usage(path.absolute().parent).free
    except OSError as error:
        raise Broken(f"The folder of the store {path} is gone: {error.strerror}.") from error


def _nothing() -> None:
    """There is no other process to keep out."""
