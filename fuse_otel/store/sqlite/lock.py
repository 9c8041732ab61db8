"""The lock of the process that works on a store: an advisory lock on a file beside it, which the
kernel takes back when the process dies.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from fuse_otel.errors import Broken, Busy


class ProcessLock:
    """``path`` is the store's; the lock lies on ``<path>.lock`` and names its holder."""

    def __init__(self, path: Path, clock: Callable[[], float]) -> None:
        self._store = path
        self._path = path.with_name(path.name + ".lock")
        self._clock = clock
        self._file: int | None = None

    def acquire(self) -> None:
        """Idempotent. Raises ``Busy`` while another holds it."""
        if self._file is not None:
            return
        file = self._opened()
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = _holder(file)
            os.close(file)
            raise Busy(f"Another fuse-otel ({holder}) works on the store {self._store}.") from error
        except OSError as error:
            os.close(file)
            raise Broken(f"The store {self._store} cannot be locked: {error.strerror}.") from error
        self._file = file
        since = datetime.fromtimestamp(self._clock(), UTC).isoformat(" ", "seconds")
        # On a full disk the lock holds all the same, it only names nobody.
        with suppress(OSError):
            os.ftruncate(file, 0)
            os.pwrite(file, f"process {os.getpid()}, since {since}\n".encode(), 0)

    def release(self) -> None:
        """Idempotent. The file stays: removing it could take it from under a process that waits."""
        if self._file is not None:
            os.ftruncate(self._file, 0)
            os.close(self._file)
            self._file = None

    def _opened(self) -> int:
        try:
            return os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise Broken(f"The lock {self._path} cannot be opened: {error.strerror}.") from error


def _holder(file: int) -> str:
    return os.pread(file, 200, 0).decode("ascii", "replace").strip() or "its process is unknown"
