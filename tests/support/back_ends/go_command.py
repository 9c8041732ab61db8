"""The ``go`` command of a new enough version. Every step is tried twice."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import time
from pathlib import Path

from support.back_ends.pins import oldest_go

_PAUSE = 5.0


class Unavailable(Exception):
    """The message says what is missing and why."""


class GoCommand:
    """The output of all commands goes to ``log``."""

    def __init__(self, log: Path) -> None:
        self._log = log
        found = shutil.which("go")
        wanted = ".".join(map(str, oldest_go()))
        if not found:
            raise Unavailable(f"Go is missing: install Go {wanted} or later")
        self._go = found
        said = self._output("env", "GOVERSION")
        version = tuple(map(int, re.findall(r"\d+", said)[:2]))
        if version < oldest_go():
            raise Unavailable(f"{said.strip()} is too old: install Go {wanted} or later")

    def download(self, module: str) -> Path:
        """The folder of ``path@version`` in Go's own cache; not to be changed."""
        self.run("mod", "download", module)
        return Path(json.loads(self._output("mod", "download", "-json", module))["Dir"])

    def run(self, *words: str, folder: Path | None = None, **variables: str) -> None:
        """Run a step. It may need the network, so it gets a second try."""
        self.run_command([self._go, *words], folder, **variables)

    def run_command(self, words: list[str], folder: Path | None, **variables: str) -> None:
        for last in (False, True):
            with self._log.open("a") as stream:
                stream.write(f"$ {' '.join(words)}\n")
                stream.flush()
                done = subprocess.run(
                    words,
                    cwd=folder or self._log.parent,
                    env={**_environment(), **variables},
                    stdin=subprocess.DEVNULL,
                    stdout=stream,
                    stderr=subprocess.STDOUT,
                    check=False,
                )
            if done.returncode == 0:
                return
            if not last:
                time.sleep(_PAUSE)
        told = [line for line in self._log.read_text().splitlines() if line.strip()]
        raise Unavailable("\n    ".join([f"it failed twice ({self._log}):", *told[-8:]]))

    def _output(self, *words: str) -> str:
        return subprocess.run(
            [self._go, *words],
            cwd=self._log.parent,
            env=_environment(),
            check=True,
            capture_output=True,
            text=True,
        ).stdout


def _environment() -> dict[str, str]:
    """Without the workspace and the version control of the folders around the build."""
    flags = f"{os.environ.get('GOFLAGS', '')} -buildvcs=false".strip()
    return {**os.environ, "GOWORK": "off", "GOFLAGS": flags}
