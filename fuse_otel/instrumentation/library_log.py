"""What libraries say by Python's ``logging``, in the same stream and form as the daemon's log."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from pathlib import PurePath

from fuse_otel.instrumentation.log import Log
from fuse_otel.instrumentation.log_line import Field


class LibraryLog(logging.Handler):
    """Writes records of warnings and worse. Of an exception only its class and place are named:
    its text may quote anything.
    """

    def __init__(self, log: Log) -> None:
        super().__init__(logging.WARNING)
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        write = self._log.error if record.levelno >= logging.ERROR else self._log.warning
        # Logging never harms its caller: with the stream gone (closed, or its reader) nobody is
        # left to tell, and Python's own way out prints the record's arguments.
        with suppress(OSError, ValueError):
            write(_message(record), logger=record.name, **_exception(record))


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except (TypeError, ValueError, KeyError):  # arguments that do not fit the text
        return str(record.msg)


def route_libraries(log: Log) -> Callable[[], None]:
    """Send all that ``logging`` and ``warnings`` say into ``log``. The answer undoes it."""
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
    error, traceback = record.exc_info[1], record.exc_info[2]
    while traceback is not None and traceback.tb_next is not None:
        traceback = traceback.tb_next
    if traceback is None:
        return {"error": type(error).__name__}
    file = PurePath(traceback.tb_frame.f_code.co_filename)
    return {"error": type(error).__name__, "where": f"{file.name}:{traceback.tb_lineno}"}
