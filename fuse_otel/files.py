"""Files that an operator names. Whatever such a path leads to, reading it ends: a named pipe
without a writer blocks even ``open``, and ``/dev/zero`` has no end.
"""

from __future__ import annotations

import os
import select
import stat
import time
from typing import NamedTuple

_PIPE = 10.0  # seconds for the writer of a pipe, such as bash's <(command)
_CHUNK = 64 * 1024  # bytes


class UnreadableFile(ValueError):
    """``str(error)`` is a sentence without the path, ``reason`` its last part."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"Cannot read the file: {reason}.")
        self.reason = reason


class FileContent(NamedTuple):
    """``mode`` has the type and the permissions, as ``stat`` gives them."""

    data: bytes
    mode: int


def read_bounded(path: str, most: int) -> FileContent:
    """The content, of a longer file ``most`` + 1 bytes. Raises ``UnreadableFile``."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, ValueError) as error:
        raise _unreadable(error) from None
    try:
        return FileContent(_read(descriptor, most), os.fstat(descriptor).st_mode)
    except OSError as error:
        raise _unreadable(error) from None
    finally:
        os.close(descriptor)


def check_regular(path: str) -> None:
    """For a file that a library opens. Raises ``UnreadableFile`` if it cannot be read, or if it is
    a folder, a pipe or a device.
    """
    _, mode = read_bounded(path, 0)
    if not stat.S_ISREG(mode):
        raise UnreadableFile("It is a pipe or a device")


def shown_path(path: str) -> str:
    """For a message: on one line, without control characters."""
    return path if path.isprintable() else repr(path)


def _read(descriptor: int, most: int) -> bytes:
    data = bytearray()
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    end = time.monotonic() + _PIPE
    while len(data) <= most:
        if not poll.poll(max(0.0, end - time.monotonic()) * 1000):
            raise TimeoutError(0, f"The writer of the pipe did not finish within {_PIPE:.0f} s")
        try:
            chunk = os.read(descriptor, min(_CHUNK, most + 1 - len(data)))
        except BlockingIOError:
            continue
        if not chunk:
            break
        data += chunk
    return bytes(data)


def _unreadable(error: OSError | ValueError) -> UnreadableFile:
    # A ValueError is a path with a zero byte or half of a surrogate pair.
    known = error.strerror if isinstance(error, OSError) else "It is not a path"
    return UnreadableFile(known or "An unknown error")
