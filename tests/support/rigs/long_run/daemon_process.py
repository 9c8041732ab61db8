"""The daemon as a process: its own assembly and loops, stepped in simulated time.

It reads its arguments as JSON from the first line of stdin. It answers each further line (a command
and its arguments) with its status, until stdin ends.
"""

from __future__ import annotations

import gc
import json
import resource
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fuse_otel import config
from fuse_otel.assembly.workers import Workers, readiness
from fuse_otel.daemon.memory import collect_rarely, share_one_arena
from fuse_otel.events import CallsGrown, CallsStored, Event
from fuse_otel.instrumentation import fan_out
from fuse_otel.instrumentation.log import Log
from fuse_otel.instrumentation.metrics import Metrics
from fuse_otel.ports import Status
from support.rigs.long_run.scrapes import SCRAPES
from support.rigs.long_run.shared_clock import SharedClock

_FALLBACK = 60.0  # an idle lane is woken by what is stored; that it looks by itself costs time
_API_SECONDS = 0.05
PAGE = resource.getpagesize()


@dataclass(slots=True)
class LoopState:
    """A loop of the daemon and when it steps next. A step with a request takes ``seconds``, and
    until ``busy`` it can do nothing else.
    """

    step: Callable[[float], float]
    idle: Callable[[], bool]
    seconds: float
    at: float
    busy: float = 0.0

    def take(self, now: float) -> None:
        wake = self.step(now)
        self.busy = now + (0.0 if self.idle() else self.seconds)
        self.at = max(wake, now + _FALLBACK if self.idle() else self.busy)


class DaemonSide:
    def __init__(self, arguments: Mapping[str, Any]) -> None:
        self._clock = SharedClock(Path(arguments["clock"]))
        self._folder = Path(arguments["folder"])
        self._export_seconds = float(arguments["export_seconds"])
        self._log_file = (self._folder / "daemon.log").open("a")
        self._disk = self._used = self._most_waiting = 0
        self._loops: list[LoopState] = []
        self._metrics = Metrics(status=self._status)
        self._scrape = float(arguments["scrape"])
        self._scrapes = self._folder / SCRAPES
        self._scrapes.mkdir()
        self._next_scrape = self._clock()
        self.start(arguments["settings"], arguments["max_disk"])

    def start(self, settings: Mapping[str, str], max_disk: int) -> None:
        """``max_disk`` in bytes: a test's cap is lower than any that makes sense."""
        self._max_disk = max_disk
        self._settings = dict(settings)
        loaded = config.load(environ=self._settings).settings
        loaded = loaded.model_copy(update={"max_disk": max_disk})
        log = Log(self._log_file, loaded.log_level, loaded.log_format, self._clock)
        self._metrics.forget_states()
        emit = fan_out(self._metrics, log, readiness(loaded), self._notice)
        # In simulated time a step has to wait for its request.
        self._workers = Workers(loaded, emit, self._clock, once=True)
        now = self._clock()
        self._lanes = [
            LoopState(shipper.step, lambda s=shipper: s.idle, self._export_seconds, now)  # type: ignore[misc]
            for shipper in self._workers.shippers
        ]
        readers = [
            LoopState(poller.step, lambda: False, _API_SECONDS, now)
            for poller in self._workers.pollers
        ]
        job_worker = LoopState(self._workers.job_worker.step, lambda: True, 0.0, now)
        self._loops = [*self._lanes, *readers, job_worker]

    def _status(self) -> Status:
        return self._workers.store.control.status()

    def restart(self, **settings: str) -> None:
        """What lies in memory is lost, what lies in the store stays."""
        self._workers.close()
        self.start(self._settings | settings, self._max_disk)

    def run(self, until: float, export_seconds: float | None = None) -> None:
        for lane in self._lanes:
            lane.seconds = self._export_seconds if export_seconds is None else export_seconds
        while (loop := min(self._loops, key=lambda loop: loop.at)).at < until:
            now = max(loop.at, self._clock())
            self._clock.move_to(now)
            if now >= self._next_scrape:
                self._look(now)
            loop.take(now)
        self._clock.move_to(until)
        self._look(until)

    def _notice(self, event: Event) -> None:
        """What was stored is sent at once, as the daemon does it."""
        if isinstance(event, CallsStored | CallsGrown):
            for lane in self._lanes:
                # In a back-off the step answers when it wants to be called.
                lane.at = max(lane.busy, min(lane.at, self._clock()))

    def _look(self, now: float) -> None:
        self._next_scrape = now + self._scrape
        (self._scrapes / f"{now:.0f}").write_bytes(self._metrics.render("")[0])
        status = self._status()
        self._used = max(self._used, status.used)
        waiting = [self._most_waiting, *(lane.calls for lane in status.lanes)]
        self._most_waiting = max(waiting)
        self._disk = max(self._disk, self._file_size())

    def _file_size(self) -> int:
        return sum(path.stat().st_size for path in self._folder.glob("state.db*"))

    def status(self) -> dict[str, object]:
        """Bytes and counts, now and at most so far; the CPU's seconds."""
        gc.collect()
        status = self._status()
        return {
            "cpu": time.process_time(),
            "memory": resident(),
            "most_memory": most_resident(),
            "disk": self._file_size(),
            "most_disk": self._disk,
            "most_used": self._used,
            "most_waiting": self._most_waiting,
            "waiting": {lane.lane.signal: lane.calls for lane in status.lanes},
            "parked": sum(lane.parked for lane in status.lanes),
            "gaps": sum(len(account.gaps) for account in status.accounts),
            "pending": sum(account.waiting for account in status.accounts),
            "ledger": sum(account.calls for account in status.accounts),
        }


def resident() -> int:
    """The memory of this process now, in bytes; the most so far where the system tells no more."""
    statm = Path("/proc/self/statm")
    return int(statm.read_text().split()[1]) * PAGE if statm.exists() else most_resident()


def most_resident() -> int:
    """In bytes. Linux keeps the parent's peak in ``getrusage`` across exec, so it is not asked."""
    status = Path("/proc/self/status")
    if status.exists():
        (line,) = [line for line in status.read_text().splitlines() if line.startswith("VmHWM")]
        return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # bytes on macOS


def serve(side: DaemonSide) -> None:
    for line in sys.stdin:
        command, arguments = json.loads(line)
        {"run": side.run, "restart": side.restart}[command](**arguments)
        sys.stdout.write(json.dumps(side.status()) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    share_one_arena()
    collect_rarely()
    serve(DaemonSide(json.loads(sys.stdin.readline())))
