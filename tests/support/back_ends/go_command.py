"""The ``go`` command of a new enough version. Every step is tried twice."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

from support.back_ends.pins import oldest_go
from support.back_ends.steps import Unavailable, run_step


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
        run_step(words, self._log, folder or self._log.parent, {**_environment(), **variables})

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
