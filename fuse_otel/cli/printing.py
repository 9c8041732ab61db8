"""Lines on standard output, whatever its encoding is and whether somebody still reads it."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterable


def print_lines(lines: Iterable[str]) -> bool:
    """Print each line. False if the reader has gone away, as ``head`` does when it has enough, if
    there never was one (``>&-``), or if there is no room, which is complained about.
    """
    if sys.stdout is None:
        return False
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
    for line in lines:
        if not _printed(line):
            return False
    return _printed(None)


def _printed(line: str | None) -> bool:
    """``None`` prints what is still held back."""
    try:
        sys.stdout.flush() if line is None else print(line)
    except BrokenPipeError:
        _print_no_more()
        return False
    except OSError as error:
        _print_no_more()
        complain(f"fuse-otel: Standard output cannot be written: {reason(error)}.")
        return False
    return True


def _print_no_more() -> None:
    # The interpreter flushes once more at its end, and would complain.
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def complain(sentence: str) -> None:
    print(sentence, file=sys.stderr)


def reason(error: Exception) -> str:
    """What went wrong, an operating system's error without its number and file name."""
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
