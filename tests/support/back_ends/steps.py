"""The steps of a build: commands whose output goes to a file."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

_PAUSE = 5.0


class Unavailable(Exception):
    """The message says what is missing and why."""


def run_step(
    words: Sequence[str], log: Path, folder: Path, environ: Mapping[str, str], tries: int = 2
) -> None:
    """A step that needs the network gets a second try. Raises ``Unavailable``."""
    for left in reversed(range(tries)):
        with log.open("a") as stream:
            stream.write(f"$ {' '.join(words)}\n")
            stream.flush()
            done = subprocess.run(
                words,
                cwd=folder,
                env=environ,
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=subprocess.STDOUT,
                check=False,
            )
        if done.returncode == 0:
            return
        if left:
            time.sleep(_PAUSE)
    times = "twice" if tries > 1 else "once"
    told = [line for line in log.read_text().splitlines() if line.strip()]
    raise Unavailable("\n    ".join([f"it failed {times} ({log}):", *told[-8:]]))
