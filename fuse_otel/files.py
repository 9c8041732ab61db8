"""Files that an operator names, in a setting, a variable or an argument. Whatever such a path leads
to, opening and reading it ends: a named pipe without a writer blocks even ``open``, a serial line
may be silent for ever, and ``/dev/zero`` has no end. Nothing else in the product opens such a file.
"""

from __future__ import annotations

import errno
import io
import os
import select
import stat
import sys
import time
from collections import deque
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_PIPE = 10.0  # seconds for the writer of a pipe, such as bash's <(command)
_WRITER = 1.0  # seconds for a writer to open the pipe
_NO_WRITER = "No process writes to the pipe"
_SPECIAL = "It is a pipe or a device"
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


class NamedFile(io.RawIOBase):
    """The bytes of a file or pipe. ``patience``: seconds for all of them, if it is a pipe.

    Raises ``OSError`` for a folder, for a device except the null device, and while reading for a
    pipe that no process writes to. ``strerror`` is a sentence without a full stop.
    """

    def __init__(self, path: str | os.PathLike[str], *, patience: float = inf) -> None:
        super().__init__()
        self._file = -1
        self._file = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            self.mode = os.fstat(self._file).st_mode
            _refuse_folders_and_devices(self._file)
        except OSError as error:
            error.filename = path
            self.close()
            raise
        self._end = time.monotonic() + patience
        # Another reader sees the end of a pipe at once if no writer has opened it yet.
        self._begun = not stat.S_ISFIFO(self.mode)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        view = memoryview(buffer)
        while (chunk := self._read(len(view))) is None:
            continue
        view[: len(chunk)] = chunk
        return len(chunk)

    def skip_all_but(self, most: int) -> tuple[bool, int]:
        """Of a regular file begin with the last ``most`` bytes. Whether something was skipped, and
        how many bytes are left: of a pipe nobody knows.
        """
        if not stat.S_ISREG(self.mode):
            return False, sys.maxsize
        size = os.fstat(self._file).st_size
        # A file of /proc has no size, but a content.
        if size == 0:
            return False, sys.maxsize
        os.lseek(self._file, max(0, size - most), os.SEEK_SET)
        return size > most, min(size, most)

    def close(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1
        super().close()

    def _read(self, most: int) -> bytes | None:
        """``None`` to try again. Waits for the writer of a pipe."""
        try:
            chunk = os.read(self._file, most)
        except BlockingIOError:
            if not stat.S_ISFIFO(self.mode):
                raise
            if not self._ready(self._end - time.monotonic()):
                raise _too_slow() from None
            self._begun = True
            return None
        if chunk or self._begun:
            self._begun = True
            # A writer that never pauses, such as `yes`.
            if chunk and stat.S_ISFIFO(self.mode) and time.monotonic() > self._end:
                raise _too_slow()
            return chunk
        if not self._ready(_WRITER):
            raise OSError(errno.ENXIO, _NO_WRITER)
        self._begun = True
        return None

    def _ready(self, seconds: float) -> bool:
        poll = select.poll()
        poll.register(self._file, select.POLLIN)
        return bool(poll.poll(None if seconds == inf else max(0.0, seconds) * 1000))


def read_bounded(path: str, most: int) -> FileContent:
    """The content, of a longer file ``most`` + 1 bytes. Raises ``UnreadableFile``."""
    try:
        with NamedFile(path, patience=_PIPE) as file:
            data = bytearray()
            while len(data) <= most and (chunk := file.read(min(_CHUNK, most + 1 - len(data)))):
                data += chunk
            return FileContent(bytes(data), file.mode)
    except (OSError, ValueError) as error:
        raise _unreadable(error) from None


def read_end(path: str, most: int) -> bytes:
    """The last ``most`` bytes or fewer, and of a longer file only whole lines. What is added to a
    regular file meanwhile is left out. Raises ``UnreadableFile``.
    """
    try:
        with NamedFile(path, patience=_PIPE) as file:
            skipped, left = file.skip_all_but(most)
            chunks: deque[bytes] = deque()
            size = 0
            while chunk := file.read(min(_CHUNK, left)):
                chunks.append(chunk)
                size, left = size + len(chunk), left - len(chunk)
                while size - len(chunks[0]) >= most:
                    size -= len(chunks.popleft())
                    skipped = True
    except (OSError, ValueError) as error:
        raise _unreadable(error) from None
    data = b"".join(chunks)
    if skipped or len(data) > most:
        return data[-most:].partition(b"\n")[2]
    return data


def check_regular(path: str) -> None:
    """For a file that a library opens. Raises ``UnreadableFile`` if it cannot be read, or if it is
    a folder, a pipe or a device.
    """
    try:
        with NamedFile(path) as file:
            mode = file.mode
            if stat.S_ISREG(mode):
                file.read(1)
    except (OSError, ValueError) as error:
        raise _unreadable(error) from None
    if not stat.S_ISREG(mode):
        raise UnreadableFile(_SPECIAL)


def open_to_write(path: str) -> io.BufferedWriter:
    """The file, empty. A pipe must have a reader. Raises ``OSError``."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        file = os.open(path, flags, 0o666)
    except OSError as error:
        if error.errno == errno.ENXIO and stat.S_ISFIFO(Path(path).stat().st_mode):
            raise OSError(errno.ENXIO, "No process reads from the pipe") from None
        raise
    os.set_blocking(file, True)  # the reader of a pipe may be slow
    return os.fdopen(file, "wb")


def replace_file(path: Path, content: bytes, *, executable: bool = False) -> None:
    """Write a regular file whole: a reader, also after a crash, sees the old content or the new.
    Raises ``OSError``.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    mode = 0o777 if executable else 0o666  # less what the umask takes away
    try:
        made = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
        with os.fdopen(made, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(made)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_new(path: Path, content: bytes) -> None:
    """A new file, its owner's alone, with the whole content. Raises ``OSError``, also for a file
    that exists.
    """
    made = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(made, "wb") as file:
            file.write(content)
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def open_to_append(path: str | os.PathLike[str]) -> int:
    """The descriptor of a regular file, readable and writable. A new file is its owner's alone.
    Raises ``OSError``, also for any other kind of file.
    """
    flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NONBLOCK | os.O_CLOEXEC
    file = os.open(path, flags, 0o600)
    if not stat.S_ISREG(os.fstat(file).st_mode):
        os.close(file)
        raise OSError(errno.EINVAL, _SPECIAL)
    return file


def is_replaceable(path: str) -> bool:
    """Whether every user of the machine may put another file in its place: its folder, or that of
    a link to it, is writable for all and has no sticky bit.
    """
    try:
        modes = [Path(folder).stat().st_mode for folder in _folders(path)]
    except (OSError, ValueError):
        return False
    return any(mode & stat.S_IWOTH and not mode & stat.S_ISVTX for mode in modes)


FileStamp = tuple[int, int, int, int]
"""Changes when a file is written or replaced: device, inode, size and time of the change."""


def file_stamp(path: str) -> FileStamp | None:
    """``None`` for a file that is not there."""
    try:
        found = os.stat(path)  # noqa: PTH116 - as the rest of this file
    except (OSError, ValueError):
        return None
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


def shown_path(path: str) -> str:
    """For a message: on one line, without control characters."""
    return path if path.isprintable() else repr(path)


def _folders(path: str) -> set[str]:
    return {os.path.dirname(os.path.abspath(path)), os.path.dirname(os.path.realpath(path))}  # noqa: PTH100, PTH120 - Path.resolve raises for a loop


def _refuse_folders_and_devices(file: int) -> None:
    found = os.fstat(file)
    if stat.S_ISDIR(found.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if stat.S_ISREG(found.st_mode) or stat.S_ISFIFO(found.st_mode):
        return
    # `--config /dev/null` is an empty file.
    if found.st_rdev != Path(os.devnull).stat().st_rdev:
        raise OSError(errno.EINVAL, _SPECIAL)


def _too_slow() -> TimeoutError:
    what = f"The writer of the pipe did not finish within {_PIPE:.0f} s"
    return TimeoutError(errno.ETIMEDOUT, what)


def _unreadable(error: OSError | ValueError) -> UnreadableFile:
    # A ValueError is a path with a zero byte or half of a surrogate pair.
    known = error.strerror if isinstance(error, OSError) else "It is not a path"
    return UnreadableFile(known or "An unknown error")
