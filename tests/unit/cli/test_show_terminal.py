"""``fuse-otel show`` on a terminal, in a pipe, and where nobody reads to the end."""

import contextlib
import fcntl
import io
import os
import pty
import struct
import subprocess
import sys
import termios

import pytest
from support.builders.saved_files import listed, run_command, save

from fuse_otel.cli.commands import show
from fuse_otel.config import colour_refused

RUN = (
    "import argparse, sys; from fuse_otel.cli.commands import show; "
    "parser = argparse.ArgumentParser(); "
    "show.arguments(parser); sys.exit(show.run(parser.parse_args()))"
)


@pytest.fixture
def two_calls(tmp_path):
    """A saved answer with two calls."""
    return save(tmp_path, "all_logs.json", {"calls": [listed("a;1"), listed("b;2")]})


@pytest.mark.parametrize(
    ("choice", "coloured"), [("always", True), ("never", False), ("auto", False)]
)
def test_colour_follows_the_option_and_a_pipe_has_none(two_calls, capsys, choice, coloured):
    assert run_command(show, two_calls, "--color", choice) == 0
    assert ("\x1b[" in capsys.readouterr().out) is coloured


@pytest.mark.parametrize(
    ("environment", "refused"),
    [({}, False), ({"NO_COLOR": ""}, False), ({"NO_COLOR": "1"}, True), ({"TERM": "dumb"}, True)],
)
def test_the_environment_can_refuse_colour(environment, refused):
    assert colour_refused(environment) is refused


def in_a_terminal(columns, environment, *words):
    """What the command writes into a terminal of so many columns."""
    parent, child = pty.openpty()
    try:
        fcntl.ioctl(child, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        command = [sys.executable, "-c", RUN, *words]
        with subprocess.Popen(command, stdout=child, env={**os.environ, **environment}) as running:
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
    environment = {"TERM": "xterm", "NO_COLOR": ""}
    coloured = in_a_terminal(120, environment, two_calls)
    assert "\x1b[1;31m" in coloured
    plain = in_a_terminal(120, {**environment, "NO_COLOR": "1"}, two_calls)
    assert "\x1b" not in plain
    assert 100 < max(map(len, plain.splitlines())) <= 120


def test_a_reader_that_has_enough_is_no_traceback(tmp_path):
    calls = {"calls": [listed(f"call;{n}") for n in range(2000)]}
    file = save(tmp_path, "many.json", calls)
    with subprocess.Popen(
        [sys.executable, "-c", RUN, file], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as running:
        running.stdout.readline()
        running.stdout.close()
        assert running.stderr.read() == b""
        assert running.wait() == 1


def test_an_output_that_knows_no_boxes_gets_stand_ins(two_calls, monkeypatch):
    raw = io.BytesIO()
    with io.TextIOWrapper(raw, encoding="ascii") as ascii_only:
        monkeypatch.setattr(sys, "stdout", ascii_only)
        assert run_command(show, two_calls) == 0
        assert b"?? rest lookup" in raw.getvalue()
        monkeypatch.undo()


@pytest.mark.parametrize(
    ("width", "fits"), [("47", False), ("ten", False), ("-60", False), ("48", True)]
)
def test_the_width_is_at_least_what_a_call_needs(two_calls, capsys, width, fits):
    if fits:
        assert run_command(show, two_calls, "--width", width) == 0
        assert max(map(len, capsys.readouterr().out.splitlines())) <= 48
    else:
        with pytest.raises(SystemExit) as ended:
            run_command(show, two_calls, f"--width={width}")
        assert ended.value.code == 2
        assert "at least 48" in capsys.readouterr().err
