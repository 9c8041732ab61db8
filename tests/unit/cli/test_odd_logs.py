"""Logs that no API should send cost a sentence or nothing: the daemon, ``convert`` and ``show``."""

import json

import pytest
from support.builders.odd_logs import odd_logs
from support.builders.saved_files import run_command
from support.rigs.call_path import RENDERERS, whole_path

from fuse_otel.cli.commands import convert, show

ODD = odd_logs()
# For the checks of all that is rendered.
each = pytest.mark.parametrize("name", ODD)


@pytest.mark.slow
@each
def test_the_daemon_renders_it_or_does_not_understand_it(name):
    large = len(ODD[name]) > 100_000
    whole_path(ODD[name], () if large else RENDERERS)


@each
def test_convert_writes_otlp_or_says_in_a_sentence_why_not(name, tmp_path, capsys):
    file = tmp_path / name
    file.write_bytes(ODD[name])
    code = run_command(convert, str(file))
    captured = capsys.readouterr()
    for line in captured.out.splitlines():
        assert {"resourceSpans", "resourceLogs"} & set(json.loads(line))
    check_complaints(code, captured.err, str(file))


@each
def test_show_draws_it_or_says_in_a_sentence_why_not(name, tmp_path, capsys):
    file = tmp_path / name
    file.write_bytes(ODD[name])
    code = run_command(show, str(file), "--records")
    captured = capsys.readouterr()
    captured.out.encode()
    check_complaints(code, captured.err, str(file))


def check_complaints(code, complaints, file):
    assert code == (1 if complaints else 0)
    for line in complaints.splitlines():
        assert line.startswith(f"{file}: ")
        assert len(line) < len(file) + 200
    assert len(complaints.splitlines()) <= 1
