"""Chromium as a person's browser: a page is loaded whole, and what it complains about is kept."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from support.patience import PATIENCE

PROGRAM = shutil.which("chromium") or shutil.which("google-chrome")
_QUIET = (
    "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage",
    "--enable-logging=stderr", "--dump-dom",
)  # fmt: skip
_COMPLAINT = re.compile(r"CONSOLE[:(].*")


@dataclass(frozen=True, slots=True)
class Loaded:
    """``dom`` is the page as the browser holds it; ``complaints`` are lines of its console."""

    dom: str
    complaints: tuple[str, ...]


def load(url: str, profile: Path, *more: str) -> Loaded:
    """Load a page in a browser of its own. ``more``: further flags of Chromium."""
    done = subprocess.run(
        [str(PROGRAM), *_QUIET, f"--user-data-dir={profile}", *more, url],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=True,
    )
    return Loaded(done.stdout, tuple(_COMPLAINT.findall(done.stderr)))
