"""One SQLite database with five interfaces: opened for a daemon or a command, or created new."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from fuse_otel.errors import Broken, MissingStore
from fuse_otel.events import Emit, unheard
from fuse_otel.store.relational.calls import RelationalCalls
from fuse_otel.store.relational.capacity import Capacity
from fuse_otel.store.relational.control import RelationalControl
from fuse_otel.store.relational.flows import RelationalFlows
from fuse_otel.store.relational.ledger import RelationalLedger
from fuse_otel.store.relational.outbox import RelationalOutbox
from fuse_otel.store.sqlite.damaged_file import Damage, look_over
from fuse_otel.store.sqlite.database import Database
from fuse_otel.store.sqlite.errors import damaged
from fuse_otel.store.sqlite.lock import ProcessLock
from fuse_otel.store.sqlite.opening import (
    create_file,
    open_file,
    open_memory,
    refuse_other_kinds,
)
from fuse_otel.store.sqlite.place import OpenFile
from fuse_otel.store.sqlite.schema import VERSION, bring_forward, version_of
from fuse_otel.store.sqlite.start_check import StartCheck


class SqliteStore:
    """``capacity`` is the cap in bytes. ``acquire``, ``release`` and ``holder`` are the lock of the
    process; ``free`` is the room on the disk in bytes.
    """

    shared = False

    def __init__(
        self,
        database: Database,
        capacity: int,
        *,
        acquire: Callable[[], None],
        release: Callable[[], None],
        free: Callable[[], int],
        holder: Callable[[], str | None] = lambda: None,
        emit: Emit = unheard,
    ) -> None:
        self._database = database
        self._release = release
        room = Capacity(capacity, free, database.name, emit)
        self.ledger = RelationalLedger(database, room, acquire)
        self.outbox = RelationalOutbox(database, room)
        self.control = RelationalControl(database, capacity, acquire, holder, free)
        self.calls = RelationalCalls(database)
        self.flows = RelationalFlows(database)

    def clock(self, own: Callable[[], float]) -> Callable[[], float]:
        return own

    def leave(self) -> None:
        """The lock of the process is freed by ``close``, or by its end."""

    def close(self) -> None:
        """Idempotent. Waits for a transaction that is being written, then frees the lock."""
        self._database.close()
        self._release()


class MemoryStore(SqliteStore):
    """The same store in SQLite's own memory database, for tests and dry runs: one code path."""

    def __init__(self, capacity: int, emit: Emit = unheard) -> None:
        database = Database(open_memory, "in memory", single=True)
        _bring_forward(database, _nothing)
        super().__init__(
            database,
            capacity,
            acquire=_nothing,
            release=_nothing,
            free=lambda: sys.maxsize,
            emit=emit,
        )


def open_sqlite(
    path: Path,
    *,
    capacity: int,
    read_only: bool,
    create: bool,
    clock: Callable[[], float],
    emit: Emit,
    check_beside: bool = False,
) -> SqliteStore:
    """Raises ``Broken``, or ``Corrupt`` for a store that was found damaged, now or before.

    Creates a missing file if ``create`` and not ``read_only``. ``check_beside``: who takes the
    lock does not wait for the check of the file. Transactions raise ``Corrupt`` once it has found
    damage.
    """
    refuse_other_kinds(path)
    path = _behind_links(path)
    lock = ProcessLock(path, clock)
    if read_only:
        return _reader(path, capacity, lock)
    damage = Damage(path)
    if damage.noted:
        raise damaged(str(path))
    if create:
        create_file(path)
    else:
        _refuse_missing(path)
    return _writer(path, capacity, lock, damage, emit, check_beside=check_beside)


def begin_sqlite_anew(
    path: Path, *, capacity: int, clock: Callable[[], float], begin: Callable[[SqliteStore], None]
) -> Path | None:
    """Move a damaged store aside, and make a new one in its place that ``begin`` gives its first
    content. Returns the new name of the old file, ``None`` if there was none any more.

    All or nothing: the next start begins again what a crash interrupted. Raises ``Busy`` while a
    daemon works on the store, and ``Broken``.
    """
    path = _behind_links(path)
    lock = ProcessLock(path, clock)
    lock.acquire()
    damage = Damage(path)
    with ExitStack() as stack:
        stack.callback(lock.release)
        now = clock()
        aside = damage.move_aside(now)
        create_file(path)
        store = _writer(path, capacity, lock, damage, unheard)
        stack.callback(store.close)
        store.control.note_moved_aside(int(now))
        begin(store)
        damage.forget()
    return aside


def _behind_links(path: Path) -> Path:
    """The file that a link leads to: SQLite keeps its log there, so the lock and the note belong
    there too. Two links to one file are one store.
    """
    try:
        path.readlink()
        return path.resolve(strict=True)
    except (OSError, RuntimeError):
        return path  # no link, or one that leads nowhere


def _refuse_missing(path: Path) -> None:
    """Raises ``MissingStore``, or ``Broken`` for one that cannot be looked at."""
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        raise MissingStore(
            f"There is no store at {path.absolute()} yet: `fuse-otel run` or `once` makes it."
        ) from None
    except OSError as error:
        raise Broken(f"The store {path} cannot be opened: {error.strerror}.") from error


def _reader(path: Path, capacity: int, lock: ProcessLock) -> SqliteStore:
    _refuse_missing(path)
    database = Database(partial(open_file, path, read_only=True), str(path), read_only=True)
    with ExitStack() as stack:
        stack.callback(database.close)
        if (version := _version(database)) < VERSION:
            # A new file is empty until the daemon has made its tables.
            raise (Broken if version else MissingStore)(
                f"The store {database.name} is empty or older than this program: `fuse-otel run`"
                " or `once` brings it up to date."
            )
        stack.pop_all()
    return _file_store(database, path, capacity, lock, lock.acquire)


def _writer(
    path: Path,
    capacity: int,
    lock: ProcessLock,
    damage: Damage,
    emit: Emit,
    *,
    check_beside: bool = False,
) -> SqliteStore:
    check = StartCheck()

    def guard() -> None:
        # Before the file: a process that took the lock owns what the path leads to now.
        lock.check()
        check.raise_damage()

    with ExitStack() as stack:
        stack.callback(lock.release)
        database = Database(
            partial(open_file, path, read_only=False),
            str(path),
            damaged=damage.note,
            guard=guard,
            file=OpenFile(path),
            before_emptying=check.wait,
        )
        stack.callback(database.close)
        _bring_forward(database, lock.acquire)
        stack.pop_all()

    def acquire() -> None:
        if not lock.held:
            lock.acquire()
        if check.begun:  # not asked of the lock: an older store took it before it was changed
            return
        check.begun = True
        if check_beside:
            check.start(database.read(), database.name)
            return
        with database.read() as connection:
            look_over(connection, database.name)

    def release() -> None:
        check.wait()
        lock.release()

    return _file_store(database, path, capacity, lock, acquire, emit, release)


def _file_store(
    database: Database,
    path: Path,
    capacity: int,
    lock: ProcessLock,
    acquire: Callable[[], None],
    emit: Emit = unheard,
    release: Callable[[], None] | None = None,
) -> SqliteStore:
    return SqliteStore(
        database,
        capacity,
        acquire=acquire,
        release=release or lock.release,
        holder=lock.holder,
        free=partial(_free_bytes, path),
        emit=emit,
    )


def _bring_forward(database: Database, acquire: Callable[[], None]) -> None:
    """Only the holder of the lock may change an older store, because a daemon of the older version
    may be using it. Raises ``Busy``.
    """
    version = _version(database)
    if version == VERSION:
        return
    if version > 0:
        acquire()
    with database.write() as connection:
        bring_forward(connection, database.name)


def _version(database: Database) -> int:
    with database.read() as connection:
        return version_of(connection, database.name)


def _free_bytes(path: Path) -> int:
    try:
        return shutil.disk_usage(path.absolute().parent).free
    except OSError as error:
        raise Broken(f"The folder of the store {path} is gone: {error.strerror}.") from error


def _nothing() -> None:
    """No other process can open a store in memory."""
