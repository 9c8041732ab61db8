"""How a connection is opened, and the settings of every connection with their reasons."""

from __future__ import annotations

import os
import sqlite3
import sys
from contextlib import ExitStack
from pathlib import Path

from fuse_otel.errors import Broken, Corrupt
from fuse_otel.store.sqlite.damaged_file import is_ours
from fuse_otel.store.sqlite.errors import mapped
from fuse_otel.store.sqlite.schema import version_of

_WAIT = 5.0
_KEEP_LOG = 16 * 1024 * 1024
_ANY = (
    # A commit has reached the disk when it returns, on macOS past the drive's own cache too.
    "pragma synchronous = full",
    *(("pragma fullfsync = on",) if sys.platform == "darwin" else ()),
    "pragma foreign_keys = on",
    "pragma temp_store = memory",
    "pragma trusted_schema = off",
)


def open_memory() -> sqlite3.Connection:
    """A database of its own that lives as long as the connection."""
    connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    for pragma in _ANY:
        connection.execute(pragma)
    return connection


def refuse_folder(path: Path) -> None:
    """Raises ``Broken``."""
    if path.is_dir():
        raise Broken(
            f"The store {path} is a directory: name a file in it, such as {path / 'fuse-otel.db'}."
        )


def create_file(path: Path) -> None:
    """Make sure that the file is there. Only its owner may read it. Raises ``Broken``."""
    refuse_folder(path)
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    except OSError as error:
        raise Broken(f"The store {path} cannot be opened: {error.strerror}.") from error


def open_file(path: Path, *, read_only: bool) -> sqlite3.Connection:
    """A connection to an existing file. Raises ``StoreError``: ``Corrupt`` for a damaged store,
    ``Broken`` for a file that never was one. Either is left untouched.
    """
    try:
        return _opened(path, read_only=read_only)
    except Corrupt as error:
        if is_ours(path):
            raise
        raise Broken(
            f"{path} is not a SQLite database of fuse-otel and is left as it is: name another file"
            " for the store, or move this one away."
        ) from error


def _opened(path: Path, *, read_only: bool) -> sqlite3.Connection:
    mode = "ro" if read_only else "rw"
    with mapped(str(path)), ExitStack() as stack:
        connection = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode={mode}",
            uri=True,
            timeout=_WAIT,
            isolation_level=None,
            check_same_thread=False,
        )
        stack.callback(connection.close)
        version_of(connection, str(path))
        for pragma in _ANY:
            connection.execute(pragma)
        if not read_only:
            _prepare_writing(connection, path)
        stack.pop_all()
        return connection


def _prepare_writing(connection: sqlite3.Connection, path: Path) -> None:
    # Works only on an empty file, before anything is written to it.
    connection.execute("pragma auto_vacuum = incremental")
    (mode,) = connection.execute("pragma journal_mode = wal").fetchone()
    if mode != "wal":
        raise Broken(
            f"The store {path} lies on a file system without shared memory (a network drive?):"
            " name a file on a local disk."
        )
    connection.execute(f"pragma journal_size_limit = {_KEEP_LOG}")
