"""Lines on standard output, in any encoding, also if its reader has ended."""

from __future__ import annotations

import io
import os
import shlex
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TextIO

# The exit codes of the commands.
DONE, FAILED, USAGE, MISCONFIGURED, INTERRUPTED = 0, 1, 2, 78, 130


def begin_output() -> None:
    """An encoding that lacks a character shows ``?`` for it, and no command fails for that."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")


def print_lines(lines: Iterable[str]) -> bool:
    """Print each line. False if the reader has ended, as ``head`` does after its last line, if
    there was none (``>&-``), or if the output cannot be written, which is reported.
    """
    if sys.stdout is None:
        return False
    for line in lines:
        if not _printed(line):
            return False
    return _printed(None)


def printed(lines: Iterable[str]) -> int:
    """The exit code of a command that does nothing else than print these lines."""
    return DONE if print_lines(lines) else FAILED


def _printed(line: str | None) -> bool:
    """``None`` flushes what is buffered."""
    try:
        sys.stdout.flush() if line is None else print(line)
    except BrokenPipeError:
        _write_no_more(sys.stdout)
        return False
    except OSError as error:
        _write_no_more(sys.stdout)
        complain(f"fuse-otel: Standard output cannot be written: {reason(error)}.")
        return False
    return True


def end_output() -> None:
    """Flush what is buffered, or drop it if the reader has ended."""
    for stream in filter(None, (sys.stdout, sys.stderr)):
        try:
            stream.flush()
        except OSError:
            _write_no_more(stream)


def _write_no_more(stream: TextIO) -> None:
    # The interpreter flushes once more at its end; where that fails the exit code is 120.
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def own_command() -> str:
    """How a shell starts this program, for command lines that can be pasted. ``fuse-otel`` where
    the shell finds this program under that name.
    """
    started = Path(sys.argv[0])
    if started.name != "fuse-otel":
        return f"{shlex.quote(sys.executable)} -m fuse_otel"
    found = shutil.which("fuse-otel")
    same = found is not None and Path(found).resolve() == started.resolve()
    return "fuse-otel" if same else shlex.quote(str(started))


def complain(sentence: str) -> None:
    print(sentence, file=sys.stderr)


def reason(error: Exception) -> str:
    """What went wrong, an operating system's error without its number and file name."""
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
