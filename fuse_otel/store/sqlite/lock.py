"""The lock of the process that works on a store: an advisory lock on a file beside it, which the
kernel releases when the process dies.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock

from fuse_otel.errors import Broken, Busy
from fuse_otel.store.sqlite.place import network_hint

_TRIES = 4
_BETWEEN_TRIES = 0.02  # seconds


def lock_path(store: Path) -> Path:
    return store.with_name(store.name + ".lock")


class ProcessLock:
    """``path`` is the store's; the lock lies on ``<path>.lock`` and names its holder."""

    def __init__(self, path: Path, clock: Callable[[], float]) -> None:
        self._store = path
        self._path = lock_path(path)
        # Each transaction checks it twice: a `Path` costs more than the system's call.
        self._name = os.fspath(self._path)
        self._clock = clock
        self._file: int | None = None
        self._changing = Lock()

    @property
    def held(self) -> bool:
        return self._file is not None

    def acquire(self) -> None:
        """Idempotent. Raises ``Busy`` while another holds it."""
        with self._changing:
            if self._file is None:
                self._file = self._acquired()

    def check(self) -> None:
        """Take the lock again if its file was removed or replaced: another process may hold the new
        one, and both would work on the store. Raises ``Busy`` then.
        """
        with self._changing:
            if self._file is None or self._is_in_place(self._file):
                return
            held, self._file = self._file, self._acquired()
            os.close(held)

    def _is_in_place(self, file: int) -> bool:
        try:
            found = os.stat(self._name)  # noqa: PTH116 - see `_name`
        except FileNotFoundError:
            return False
        except OSError as error:
            raise Broken(f"The lock {self._path} cannot be read: {error.strerror}.") from error
        return os.path.samestat(found, os.fstat(file))

    def _acquired(self) -> int:
        file = self._opened()
        try:
            _lock(file)
        except BlockingIOError as error:
            holder = _holder(file)
            os.close(file)
            raise Busy(f"Another fuse-otel ({holder}) works on the store {self._store}.") from error
        except OSError as error:
            os.close(file)
            raise Broken(
                f"The store {self._store} cannot be locked: {error.strerror}."
                f"{network_hint(self._store)}"
            ) from error
        since = f"{datetime.fromtimestamp(self._clock(), UTC):%Y-%m-%d %H:%M:%SZ}"
        # On a full disk the lock works too. Only the name of its holder is missing.
        with suppress(OSError):
            os.ftruncate(file, 0)
            os.pwrite(file, f"process {os.getpid()}, since {since}\n".encode(), 0)
        return file

    def holder(self) -> str | None:
        """The holder, ``None`` if there is none."""
        if self._file is not None:
            return _holder(self._file)
        try:
            file = os.open(self._path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError:
            return None  # not locked yet, or this user may not read it
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            return _holder(file)
        finally:
            os.close(file)
        return None

    def release(self) -> None:
        """Idempotent. The file stays: another process may have it open and wait for the lock."""
        with self._changing:
            if self._file is None:
                return
            # On a disk that fails the name stays in the file. The lock is released all the same.
            with suppress(OSError):
                os.ftruncate(self._file, 0)
            os.close(self._file)
            self._file = None

    def _opened(self) -> int:
        try:
            return os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise Broken(f"The lock {self._path} cannot be opened: {error.strerror}.") from error


def _lock(file: int) -> None:
    """Raises ``BlockingIOError``. ``holder`` takes it for an instant: try a few times."""
    for _ in range(_TRIES):
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(_BETWEEN_TRIES)
        else:
            return
    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _holder(file: int) -> str:
    try:
        name = os.pread(file, 200, 0).decode("ascii", "replace").strip()
    except OSError:
        name = ""  # the disk fails: there is a holder, but its name is unknown
    return name or "its process is unknown"
