"""How a connection is opened, and the settings of every connection with their reasons."""

from __future__ import annotations

import errno
import os
import sqlite3
import stat
import sys
from contextlib import ExitStack
from pathlib import Path

from fuse_otel.errors import Broken, Corrupt
from fuse_otel.store.sqlite.damaged_file import is_ours
from fuse_otel.store.sqlite.errors import mapped
from fuse_otel.store.sqlite.place import network_hint
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


def refuse_other_kinds(path: Path) -> None:
    """Raises ``Broken`` for what is there and is no regular file. A link is followed."""
    try:
        kind = path.stat().st_mode
    except ValueError as error:  # a zero byte in the name
        raise Broken(f"{str(path)!r} is no file name: name another file for the store.") from error
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            raise Broken(f"The store {path} cannot be opened: {error.strerror}.") from error
        return  # missing, or not for this user to see: opening it says so
    if stat.S_ISDIR(kind):
        raise Broken(
            f"The store {path} is a directory: name a file in it, such as {path / 'fuse-otel.db'}."
        )
    if not stat.S_ISREG(kind):
        raise Broken(f"The store {path} is a device or a pipe: name a regular file.")


def create_file(path: Path) -> None:
    """Make sure that the file is there. Only its owner may read it. Raises ``Broken``."""
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    except OSError as error:
        raise Broken(_not_created(path, error)) from error
    folder = _folder(path)
    if not os.access(folder, os.W_OK | os.X_OK):
        # SQLite keeps its log beside the file, and reports only that it cannot open a file.
        raise Broken(
            f"The store {path} cannot be written: this user may not create files in its folder"
            f" {folder}."
        )


def _folder(path: Path) -> Path:
    try:
        return path.absolute().parent
    except OSError:
        return path.parent  # the working directory is gone


def _not_created(path: Path, error: OSError) -> str:
    folder = _folder(path)
    if path.is_symlink():
        target = path.readlink()
        return f"The store {path} cannot be opened: it is a link to {target}: {error.strerror}."
    if not folder.is_dir():
        return f"The store {path} cannot be opened: its folder {folder} does not exist."
    return f"The store {path} cannot be opened: {error.strerror}.{network_hint(path)}"


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
