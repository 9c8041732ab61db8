"""The folder of ``fuse-otel demo``: its files, and what keeps it from those of somebody else."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from fuse_otel.errors import Broken, Busy
from fuse_otel.files import UnreadableFile, read_bounded, write_new

if TYPE_CHECKING:
    from fuse_otel.store.sqlite.lock import ProcessLock

SETTINGS, CALLS, STORE = "fuse-otel.toml", "calls.jsonl", "state.db"
MARK = "# The configuration of the demo."
"""The settings of a demo begin with it. Files beside other settings are not deleted."""
_DELETED = (STORE, f"{STORE}-wal", f"{STORE}-shm", CALLS)


@contextmanager
def demo_folder(directory: Path) -> Iterator[None]:
    """Each demo starts from nothing. Only files of an earlier demo are deleted, and none while a
    demo or a daemon works on them. Raises ``OSError``, ``Broken`` and ``Busy``.
    """
    from fuse_otel.store.sqlite.lock import ProcessLock  # noqa: PLC0415 - only here

    directory.mkdir(parents=True, exist_ok=True)
    _refuse_other_files(directory)
    with ExitStack() as stack:
        # The daemon of the demo takes the lock of the store itself. The other lock keeps a second
        # demo away until then.
        demo, store = (ProcessLock(directory / name, time.time) for name in ("demo", STORE))
        for lock in (demo, store):
            stack.callback(lock.release)
            _acquire(lock, directory)
        for name in _DELETED:
            (directory / name).unlink(missing_ok=True)
        # The rest is added when the address of the API is known.
        write_settings(directory, f"{MARK}\n")
        store.release()
        yield


def write_settings(directory: Path, text: str) -> None:
    """A new file, which only its owner may read: the command ``check`` warns of others."""
    (directory / SETTINGS).unlink(missing_ok=True)
    write_new(directory / SETTINGS, text.encode())


def _acquire(lock: ProcessLock, directory: Path) -> None:
    try:
        lock.acquire()
    except Busy as error:
        raise Busy(
            f"A demo or a daemon already runs in {directory} ({lock.holder() or 'it just ended'}):"
            " end it with Ctrl-C there, or choose another folder with --directory."
        ) from error


def _refuse_other_files(directory: Path) -> None:
    if _is_of_a_demo(directory / SETTINGS):
        return
    for name in (SETTINGS, *_DELETED):
        if os.path.lexists(directory / name):
            raise Broken(
                f"{directory / name} is not a file of the demo. Choose an empty folder with"
                " --directory."
            )


def _is_of_a_demo(settings: Path) -> bool:
    try:
        return read_bounded(str(settings), len(MARK)).data.startswith(MARK.encode())
    except UnreadableFile:
        return False
