"""The shell blocks of a page, run in a folder of the test: nothing outside of it is changed."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import sysconfig
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from support.pages.repository import ROOT
from support.patience import PATIENCE
from support.rigs.program import environment

_BLOCK = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)
# Folders of the system that a block may write to.
_SYSTEM = re.compile(r"(?<![\w.$~/])/(?=(?:etc|opt|var)/)")
UV = Path(sys.executable).with_name("uv")
# The dependencies are those of the tests. An installed program finds them here, but not fuse-otel,
# whose editable installation is a .pth file.
LIBRARIES = sysconfig.get_paths()["purelib"]


def shell_blocks(page: str) -> list[str]:
    """``page``: its path in the repository."""
    return _BLOCK.findall((ROOT / page).read_text())


def shell_block(page: str, part: str) -> str:
    """The only block that has ``part``."""
    (found,) = (block for block in shell_blocks(page) if part in block)
    return found


class Desk:
    """A machine in a folder: ``home``, ``repository`` and the folders of a system below ``root``.

    ``commands`` are programs that the tests do not have. A stand-in notes its arguments and reads
    nothing.
    """

    def __init__(self, folder: Path, commands: tuple[str, ...] = ()) -> None:
        self.root = folder / "root"
        self.home = folder / "home"
        self.repository = folder / "repository"
        self._bin = folder / "bin"
        self._noted = folder / "noted"
        for path in (self.root / "opt", self.root / "etc" / "systemd" / "system"):
            path.mkdir(parents=True)
        for path in (self.home, self.repository, self._bin, self._noted):
            path.mkdir()
        for command in commands:
            note = shlex.quote(str(self._noted / command))
            self.add(command, f"pwd >>{note}; printf '%s\\n' \"$*\" >>{note}")

    def add(self, command: str, script: str) -> None:
        path = self._bin / command
        path.write_text(f"#!/bin/sh\nset -eu\n{script}\n")
        path.chmod(0o755)

    def noted(self, command: str) -> list[tuple[Path, list[str]]]:
        """The folder and the words of each call of a stand-in."""
        lines = (self._noted / command).read_text().splitlines()
        return [
            (Path(folder), shlex.split(words))
            for folder, words in zip(lines[::2], lines[1::2], strict=True)
        ]

    def run(self, block: str, stdin: str = "", **settings: str) -> subprocess.CompletedProcess[str]:
        """The block in the repository's folder; it ends at its first failure."""
        return subprocess.run(
            ["/bin/sh", "-eu", "-c", _SYSTEM.sub(f"{self.root}/", block)],
            cwd=self.repository,
            env=self.environment(settings),
            input=stdin,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )

    def environment(self, settings: Mapping[str, str] = MappingProxyType({})) -> dict[str, str]:
        places = (self._bin, self.home / ".local" / "bin", UV.parent)
        kept = {k: v for k, v in environment().items() if not k.startswith(("UV_", "XDG_", "PIP"))}
        return {
            **kept,
            "HOME": str(self.home),
            "PATH": os.pathsep.join([*map(str, places), os.environ["PATH"]]),
            "PYTHONPATH": LIBRARIES,
            **settings,
        }
