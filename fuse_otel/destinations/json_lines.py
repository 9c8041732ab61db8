"""A file of OTLP/JSON lines, one export request a line, traces and logs as they come.

An export request as a person or a script reads it: one line of OTLP/JSON.

OTLP/JSON lines on a stream, for a first look.
"""

from __future__ import annotations

import errno
import os
from pathlib import Path
from threading import Lock
from typing import TextIO

from fuse_otel.core.batching.export_result import (
    Accepted,
    ExportResult,
    PermanentFailure,
    Retry,
    Suspended,
)
from fuse_otel.core.batching.gzip_member import inflate
from fuse_otel.core.encoding.otlp_json import dumps, logs_json, traces_json
from fuse_otel.core.model.telemetry import Signal

_JSON = {Signal.TRACES: traces_json, Signal.LOGS: logs_json}


def otlp_line(signal: Signal, data: bytes) -> str:
    """The line with its end. ``data`` is one gzip member. Raises ``ValueError`` if damaged."""
    return dumps(_JSON[signal](inflate(data))) + "\n"


class ConsoleDestination:
    """One export request a line. The stream stays its owner's: it is never closed here."""

    def __init__(self, name: str, stream: TextIO) -> None:
        self._name = name
        self._stream = stream
        self._lock = Lock()

    @property
    def name(self) -> str:
        return self._name

    def send(self, signal: Signal, data: bytes, items: int) -> ExportResult:  # noqa: ARG002 - the port's
        try:
            line = otlp_line(signal, data)
        except ValueError as error:
            return PermanentFailure("damaged", f"the stored body is damaged: {error}")
        try:
            with self._lock:
                self._stream.write(line)
                self._stream.flush()
        except OSError as error:
            return Retry("stream", f"the stream cannot be written: {error.strerror}")
        return Accepted("printed")

    def close(self) -> None:
        """Nothing of ours is open."""


# Time may mend these; anything else (a missing folder, a lacking right) is for the operator.
_PASSING = {errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EINTR, errno.EMFILE, errno.ENFILE}


class FileDestination:
    """What ``send`` accepted is on the disk. Only the file's owner may read it."""

    def __init__(self, name: str, path: Path) -> None:
        self._name = name
        self._path = path
        self._lock = Lock()

    @property
    def name(self) -> str:
        return self._name

    def send(self, signal: Signal, data: bytes, items: int) -> ExportResult:  # noqa: ARG002 - the port's
        try:
            line = otlp_line(signal, data)
        except ValueError as error:
            return PermanentFailure("damaged", f"the stored body is damaged: {error}")
        try:
            self._append(line.encode())
        except OSError as error:
            reason = f"the file cannot be written: {os.strerror(error.errno or 0)}"
            code = errno.errorcode.get(error.errno or 0, "file")
            return Retry(code, reason) if error.errno in _PASSING else Suspended(code, reason)
        return Accepted("written")

    def close(self) -> None:
        """Nothing is kept open, so that the file may be rotated at any time."""

    def _append(self, line: bytes) -> None:
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
        with self._lock:
            descriptor = os.open(self._path, flags, 0o600)
            try:
                _write(descriptor, line)
            finally:
                os.close(descriptor)


def _write(descriptor: int, line: bytes) -> None:
    """All of the line or nothing. A line that a crash cut short is ended first."""
    size = os.fstat(descriptor).st_size
    rest = memoryview(line if _at_line_start(descriptor, size) else b"\n" + line)
    try:
        while rest:
            rest = rest[os.write(descriptor, rest) :]
        os.fsync(descriptor)
    except OSError:
        os.ftruncate(descriptor, size)
        raise


def _at_line_start(descriptor: int, size: int) -> bool:
    return size == 0 or os.pread(descriptor, 1, size - 1) == b"\n"
