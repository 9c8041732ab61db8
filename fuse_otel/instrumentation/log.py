"""The daemon's own log: a line an event that a person should read, to one stream."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from threading import Lock
from typing import Protocol

from fuse_otel.events import AccountMoved, Event
from fuse_otel.instrumentation.log_line import (
    Field,
    Line,
    LogLevel,
    Write,
    json_line,
    logfmt,
    timestamp,
)
from fuse_otel.instrumentation.log_messages import line_of
from fuse_otel.instrumentation.log_rate_limit import Flood
from fuse_otel.instrumentation.masking import mask_digits

WRITERS: dict[str, Write] = {"logfmt": logfmt, "json": json_line}
LEVELS: dict[str, LogLevel] = {level.name.lower(): level for level in LogLevel}


class Stream(Protocol):
    def write(self, text: str, /) -> object: ...

    def flush(self) -> object: ...


class Log:
    """A subscriber, for any number of threads. ``level`` and ``form`` are words of ``LEVELS`` and
    ``WRITERS``; the clock gives UNIX seconds. An event whose line cannot be written raises: whoever
    told it counts that.
    """

    def __init__(
        self,
        stream: Stream,
        level: str = "info",
        form: str = "logfmt",
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._stream = stream
        self._level = LEVELS[level]
        self._write = WRITERS[form]
        self._clock = clock
        self._flood = Flood()
        self._up: dict[str, bool] = {}
        self._lock = Lock()

    def __call__(self, event: Event) -> None:
        if not isinstance(event, AccountMoved) or self._changed(event):
            self._take(line_of(event))

    def debug(self, message: str, **fields: Field) -> None:
        self._say(Line(LogLevel.DEBUG, message, fields))

    def info(self, message: str, **fields: Field) -> None:
        self._say(Line(LogLevel.INFO, message, fields))

    def warning(self, message: str, **fields: Field) -> None:
        self._say(Line(LogLevel.WARN, message, fields))

    def error(self, message: str, **fields: Field) -> None:
        self._say(Line(LogLevel.ERROR, message, fields))

    def close(self) -> None:
        """Write what is held back. The stream stays open."""
        with self._lock, suppress(OSError):
            for line in self._flood.rest():
                self._put(line)

    def _say(self, line: Line) -> None:
        """What is no event's. A log that cannot be written, because its disk is full or its reader
        gone, keeps the daemon neither from starting nor from ending in order.
        """
        with suppress(OSError):
            self._take(line)

    def _changed(self, event: AccountMoved) -> bool:
        """Accounts move with every poll; whether they answer is what is worth a line."""
        with self._lock:
            before = self._up.get(event.account)
            self._up[event.account] = event.up
        return before is not event.up

    def _take(self, line: Line) -> None:
        with self._lock:
            now = self._clock()
            for summary in self._flood.due(now):
                self._put(summary)
            if line.level >= self._level and self._flood.admits(line, now):
                self._put(line)

    def _put(self, line: Line) -> None:
        head: dict[str, Field] = {
            "ts": timestamp(self._clock()),
            "level": line.level.name.lower(),
            "msg": mask_digits(line.message),
        }
        fields = {
            key: mask_digits(value) if isinstance(value, str) else value
            for key, value in line.fields.items()
        }
        self._stream.write(self._write(head | fields) + "\n")
        self._stream.flush()
