"""SQLite's errors as the store's, mapped here and nowhere else. No sentence quotes SQLite's own
text, because that text may contain the values of the statement.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from fuse_otel.errors import Broken, Corrupt, Full, StoreError

_PRIMARY = 0xFF
# The disk had no room for the index of the write-ahead log.
_NO_ROOM = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_SHMSIZE})
_LOCKED = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
_DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_UNUSABLE = {
    sqlite3.SQLITE_READONLY: "cannot be written: its file, its folder or the file system is"
    " read-only for this user",
    sqlite3.SQLITE_CANTOPEN: "cannot be opened: the file or its folder is gone, or may not be"
    " read by this user",
    sqlite3.SQLITE_PERM: "cannot be opened: this user may not read and write it",
    sqlite3.SQLITE_IOERR: "cannot be read or written: the disk reports an error",
}


@contextmanager
def mapped(name: str) -> Iterator[None]:
    """Raise what SQLite raises inside as ``StoreError``; ``name`` is the store's, for sentences.

    Broken constraints and wrong use of the module are mistakes of ours and come through as they
    are.
    """
    try:
        yield
    except (sqlite3.IntegrityError, sqlite3.ProgrammingError):
        raise
    except sqlite3.DatabaseError as error:
        raise store_error(error, name) from error


def store_error(error: sqlite3.DatabaseError, name: str) -> StoreError:
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
    if code in _NO_ROOM:
        return Full(f"The disk of the store {name} is full.")
    if code & _PRIMARY in _LOCKED:
        return StoreError(f"Another program keeps the store {name} locked; nothing was changed.")
    if code & _PRIMARY in _DAMAGED:
        return damaged(name)
    if why := _UNUSABLE.get(code & _PRIMARY):
        return Broken(f"The store {name} {why}.")
    word = getattr(error, "sqlite_errorname", "an error without a code")
    return Broken(f"The store {name} cannot be used: SQLite reports {word}.")


def damaged(name: str) -> Corrupt:
    return Corrupt(
        f"The store {name} is damaged: when `fuse-otel run` or `once` starts next it is moved aside"
        " and the last five days are read again."
    )
