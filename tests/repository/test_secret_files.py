"""Git ignores every file that a page or a deployment file asks a person to write a secret into."""

import re
import subprocess

from support.pages.repository import ROOT, repository_files
from support.patience import PATIENCE

DEPLOY = ROOT / "deploy"
PAGE = ROOT / "docs" / "compose.md"
# `(umask …; cat >FILE)` writes what a person pastes.
_PASTED = re.compile(r"\(umask \d+; cat >([^\s)]+)\)")


def is_ignored(path):
    done = subprocess.run(
        ["git", "check-ignore", "--quiet", "--no-index", path],
        cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE, check=False,
    )  # fmt: skip
    assert done.returncode in {0, 1}, done.stderr
    return done.returncode == 0


def pasted_files():
    """Those with a relative path: the commands of the page start in the folder of deployment."""
    for path in repository_files():
        if DEPLOY in path.parents or path == PAGE:
            for name in _PASTED.findall(path.read_text()):
                if not name.startswith("/"):
                    yield DEPLOY / name


def test_git_ignores_the_files_of_secrets():
    found = list(pasted_files())
    assert found
    assert [str(path) for path in found if not is_ignored(path)] == []


def test_git_ignores_the_copy_of_the_example_of_a_secret():
    example = DEPLOY / "kubernetes" / "secret.example.yaml"
    (copy,) = re.findall(r"Copy it to (\S+),", example.read_text())
    assert is_ignored(example.with_name(copy))
    assert not is_ignored(example)
