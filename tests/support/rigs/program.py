"""The program itself, as a user starts it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from fuse_otel.simulator.simulated_api import SimulatedApi
from support.patience import PATIENCE

NO_SETTINGS = Path(__file__).parents[2] / "data" / "no_settings.toml"


# The last three of a service manager: a daemon of the tests must not report to it.
_PRODUCT = ("FUSE_OTEL_", "OTEL_", "NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID")


def environment(**settings: str) -> dict[str, str]:
    """The environment of this process without what configures the product, and ``settings``. A
    file without settings keeps the program from reading the default one of this machine.
    """
    kept = {k: v for k, v in os.environ.items() if not k.startswith(_PRODUCT)}
    return {**kept, "FUSE_OTEL_CONFIG": str(NO_SETTINGS), **settings}


def pointed_at(api: SimulatedApi, folder: Path, endpoint: str, **settings: str) -> dict[str, str]:
    """The settings of a daemon that reads ``api``, keeps its state in ``folder`` and delivers to
    ``endpoint``.
    """
    usual = {
        "FUSE_OTEL_API_URL": api.url,
        "FUSE_OTEL_EMAIL": api.email,
        "FUSE_OTEL_DEVELOPER_KEY": api.developer_key,
        "FUSE_OTEL_STATE_URL": f"sqlite:///{folder / 'state.db'}",
        "FUSE_OTEL_LISTEN": "127.0.0.1:0",
        "OTEL_EXPORTER_OTLP_ENDPOINT": endpoint,
    }
    return environment(**{**usual, **settings})


def fuse_otel(
    *words: str, env: Mapping[str, str], patience: float = PATIENCE
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "fuse_otel", *words],
        env=dict(env),
        capture_output=True,
        text=True,
        timeout=patience,
        check=False,
    )


class Running:
    """A daemon in a process of its own; ``log`` is what it wrote on stderr so far."""

    def __init__(self, process: subprocess.Popen[str], log: Path) -> None:
        self.process = process
        self._log = log

    @property
    def log(self) -> str:
        return self._log.read_text()

    @property
    def url(self) -> str:
        """Where its pages are."""
        line = self.wait_for(lambda: next((x for x in self.log.splitlines() if "listen=" in x), ""))
        return "http://" + str(line).split("listen=")[1].split()[0]

    def wait_for(self, condition: Callable[[], object], patience: float = PATIENCE) -> object:
        end = time.monotonic() + patience
        while not (found := condition()):
            if self.process.poll() is not None or time.monotonic() > end:
                raise AssertionError(f"it did not come to it: {self.log}")
            time.sleep(0.02)
        return found

    def end(self, number: int = signal.SIGTERM, patience: float = PATIENCE) -> int:
        """Send the signal; the exit code."""
        self.process.send_signal(number)
        return self.process.wait(patience)


_PROGRAM = ("-m", "fuse_otel")


@contextmanager
def running(
    *words: str, env: Mapping[str, str], folder: Path, program: Sequence[str] = _PROGRAM
) -> Iterator[Running]:
    """``fuse-otel run`` inside the ``with``; killed at its end if it still runs."""
    with started("run", *words, env=env, folder=folder, program=program) as daemon:
        yield daemon


@contextmanager
def started(
    *words: str, env: Mapping[str, str], folder: Path, program: Sequence[str] = _PROGRAM
) -> Iterator[Running]:
    """Any command, as ``running``; its log is all that it writes. ``program`` are Python's
    arguments that start the command line.
    """
    log = folder / "daemon.log"
    with log.open("a") as stream:
        process = subprocess.Popen(
            [sys.executable, *program, *words],
            env=dict(env),
            stdout=stream,
            stderr=stream,
            text=True,
        )
        try:
            yield Running(process, log)
        finally:
            process.kill()
            process.wait(PATIENCE)
