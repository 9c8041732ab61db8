"""The colours, the width and the characters of ``fuse-otel show``."""

import io
import sys

import pytest
from support.builders.saved_files import listed, run_command, save

from fuse_otel.cli import main
from fuse_otel.cli.commands import show
from fuse_otel.config import colour_refused


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


def test_an_output_that_knows_no_boxes_gets_stand_ins(two_calls, monkeypatch):
    raw = io.BytesIO()
    with io.TextIOWrapper(raw, encoding="ascii") as ascii_only:
        monkeypatch.setattr(sys, "stdout", ascii_only)
        assert main(["show", str(two_calls)]) == 0
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
        assert "is not a number from 48" in capsys.readouterr().err
