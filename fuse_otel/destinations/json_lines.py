"""OTLP/JSON lines, one export request a line: to a file, or to a stream for a first look."""

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
from fuse_otel.files import open_to_append

_JSON = {Signal.TRACES: traces_json, Signal.LOGS: logs_json}


class _JsonLines:
    """Lines of traces and logs as they come. The lanes of both signals may write at once."""

    def __init__(self) -> None:
        self._lock = Lock()

    def send(self, signal: Signal, data: bytes, items: int) -> ExportResult:  # noqa: ARG002 - the port's
        try:
            line = dumps(_JSON[signal](inflate(data))) + "\n"
        except ValueError as error:
            return PermanentFailure("damaged", f"the stored batch is damaged: {error}")
        with self._lock:
            return self._append(line)

    def close(self) -> None:
        """Nothing stays open."""

    def _append(self, line: str) -> ExportResult:
        raise NotImplementedError


class ConsoleDestination(_JsonLines):
    """The owner of the stream closes it."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__()
        self._stream = stream

    def _append(self, line: str) -> ExportResult:
        try:
            self._stream.write(line)
            self._stream.flush()
        except OSError as error:
            return Retry("stream", f"the stream cannot be written: {error.strerror}")
        except ValueError:  # it is closed, or its encoding lacks a character
            return Suspended("stream", "the stream cannot be written: it is closed, or not UTF-8")
        return Accepted("printed")


# These may end without an operator; a missing folder or permission does not.
_PASSING = {errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EINTR, errno.EMFILE, errno.ENFILE}


class FileDestination(_JsonLines):
    """What ``send`` accepted is on the disk. Only the file's owner may read it. It is opened for
    each line, so that it may be rotated at any time.
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path

    def _append(self, line: str) -> ExportResult:
        try:
            descriptor = open_to_append(self._path)
            try:
                _write(descriptor, line.encode())
            finally:
                os.close(descriptor)
        except OSError as error:
            reason = f"the file cannot be written: {error.strerror}"
            code = errno.errorcode.get(error.errno or 0, "file")
            return Retry(code, reason) if error.errno in _PASSING else Suspended(code, reason)
        return Accepted("written")


def _write(descriptor: int, line: bytes) -> None:
    """All of the line or nothing. A line that a crash truncated is ended first."""
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
