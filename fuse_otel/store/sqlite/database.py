"""Transactions over a pool of connections: any number of readers, one writer at a time.
Also how the file gives disk space back.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from threading import Lock

from fuse_otel.errors import Broken, Corrupt
from fuse_otel.store.relational.database import Connection
from fuse_otel.store.sqlite.errors import mapped
from fuse_otel.store.sqlite.place import OpenFile

# Free pages that stay for the next batches: 8 MiB of SQLite's stock pages.
KEPT_PAGES = 2_048
# More than a transaction usually frees, so that the file shrinks faster than it empties; few
# enough to take milliseconds.
STEP_PAGES = 1_024
_SECURE_DELETE = ("off", "on", "fast")


class Database:
    """No two threads ever hold one connection. Connections are not bound to threads, because the
    web's threads start and end. ``single``: there is one connection only, and readers wait too.
    ``guard`` raises ``StoreError`` if the store may not be used any more; every transaction calls
    it, and checks ``file``. ``damaged`` is called when a transaction finds that the file is damaged
    or gone. ``before_emptying`` waits for a long reader of this process, before SQLite's log is
    emptied. ``file`` is closed after the last connection.
    """

    owner = ""  # there are no others

    def __init__(  # noqa: PLR0913 - options, by name
        self,
        open_connection: Callable[[], sqlite3.Connection],
        name: str,
        read_only: bool = False,
        *,
        single: bool = False,
        damaged: Callable[[], None] = lambda: None,
        guard: Callable[[], None] = lambda: None,
        file: OpenFile | None = None,
        before_emptying: Callable[[], None] = lambda: None,
    ) -> None:
        self.name = name
        self.looseness = 0
        self._open = open_connection
        self._read_only = read_only
        self._damaged = damaged
        self._guard = guard
        self._file = file
        self._before_emptying = before_emptying
        self._writing = Lock()
        self._reading: AbstractContextManager[object] = self._writing if single else nullcontext()
        self._pool = Lock()
        self._closed = False
        self._lent_out = 0
        self._idle: list[sqlite3.Connection] = []
        try:
            # Opened now, so that a store that cannot be used fails when it is opened.
            self._idle.append(open_connection())
            self._check()
        except BaseException:
            self.close()
            raise

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """One consistent view. Keep it short: SQLite cannot shorten its log meanwhile."""
        with (
            self._faults(),
            self._reading,
            self._lent() as connection,
            _transaction(connection, "begin", self._check),
        ):
            yield connection

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """All or nothing, durable when the block ends. Raises ``StoreError``."""
        self.check_writable()
        with (
            self._faults(),
            self._writing,
            self._lent() as connection,
            _transaction(connection, "begin immediate", self._check),
        ):
            yield connection

    def claiming(self) -> AbstractContextManager[sqlite3.Connection]:
        """The only process claims nothing: it reads."""
        return self.read()

    @contextmanager
    def erasing(self) -> Iterator[sqlite3.Connection]:
        """As ``write``; the bytes of deleted rows are overwritten with zeros."""
        with self.write() as connection:
            (before,) = connection.execute("pragma secure_delete").fetchone()
            connection.execute("pragma secure_delete = on")
            yield connection
            connection.execute(f"pragma secure_delete = {_SECURE_DELETE[before]}")
        # SQLite's log still has the erased pages. Where a reader needs it, the next checkpoint
        # empties it. A writer would wait with us for the check of the file, so it ends first.
        self._before_emptying()
        with self._alone() as connection:
            connection.execute("pragma wal_checkpoint(truncate)").fetchall()

    def give_back(self, connection: Connection) -> None:
        """Free some of the file's empty pages, inside the caller's transaction."""
        (free,) = connection.execute("pragma freelist_count").fetchone()
        for _ in range(min(free - KEPT_PAGES, STEP_PAGES)):
            # SQLite frees a page a step, and Python's module takes one step of a statement without
            # columns, also if the number here is higher.
            connection.execute("pragma incremental_vacuum(1)")

    @contextmanager
    def _alone(self) -> Iterator[sqlite3.Connection]:
        """Without a transaction, and without another writer: for a checkpoint."""
        self.check_writable()
        with self._faults(), self._writing, self._lent() as connection:
            self._check()
            yield connection

    def _check(self) -> None:
        self._guard()
        if self._file is not None:
            self._file.check()

    def check_writable(self) -> None:
        if self._read_only:
            raise Broken(f"The store {self.name} is open for reading only.")

    def close(self) -> None:
        """Wait for the writer, then close; what is lent to readers closes on its return."""
        with self._writing, self._pool:
            while self._idle:
                self._idle.pop().close()
            was_open, self._closed = not self._closed, True
            if was_open and not self._lent_out and self._file is not None:
                self._file.close()

    @contextmanager
    def _faults(self) -> Iterator[None]:
        try:
            with mapped(self.name):
                yield
        except Corrupt:
            self._damaged()
            raise

    @contextmanager
    def _lent(self) -> Iterator[sqlite3.Connection]:
        connection = self._take()
        try:
            yield connection
        finally:
            self._give_back(connection)

    def _take(self) -> sqlite3.Connection:
        with self._pool:
            if self._closed:
                raise Broken(f"The store {self.name} is closed.")
            if self._file is not None and not (self._idle or self._lent_out):
                self._file.forget_log()
            self._lent_out += 1
            if self._idle:
                return self._idle.pop()
        try:
            self._check()
            return self._open()
        except BaseException:
            self._count_back()
            raise

    def _give_back(self, connection: sqlite3.Connection) -> None:
        with self._pool:
            # A connection that could not even roll back (a disk error) is not used again.
            if not (self._closed or connection.in_transaction):
                self._idle.append(connection)
                self._lent_out -= 1
                return
        connection.close()
        self._count_back()

    def _count_back(self) -> None:
        with self._pool:
            self._lent_out -= 1
            if self._closed and not self._lent_out and self._file is not None:
                self._file.close()


@contextmanager
def _transaction(
    connection: sqlite3.Connection, begin: str, guard: Callable[[], None]
) -> Iterator[None]:
    connection.execute(begin)
    try:
        # In the transaction, so that a connection which was opened on another file is noticed.
        guard()
        yield
        guard()
        connection.execute("commit")
    finally:
        if connection.in_transaction:
            connection.execute("rollback")
