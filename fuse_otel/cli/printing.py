"""Lines on standard output, whatever its encoding is and whether somebody still reads it."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterable


def print_lines(lines: Iterable[str]) -> bool:
    """Print each line. False if the reader has gone away, as ``head`` does when it has enough."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
    try:
        for line in lines:
            print(line)
        sys.stdout.flush()
    except BrokenPipeError:
        # The interpreter flushes once more at its end, and would complain.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
        return False
    return True


def complain(sentence: str) -> None:
    print(sentence, file=sys.stderr)


def reason(error: Exception) -> str:
    """What went wrong, an operating system's error without its number and file name."""
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
