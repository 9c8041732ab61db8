"""``fuse-otel simulate`` as a person runs it."""

import argparse
import json
import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from support import http_client
from support.patience import PATIENCE

from fuse_otel.cli.commands import simulate

ROOT = Path(__file__).parents[3]
SCRIPT = """
import argparse, sys
from fuse_otel.cli.commands import simulate
parser = argparse.ArgumentParser()
simulate.arguments(parser)
sys.exit(simulate.run(parser.parse_args()))
"""


def start(*words):
    return subprocess.Popen(
        [sys.executable, "-c", SCRIPT, "--listen", "127.0.0.1:0", *words],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )


def introduction(process):
    """What it prints before it serves, and the settings among it."""
    lines = []
    for line in process.stdout:
        lines.append(line)
        if "Ctrl-C" in line:
            break
    text = "".join(lines)
    return text, dict(re.findall(r"^export (FUSE_OTEL_\w+)=(\S+)$", text, re.MULTILINE))


def run(*words):
    parser = argparse.ArgumentParser()
    simulate.arguments(parser)
    return simulate.run(parser.parse_args([*words]))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_says_how_to_be_reached_and_ends_with_0(number):
    with start("--email", "me@example.com", "--developer-key", "it's") as process:
        text, settings = introduction(process)
        assert settings["FUSE_OTEL_EMAIL"] == "me@example.com"
        answer = http_client.get(
            f"{settings['FUSE_OTEL_API_URL']}/calls/1/9999999999", auth=("me@example.com", "it's")
        )
        process.send_signal(number)
        assert process.wait(PATIENCE) == 0
    assert answer.json()["total_calls"] > 900
    assert "/_simulator/faults" in text
    assert "Traceback" not in text


def fetch(path, *words):
    """The answer of a simulator started with these words, which is then ended."""
    with start(*words) as process:
        _, settings = introduction(process)
        auth = (settings["FUSE_OTEL_EMAIL"], settings["FUSE_OTEL_DEVELOPER_KEY"])
        answer = http_client.get(settings["FUSE_OTEL_API_URL"] + path, auth=auth)
        process.terminate()
        assert process.wait(PATIENCE) == 0
    return answer


def test_quirks_and_faults_are_taken_from_flags():
    words = ["--quirk", "total_off_by=7", "--rate", "1/s", "--past", "60s",
             "--fault", "error,endpoint=all_logs,status=502"]  # fmt: skip
    listed = fetch("/calls/1/2", *words)
    assert listed.json() == {"calls": [], "total_calls": 7}
    assert fetch("/all_logs/1/2", *words).status_code == 502


def test_samples_are_served_from_a_folder(tmp_path):
    document = {"calls": [{"session_id": "1;2;3"}], "total_calls": 1}
    (tmp_path / "calls.json").write_text(json.dumps(document))
    assert fetch("/calls/5/6", "--samples", str(tmp_path)).json() == document


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--listen", "8765"], "host:port"),
        (["--listen", ":8765"], "host:port"),
        (["--listen", "127.0.0.1:70000"], "host:port"),
        (["--rate", "often"], "a rate is written like"),
        (["--past", "long"], "a duration is written like"),
        (["--rate", "5000/s"], "at most 1000"),
        (["--quirk", "colour=red"], "no quirk 'colour'"),
        (["--fault", "broken"], "takes one of"),
        (["--hook-url", "ftp://x"], "must begin with http"),
        (["--samples", "/nonexistent"], "No such file"),
    ],
)
def test_a_bad_value_gives_one_sentence_and_2(capsys, words, sentence):
    assert run(*words) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert sentence in err
    assert err.count("\n") == 1


def test_an_address_in_use_gives_one_sentence_and_1(capsys):
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert run("--listen", f"127.0.0.1:{port}") == 1
    for number, handler in handlers.items():
        signal.signal(number, handler)
    err = capsys.readouterr().err
    assert err.startswith(f"fuse-otel simulate: cannot listen on 127.0.0.1:{port}: ")
    assert err.count("\n") == 1
