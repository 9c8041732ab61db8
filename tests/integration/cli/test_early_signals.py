"""SIGTERM while the program is still being imported, as PID 1 of a container would miss it."""

import signal
import subprocess
import sys

import pytest
from support.patience import PATIENCE

EARLY = """
import os, signal, sys
import fuse_otel.__main__ as program
heavy = {"argparse", "httpx", "pydantic", "fuse_otel.cli"} & set(sys.modules)
assert not heavy, heavy
sys.argv = ["fuse-otel", *sys.argv[1:]]
os.getpid = lambda: int(os.environ["AS_PID"])
program._end_on_sigterm()
signal.raise_signal(signal.SIGTERM)
"""


@pytest.mark.parametrize(
    ("command", "pid", "code"),
    [
        ("run", 1, 0),
        ("run", 77, 0),
        ("once", 1, 128 + signal.SIGTERM),
        ("once", 77, -signal.SIGTERM),
    ],
)
def test_the_process_ends_at_once(command, pid, code):
    ended = subprocess.run(
        [sys.executable, "-c", EARLY, command],
        env={"AS_PID": str(pid)},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert (ended.returncode, ended.stderr) == (code, "")
