"""``fuse-otel`` as a program: what it imports, and an output that cannot be written."""

import subprocess
import sys
from pathlib import Path

import pytest
from support.patience import PATIENCE
from support.rigs.program import environment

from fuse_otel import __version__
from fuse_otel.cli import COMMANDS

PARKED = ("list", "show", "replay", "drop")
HEAVY = (
    "pydantic", "pydantic_settings", "httpx", "opentelemetry.sdk", "starlette", "uvicorn",
    "prometheus_client", "msgspec",
)  # fmt: skip


def imported(statement: str) -> set[str]:
    """The modules of a fresh interpreter after the statement."""
    code = f"import sys; {statement}; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment(), capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


@pytest.mark.parametrize(
    "module", ["fuse_otel.cli", "fuse_otel.cli.settings_flags", "fuse_otel.config"]
)
def test_importing_the_command_line_imports_nothing_heavy(module):
    assert imported(f"import {module}").isdisjoint(HEAVY)


def test_the_help_and_the_trace_id_import_nothing_heavy():
    for words in (["--help"], ["check", "--help"], ["trace-id", "--namespace", "", "a"]):
        found = imported(f"from fuse_otel.cli import main; main({words!r})")
        assert found.isdisjoint(HEAVY)


def test_a_reader_that_goes_away_is_no_error_to_report():
    code = "from fuse_otel.cli import main; import sys; sys.exit(main(['--help']))"
    with subprocess.Popen(
        [sys.executable, "-u", "-c", "import sys; sys.stdin.readline(); " + code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        process.stdout.close()
        process.stdin.write(b"\n")
        process.stdin.close()
        process.stdin = None
        errors = process.stderr.read()
        process.wait(PATIENCE)
    assert errors == b""
    assert process.returncode == 1


HELPS = [[], *([name] for name in COMMANDS), *(["parked", action] for action in PARKED)]


@pytest.mark.parametrize("words", HELPS, ids=" ".join)
def test_every_help_is_whole_in_an_ascii_locale(words):
    environ = environment(LC_ALL="C", PYTHONCOERCECLOCALE="0", PYTHONUTF8="0")
    done = subprocess.run(
        [sys.executable, "-m", "fuse_otel", *words, "--help"],
        env=environ,
        capture_output=True,
        timeout=PATIENCE,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.startswith(b"usage: fuse-otel")
    assert done.stdout.isascii()
    assert b"?" not in done.stdout.replace(b"?token=", b"")


@pytest.mark.parametrize("module", ["fuse_otel", "fuse_otel.cli"])
def test_the_package_runs_as_a_module(module):
    code = [sys.executable, "-m", "fuse_otel", "--version"]
    if module == "fuse_otel.cli":
        code = [sys.executable, "-c", "import sys, fuse_otel.cli as c; sys.exit(c.main(['-V']))"]
    done = subprocess.run(code, capture_output=True, text=True, check=True)
    assert done.stdout == f"fuse-otel {__version__}\n"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize(
    "words", [("trace-id", "x"), ("--version",), ("--help",), ("check", "--help")]
)
def test_output_that_finds_no_room_is_one_sentence(words):
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "fuse_otel", *words],
            env=environment(),
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
    assert done.returncode == 1
    assert done.stderr.startswith("fuse-otel: Standard output cannot be written: ")
    assert done.stderr.count("\n") == 1


def test_output_that_is_closed_is_no_traceback():
    words = ["sh", "-c", 'exec "$0" -m fuse_otel --version >&-', sys.executable]
    done = subprocess.run(words, stderr=subprocess.PIPE, text=True, timeout=PATIENCE, check=False)
    assert (done.returncode, done.stderr) == (1, "")


def test_a_complaint_that_nobody_reads_changes_no_exit_code():
    code = "from fuse_otel.cli import main; import sys; sys.exit(main(['nonsense']))"
    with subprocess.Popen(
        [sys.executable, "-c", "import sys; sys.stdin.readline(); " + code],
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        process.stderr.close()
        process.stdin.write(b"\n")
        process.stdin.close()
        process.stdin = None
        assert process.wait(PATIENCE) == 1
