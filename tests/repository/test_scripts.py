"""The scripts and the Dockerfile, as their linters see them."""

import subprocess

import pytest
from support.pages.repository import ROOT, repository_files
from support.patience import PATIENCE
from support.peers.program_of import program


def is_script(path):
    with path.open("rb") as file:
        first = file.readline()
    return first.startswith(b"#!") and first.split(b"/")[-1].split()[-1] in {b"sh", b"bash"}


SCRIPTS = [path for path in repository_files() if is_script(path)]


def lint(*command):
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=PATIENCE)


def test_the_scripts_are_found():
    names = {str(path.relative_to(ROOT)) for path in SCRIPTS}
    assert {".ci/run", "deploy/systemd/fuse-otel", "scripts/smoke.sh"} <= names


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_shellcheck_finds_nothing(path):
    done = lint(program("shellcheck"), path)
    assert done.returncode == 0, done.stdout


def test_shellcheck_would_find_a_word_that_splits(tmp_path):
    (tmp_path / "wrong").write_text("#!/bin/sh\nrm $1\n")
    assert "SC2086" in lint(program("shellcheck"), tmp_path / "wrong").stdout


def test_hadolint_finds_nothing_in_the_dockerfile():
    done = lint(program("hadolint"), "--no-color", ROOT / "Dockerfile")
    assert done.returncode == 0, done.stdout


def test_hadolint_would_find_a_package_without_a_version(tmp_path):
    wrong = tmp_path / "Dockerfile"
    wrong.write_text("FROM debian:12\nRUN pip install httpx\n")
    assert "DL3013" in lint(program("hadolint"), "--no-color", wrong).stdout
