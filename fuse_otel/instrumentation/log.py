"""The daemon's own log: a line for each event that a person should read, on one stream. Records of
Python's ``logging`` go to the same stream in the same form.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from threading import Lock
from typing import Protocol

from msgspec import Struct
from msgspec.structs import replace

from fuse_otel.core.redaction.masks import mask_digits
from fuse_otel.errors import code_location
from fuse_otel.events import AccountMoved, AccountStandby, Event
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

WRITERS: dict[str, Write] = {"logfmt": logfmt, "json": json_line}
EVERY = 60.0  # seconds between two lines about one problem
_LONGEST_KEY = 200  # characters of a text that separates problems
LEVELS: dict[str, LogLevel] = {level.name.lower(): level for level in LogLevel}


class Stream(Protocol):
    def write(self, text: str, /) -> object: ...

    def flush(self) -> object: ...


class Log:
    """A subscriber, for any number of threads. ``level`` and ``form`` are words of ``LEVELS`` and
    ``WRITERS``; the clock gives UNIX seconds. An event whose line cannot be written raises, and
    the emitter counts that.
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
        self._form = WRITERS[form]
        self._clock = clock
        self._rate_limit = RateLimit()
        self._states: dict[str, str] = {}
        self._lock = Lock()

    def __call__(self, event: Event) -> None:
        if not isinstance(event, AccountMoved | AccountStandby) or self._changed(event):
            self._write_limited(line_of(event))

    def info(self, message: str, **fields: Field) -> None:
        self.write(Line(LogLevel.INFO, message, fields))

    def warning(self, message: str, **fields: Field) -> None:
        self.write(Line(LogLevel.WARN, message, fields))

    def error(self, message: str, **fields: Field) -> None:
        self.write(Line(LogLevel.ERROR, message, fields))

    def close(self) -> None:
        """Write the summaries that wait. The stream stays open."""
        with self._lock, suppress(OSError):
            for line in self._rate_limit.rest():
                self._write_line(line)

    def write(self, line: Line) -> None:
        """A line that is no event's. A full disk or a reader that is gone must not keep the daemon
        from starting, or from ending in order.
        """
        with suppress(OSError):
            self._write_limited(line)

    def _changed(self, event: AccountMoved | AccountStandby) -> bool:
        """Accounts report after every poll; only a change of their state is worth a line."""
        state, is_start = "standby", False
        if isinstance(event, AccountMoved):
            state = "up" if event.up else "down"
            is_start = not event.up and not event.reason  # The API was not asked yet.
        elif event.helps:
            state = "helping"
        with self._lock:
            before = self._states.get(event.account, "")
            if is_start and before in {"", "standby", "helping"}:
                return False
            self._states[event.account] = state
        return before != state

    def _write_limited(self, line: Line) -> None:
        with self._lock:
            now = self._clock()
            for summary in self._rate_limit.due(now):
                self._write_line(summary)
            if line.level >= self._level and self._rate_limit.admits(line, now):
                self._write_line(line)

    def _write_line(self, line: Line) -> None:
        head: dict[str, Field] = {
            "ts": timestamp(self._clock()),
            "level": line.level.name.lower(),
            "msg": mask_digits(line.message),
        }
        fields = {
            key: mask_digits(value) if isinstance(value, str) else value
            for key, value in line.fields.items()
        }
        self._stream.write(self._form(head | fields) + "\n")
        self._stream.flush()


class _Problem(Struct):
    last: Line
    written: float
    held: int = 0


class RateLimit:
    """A problem is written when it begins, then once a minute with a count. A minute without it
    ends it. Not for several threads at once.
    """

    def __init__(self) -> None:
        self._problems: dict[tuple[str, ...], _Problem] = {}

    def admits(self, line: Line, now: float) -> bool:
        """Whether to write the line; otherwise it is held back for the next summary."""
        if not line.repeats:
            return True
        problem = self._problems.get(line.repeats)
        if problem is None:
            self._problems[line.repeats] = _Problem(line, now)
            return True
        problem.last = line
        problem.held += line.weight
        return False

    def due(self, now: float) -> Iterator[Line]:
        """The summaries of the problems whose last line is a minute old or older."""
        for key, problem in tuple(self._problems.items()):
            if now - problem.written < EVERY:
                continue
            if problem.held == 0:
                del self._problems[key]
                continue
            yield _summary(problem)
            problem.written, problem.held = now, 0

    def rest(self) -> Iterator[Line]:
        """All summaries that wait, for the end."""
        yield from (_summary(problem) for problem in self._problems.values() if problem.held)
        self._problems.clear()


def _summary(problem: _Problem) -> Line:
    """The last line, with ``more``: how many were held back since the line before."""
    return replace(problem.last, fields={**problem.last.fields, "more": problem.held})


class LibraryLog(logging.Handler):
    """Takes warnings and worse. Of an exception only the class and the code location are written:
    its text may quote anything.
    """

    def __init__(self, log: Log) -> None:
        super().__init__(logging.WARNING)
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        level = LogLevel.ERROR if record.levelno >= logging.ERROR else LogLevel.WARN
        # A port scanner makes a server log the same text again and again.
        problem = ("library", record.name, str(record.msg)[:_LONGEST_KEY])
        fields: dict[str, Field] = {"logger": record.name, **_exception(record)}
        # Logging never harms its caller. Where the stream is gone, Python's own way out would print
        # the record's arguments.
        with suppress(OSError, ValueError):
            self._log.write(Line(level, _message(record), fields, repeats=problem))


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except (TypeError, ValueError, KeyError):  # arguments that do not fit the text
        return str(record.msg)


def route_libraries(log: Log) -> Callable[[], None]:
    """Send all records of ``logging`` and ``warnings`` to ``log``. Returns a function that undoes
    it.
    """
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    root.handlers[:] = [LibraryLog(log)]
    root.setLevel(logging.WARNING)
    logging.captureWarnings(capture=True)

    def undo() -> None:
        logging.captureWarnings(capture=False)
        root.handlers[:] = handlers
        root.setLevel(level)

    return undo


def _exception(record: logging.LogRecord) -> dict[str, Field]:
    if record.exc_info is None or record.exc_info[1] is None:
        return {}
    error = record.exc_info[1]
    return {
        "error": type(error).__name__,
        "where": code_location(error) if error.__traceback__ else None,
    }
