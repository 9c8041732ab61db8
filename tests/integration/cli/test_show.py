"""``fuse-otel show`` as a program: on a terminal, in a pipe, and with a reader that leaves."""

import contextlib
import fcntl
import json
import os
import pty
import struct
import subprocess
import sys
import termios
from pathlib import Path

import pytest
from support.builders.saved_files import ENTRIES, SESSION, listed, run_command, save, trace_id
from support.rigs.program import environment

from fuse_otel.cli.commands import convert, show

pytestmark = pytest.mark.slow

RUN = (
    "import argparse, sys; from fuse_otel.cli.commands import show; "
    "parser = argparse.ArgumentParser(); "
    "show.arguments(parser); sys.exit(show.run(parser.parse_args()))"
)


@pytest.fixture
def two_calls(tmp_path):
    """A saved answer with two calls."""
    return save(tmp_path, "all_logs.json", {"calls": [listed("a;1"), listed("b;2")]})


@pytest.fixture
def two_calls_as_lines(tmp_path, two_calls):
    """The same as OTLP/JSON lines."""
    lines = tmp_path / "otlp.jsonl"
    assert run_command(convert, two_calls, "--output", str(lines)) == 0
    return str(lines)


@pytest.mark.parametrize("name", ["-", "/dev/stdin"])
def test_what_convert_writes_is_drawn_from_a_pipe(two_calls, two_calls_as_lines, capsys, name):
    assert run_command(show, two_calls, "--records") == 0
    from_answer = capsys.readouterr().out
    for source in (two_calls, two_calls_as_lines):
        shown = subprocess.run(
            [sys.executable, "-c", RUN, name, "--records"],
            input=Path(source).read_bytes(),
            env=environment(),
            capture_output=True,
            check=True,
        )
        assert shown.stdout.decode() == from_answer


@pytest.mark.parametrize("name", ["-", "/dev/stdin"])
def test_a_pipe_does_not_say_whose_entries_it_holds(name):
    entries = json.dumps(ENTRIES).encode()
    command = [sys.executable, "-c", RUN, name]
    env = environment()
    shown = subprocess.run(command, input=entries, env=env, capture_output=True, check=False)
    assert shown.returncode == 1
    assert shown.stderr.decode().endswith("whose call it is. Name it with --session-id.\n")
    named = [*command, "--session-id", SESSION]
    shown = subprocess.run(named, input=entries, env=env, capture_output=True, check=True)
    assert trace_id(SESSION) in shown.stdout.decode()


def in_a_terminal(columns, env, *words):
    """What the command writes into a terminal of so many columns."""
    parent, child = pty.openpty()
    try:
        fcntl.ioctl(child, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        command = [sys.executable, "-c", RUN, *words]
        with subprocess.Popen(command, stdout=child, env=env) as running:
            os.close(child)
            child = -1
            written = bytearray()
            with contextlib.suppress(OSError):  # Linux says so when the other end is closed
                while block := os.read(parent, 65536):
                    written += block
            assert running.wait() == 0
        return written.decode()
    finally:
        os.close(parent)
        if child >= 0:
            os.close(child)


def test_a_terminal_gets_its_width_and_colours_unless_it_refuses_them(two_calls):
    coloured = in_a_terminal(120, environment(TERM="xterm", NO_COLOR=""), two_calls)
    assert "\x1b[1;31m" in coloured
    plain = in_a_terminal(120, environment(TERM="xterm", NO_COLOR="1"), two_calls)
    assert "\x1b" not in plain
    assert 100 < max(map(len, plain.splitlines())) <= 120


def test_a_reader_that_has_enough_is_no_traceback(tmp_path):
    calls = {"calls": [listed(f"call;{n}") for n in range(300)]}
    file = save(tmp_path, "many.json", calls)
    with subprocess.Popen(
        [sys.executable, "-c", RUN, file],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
    ) as running:
        running.stdout.readline()
        running.stdout.close()
        assert running.stderr.read() == b""
        assert running.wait() == 1
