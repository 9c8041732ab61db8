"""Git ignores every file that a page or a deployment file asks a person to write a secret into."""

import re
import subprocess

import pytest
import yaml
from support.pages.repository import ROOT, repository_files
from support.patience import PATIENCE

DEPLOY = ROOT / "deploy"
COMPOSE = DEPLOY / "docker-compose.yaml"
# `install … /dev/stdin FILE` writes what a person pastes.
_PASTED = re.compile(r"install .*/dev/stdin (\S+)")


def is_ignored(path):
    done = subprocess.run(
        ["git", "check-ignore", "--quiet", "--no-index", path],
        cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE, check=False,
    )  # fmt: skip
    assert done.returncode in {0, 1}, done.stderr
    return done.returncode == 0


def secret_files():
    secrets = yaml.safe_load(COMPOSE.read_text())["secrets"].values()
    return [DEPLOY / each["file"] for each in secrets]


def pasted_files():
    """Those with a relative path: the commands of a deployment file start in its folder."""
    for path in repository_files():
        if DEPLOY in path.parents:
            for name in _PASTED.findall(path.read_text()):
                if not name.startswith("/"):
                    yield DEPLOY / name


@pytest.mark.parametrize("files", [secret_files, pasted_files])
def test_git_ignores_the_files_of_secrets(files):
    found = list(files())
    assert found
    assert [str(path) for path in found if not is_ignored(path)] == []


def test_git_ignores_the_copy_of_the_example_of_a_secret():
    example = DEPLOY / "kubernetes" / "secret.example.yaml"
    (copy,) = re.findall(r"Copy it to (\S+),", example.read_text())
    assert is_ignored(example.with_name(copy))
    assert not is_ignored(example)


def test_the_pasted_file_is_the_one_that_compose_reads():
    assert set(pasted_files()) == set(secret_files())
