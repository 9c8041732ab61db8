"""The command lines that the demo and the README show can be pasted into a shell."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from support.pages.repository import ROOT
from support.patience import PATIENCE
from support.rigs.program import environment, fuse_otel

pytestmark = pytest.mark.slow

PROGRAM = Path(sys.executable).with_name("fuse-otel")


def pasted(line, folder, env):
    return subprocess.run(
        ["/bin/sh", "-c", line],
        cwd=folder, env=env, capture_output=True, text=True, timeout=PATIENCE, check=False,
    )  # fmt: skip


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """The folder of a demo that has ended, and what it printed. Its path needs quoting."""
    folder = tmp_path_factory.mktemp("a demo's folder")
    env = environment(
        PATH=f"{folder}{os.pathsep}{os.environ['PATH']}",
        OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:9",
    )
    done = pasted(
        f"{shlex.quote(str(PROGRAM))} demo --seconds 1 --directory 'my demo'", folder, env
    )
    assert done.returncode == 0, done.stderr
    return folder, env, done.stdout


@pytest.mark.parametrize(
    "pattern", [r"^  (\S+ show .* --config .*)$", r"^What was delivered: (.*)$"]
)
def test_a_line_of_the_demo_shows_a_call(demo, pattern):
    folder, env, printed = demo
    line = re.search(pattern, printed, re.MULTILINE)[1]
    done = pasted(line, folder, env)
    assert (done.returncode, done.stderr) == (0, "")
    assert "session" in done.stdout


def test_the_demo_delivers_to_the_back_end_of_the_shell_only_with_a_flag(demo):
    _, _, printed = demo
    assert "  delivers to my demo/calls.jsonl\n" in printed
    assert "OTEL_EXPORTER_OTLP_ENDPOINT is not used: --deliver sends these" in printed


def test_the_demo_names_the_program_as_it_was_started(demo):
    _, _, printed = demo
    line = re.search(r"^  (\S+) check --online && (\S+) run$", printed, re.MULTILINE)
    assert line[1] == line[2] == shlex.quote(str(PROGRAM))


def test_a_program_on_the_path_is_named_without_it(tmp_path):
    (tmp_path / "fuse-otel").symlink_to(PROGRAM)
    env = environment(PATH=f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    done = pasted("fuse-otel demo --seconds 0.1", tmp_path, env)
    assert "  fuse-otel check --online && fuse-otel run\n" in done.stdout


def test_every_command_of_the_readme_exists():
    blocks = re.findall(r"```sh\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines()]
    commands = [shlex.split(line, comments=True) for line in lines if line.startswith("fuse-otel ")]
    assert len(commands) > 1
    for _, *words in commands:
        assert fuse_otel(*words, "--help", env=environment()).returncode == 0
    targets = re.findall(r"^(\w[\w-]*):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    made = [shlex.split(line, comments=True) for line in lines if line.startswith("make ")]
    assert {words[1] for words in made} <= set(targets)
