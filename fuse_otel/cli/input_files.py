"""Files that a command reads: where they are, how much of them is read, whose call they name."""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO
from urllib.parse import unquote

from fuse_otel.files import NamedFile

STDIN = "-"
MOST = 128 * 1024 * 1024  # bytes of a line, and of a saved answer
_DEVICES = ("/dev/", "/proc/")  # a pipe, whose number is not a session id
# Plum writes 300060;001;1529552581. Only the semicolons are relied on.
_SESSION_ID = re.compile(r"[\w-]{1,64}(?:;[\w-]{1,64}){1,7}", re.ASCII)


class TooMuch(ValueError):
    """The file is larger than any answer, or never ends, as ``/dev/zero``."""

    def __init__(self) -> None:
        super().__init__(f"it is larger than {MOST >> 20} MiB")


@contextmanager
def opened(name: str) -> Iterator[Iterator[bytes]]:
    """The lines of the file, or of standard input. Raises ``OSError``, and the lines ``TooMuch``
    where one does not end.
    """
    if name != STDIN:
        with io.BufferedReader(NamedFile(name)) as file:
            yield _lines(file)
    elif sys.stdin is None:
        raise OSError("standard input is closed")
    else:
        yield _lines(sys.stdin.buffer)


def _lines(stream: BinaryIO) -> Iterator[bytes]:
    while line := stream.readline(MOST + 1):
        if len(line) > MOST:
            raise TooMuch
        yield line


def joined(lines: Iterable[bytes]) -> bytes:
    """Raises ``TooMuch``."""
    whole = bytearray()
    for line in lines:
        whole += line
        if len(whole) > MOST:
            raise TooMuch
    return bytes(whole)


def session_id_of(name: str) -> str:
    """The session id that a file is named after: ``curl -O`` leaves ``%3B`` for each semicolon.
    Empty if the name has not the shape of one.
    """
    if name == STDIN or name.startswith(_DEVICES):
        return ""
    stem = unquote(Path(name).stem)
    return stem if _SESSION_ID.fullmatch(stem) else ""
