"""A damaged file: how it differs from a foreign one, its note for the next start, its new name."""

from __future__ import annotations

import os
import sqlite3
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from fuse_otel.errors import Broken
from fuse_otel.store.sqlite.errors import damaged
from fuse_otel.store.sqlite.lock import lock_path
from fuse_otel.store.sqlite.place import HEADER, LOG_PARTS, MAGIC, has_our_id

# The file, its write-ahead log and the index of that log: they belong together and move together.
PARTS = ("", *LOG_PARTS)
# SQLite checks a file of this size in half a second; damage in a larger one is found in use.
LOOKED_OVER = 256 * 1024 * 1024


def is_ours(path: Path) -> bool:
    """Whether a file that SQLite cannot read was a store of ours: its header shows it, or a daemon
    left its lock beside it, which it does only beside a store that it could open.
    """
    if lock_path(path).exists():
        return True
    try:
        with path.open("rb") as file:
            header = file.read(HEADER)
    except OSError as error:
        raise Broken(f"The store {path} cannot be read: {error.strerror}.") from error
    return header.startswith(MAGIC) and has_our_id(header)


def look_over(connection: sqlite3.Connection, name: str) -> None:
    """Check the whole file unless it is too large. Raises ``Corrupt``."""
    (pages,) = connection.execute("pragma page_count").fetchone()
    (size,) = connection.execute("pragma page_size").fetchone()
    if pages * size > LOOKED_OVER:
        return
    (found,) = connection.execute("pragma integrity_check(1)").fetchone()
    if found != "ok":
        raise damaged(name)


class Damage:
    """The note of damage beside the store at ``path``, on which the next start acts."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._note = path.with_name(path.name + ".damaged")

    @property
    def noted(self) -> bool:
        try:
            self._note.stat()
        except (FileNotFoundError, NotADirectoryError):
            return False
        except OSError as error:
            raise Broken(f"The store {self._path} cannot be used: {error.strerror}.") from error
        return True

    def note(self) -> None:
        """If the note cannot be written, the next start has to find the damage itself."""
        with suppress(OSError):
            self._note.touch(0o600)
            _reach_the_disk(self._path.absolute().parent)

    def move_aside(self, now: float) -> Path | None:
        """Rename all parts with the time in UTC; returns the new name of the file, ``None`` if the
        file is gone.

        The note is written first: after any interruption from here on the next start begins again.
        """
        moment = datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H%M%SZ")
        aside = _unused(self._path.with_name(f"{self._path.name}.corrupt-{moment}"))
        try:
            self._note.touch(0o600)
            _reach_the_disk(self._path.absolute().parent)
            for part in PARTS:
                with suppress(FileNotFoundError):
                    Path(f"{self._path}{part}").rename(f"{aside}{part}")
            _reach_the_disk(self._path.absolute().parent)
        except OSError as error:
            raise Broken(
                f"The store {self._path} is damaged and cannot be moved aside: {error.strerror}."
            ) from error
        return aside if aside.exists() else None

    def forget(self) -> None:
        """The store that replaces the damaged one is complete."""
        try:
            self._note.unlink(missing_ok=True)
        except OSError as error:
            raise Broken(f"The note {self._note} cannot be removed: {error.strerror}.") from error


def _unused(path: Path) -> Path:
    """The name itself, or with a number behind it if the name exists already."""
    found, number = path, 1
    while any(Path(f"{found}{part}").exists() for part in PARTS):
        number += 1
        found = path.with_name(f"{path.name}-{number}")
    return found


def _reach_the_disk(folder: Path) -> None:
    """New names survive a power loss only when their folder has reached the disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
