"""Both sides of a long run, started and asked."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, Self

from fuse_otel.simulator.simulated_api import DEVELOPER_KEY, EMAIL
from support.rigs.long_run.fault_interval import FaultInterval
from support.rigs.long_run.scrapes import SCRAPES
from support.rigs.long_run.shared_clock import SharedClock
from support.rigs.program import environment

START = 1_790_000_000.0
SCRAPE = 4 * 3600.0  # seconds between two scrapes, and two looks at sizes
_TESTS = Path(__file__).parents[3]


class LongRun:
    """A context manager. The simulated time begins at ``start``; calls come at ``rate`` a second
    since ``past`` seconds before. An export takes ``export_seconds``; the back end refuses requests
    of more than ``most_bytes``; ``max_disk`` in bytes. Each ``scrape`` seconds the daemon's metrics
    are kept. ``services``: when a web service fails, see ``services``. ``world`` is one of
    ``WORLDS``.
    """

    def __init__(  # noqa: PLR0913 - all by name
        self,
        folder: Path,
        *,
        rate: float,
        past: float = 2 * 3600.0,
        faults: Sequence[FaultInterval] = (),
        quirks: Sequence[str] = (),
        export_seconds: float = 0.2,
        most_bytes: int = 3_000_000,
        max_disk: int = 1 << 30,
        seed: int = 5,
        start: float = START,
        scrape: float = SCRAPE,
        services: Mapping[str, float] = MappingProxyType({}),
        world: str = "simulated",
        **settings: str,
    ) -> None:
        self._folder = folder
        self._clock = folder / "clock"
        self.now = SharedClock.made(self._clock, start)
        self._world: dict[str, object] = {"seed": seed, "rate": rate, "past": past, "start": start}
        self._world["world"] = world
        self._world["services"] = dict(services)
        self._scrape = scrape
        self._most_bytes = most_bytes
        self._faults = [(s.place, s.kind, s.since, s.until) for s in faults]
        self._quirks = list(quirks)
        self._export_seconds = export_seconds
        self._max_disk = max_disk
        self._settings = settings

    def __enter__(self) -> Self:
        arguments = {
            "clock": str(self._clock),
            "faults": self._faults,
            "quirks": self._quirks,
            "most_bytes": self._most_bytes,
        }
        self._peers = _Side("peers_process", arguments | self._world)
        self._urls = self._peers.answer()
        self._daemon_side = self._daemon("first", self._settings)
        return self

    def __exit__(self, *_: object) -> None:
        self._daemon_side.close()
        self._peers.close()

    def run(self, until: float, **more: float) -> dict[str, Any]:
        """On to this simulated moment; how the daemon stands then."""
        return self._daemon_side.ask(["run", {"until": until, **more}])

    def restart(self, **settings: str) -> dict[str, Any]:
        return self._daemon_side.ask(["restart", settings])

    def scrapes(self) -> Path:
        """The folder of the expositions so far, each named by its UNIX second."""
        return self._folder / "first" / SCRAPES

    def anew(self, **settings: str) -> None:
        """Another daemon with an empty store; what it sends is the round ``again``."""
        self._daemon_side.close()
        self._daemon_side = self._daemon("again", self._settings | settings)

    def compare(
        self, since: float, until: float, up_again: float = 0.0, *, again: bool = False
    ) -> dict[str, Any]:
        """See ``comparison.compare``."""
        question = {"since": since, "until": until, "up_again": up_again, "again": again}
        return self._peers.ask(question | {"now": self.now()})

    def _daemon(self, round_: str, settings: dict[str, str]) -> _Side:
        folder = self._folder / round_
        folder.mkdir()
        usual = {
            "FUSE_OTEL_API_URL": self._urls["api"],
            "FUSE_OTEL_EMAIL": EMAIL,
            "FUSE_OTEL_DEVELOPER_KEY": DEVELOPER_KEY,
            "FUSE_OTEL_STATE_URL": f"sqlite:///{folder / 'state.db'}",
            "OTEL_EXPORTER_OTLP_ENDPOINT": f"{self._urls['back_end']}/{round_}",
        }
        return _Side(
            "daemon_process",
            {
                "clock": str(self._clock),
                "folder": str(folder),
                "export_seconds": self._export_seconds,
                "max_disk": self._max_disk,
                "scrape": self._scrape,
                "settings": usual | settings,
            },
        )


class _Side:
    """A process that reads and answers lines of JSON. It runs without coverage, whose memory and
    time are not the daemon's.
    """

    def __init__(self, module: str, arguments: object) -> None:
        kept = {k: v for k, v in environment().items() if not k.startswith("COVERAGE")}
        path = os.pathsep.join(filter(None, [str(_TESTS), os.environ.get("PYTHONPATH")]))
        self._process = subprocess.Popen(
            [sys.executable, "-m", f"support.rigs.long_run.{module}"],
            env=kept | {"PYTHONPATH": path},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._write(arguments)

    def ask(self, question: object) -> dict[str, Any]:
        self._write(question)
        return self.answer()

    def answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "the process ended; its last output is above"
        answer: dict[str, Any] = json.loads(line)
        return answer

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()

    def _write(self, what: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(what) + "\n")
        self._process.stdin.flush()
