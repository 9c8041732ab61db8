"""SQLite's errors as the store's, mapped here and nowhere else. No sentence quotes SQLite's own
text, because that text may contain the values of the statement.
"""

from __future__ import annotations

import errno
import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fuse_otel.errors import Broken, Corrupt, Full, StoreError
from fuse_otel.store.sqlite.lock import lock_path
from fuse_otel.store.sqlite.place import network_hint

_PRIMARY = 0xFF
# The disk had no room for the index of the write-ahead log.
_NO_ROOM = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_SHMSIZE})
_BUSY = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
_DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_LOCKING = frozenset(
    {
        sqlite3.SQLITE_PROTOCOL,
        sqlite3.SQLITE_NOLFS,
        sqlite3.SQLITE_IOERR_LOCK,
        sqlite3.SQLITE_IOERR_UNLOCK,
        sqlite3.SQLITE_IOERR_RDLOCK,
        sqlite3.SQLITE_IOERR_CHECKRESERVEDLOCK,
        sqlite3.SQLITE_IOERR_SHMLOCK,
        sqlite3.SQLITE_IOERR_SHMMAP,
        sqlite3.SQLITE_IOERR_SHMOPEN,
    }
)
_NO_LOCKS = frozenset({errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL})
_NO_LOCKS_SENTENCE = (
    "cannot be used: its file system does not provide locks and shared memory (a network drive?)"
)
_UNUSABLE = {
    sqlite3.SQLITE_READONLY: "cannot be written: its file, its folder or the file system is"
    " read-only for this user",
    sqlite3.SQLITE_CANTOPEN: "cannot be opened: the file or its folder is gone, or this user may"
    " not use it",
    sqlite3.SQLITE_PERM: "cannot be opened: this user may not read and write it",
    sqlite3.SQLITE_IOERR: "cannot be read or written: the disk reports an error",
    sqlite3.SQLITE_NOMEM: "cannot be used: the process has no memory left",
}


@contextmanager
def mapped(name: str) -> Iterator[None]:
    """Raise what SQLite raises inside as ``StoreError``. ``name`` is the store's path.

    A broken constraint and a value that cannot be bound are about the values of one step, not about
    the store. They are raised unchanged: the caller isolates that step, and does not wait for
    the store to recover.
    """
    try:
        yield
    except (sqlite3.IntegrityError, sqlite3.ProgrammingError, sqlite3.DataError):
        raise
    except sqlite3.Error as error:
        raise store_error(error, name) from error


def store_error(error: sqlite3.Error, name: str) -> StoreError:
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
    if code in _NO_ROOM:
        return Full(f"The disk of the store {name} is full.")
    # Python's own error has no code. It means that the bytes of a text have changed.
    if code & _PRIMARY in _DAMAGED or str(error).startswith("Could not decode to UTF-8"):
        return damaged(name)
    if code in _LOCKING or (code & _PRIMARY in _BUSY and not _locks_work(Path(name))):
        return Broken(f"The store {name} {_NO_LOCKS_SENTENCE}.{network_hint(Path(name))}")
    if code & _PRIMARY in _BUSY:
        return StoreError(f"Another program keeps the store {name} locked; nothing was changed.")
    word = getattr(error, "sqlite_errorname", "an error without a code")
    why = _UNUSABLE.get(code & _PRIMARY, f"cannot be used: SQLite reports {word}")
    return Broken(f"The store {name} {why}.{network_hint(Path(name))}")


def _locks_work(path: Path) -> bool:
    """Whether the file system locks files at all: SQLite reports `busy` where it does not (ENOLCK).

    Tried on the lock's file. Closing a file of the store itself would release SQLite's own locks.
    """
    try:
        file = os.open(lock_path(path), os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return True  # not known
    try:
        fcntl.lockf(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError as error:
        return error.errno not in _NO_LOCKS
    finally:
        os.close(file)
    return True


def damaged(name: str) -> Corrupt:
    return Corrupt(
        f"The store {name} is damaged: when `fuse-otel run` or `once` starts next it is moved aside"
        " and the last five days are read again."
    )
