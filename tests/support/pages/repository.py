"""The repository itself, for the tests that read it."""

import shutil
import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[3]


@cache
def repository_files() -> tuple[Path, ...]:
    """What is, or would be, under version control; deleted files left out."""
    git = shutil.which("git")
    assert git, "the tests read the repository by git"
    listed = subprocess.run(
        [git, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    paths = (ROOT / name for name in listed.split("\0") if name)
    return tuple(sorted(path for path in paths if path.is_file()))
