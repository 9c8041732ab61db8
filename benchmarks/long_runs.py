"""The whole path: fetch, decode, redact, translate, compress, store with fsync, send, acknowledge.

The daemon's own assembly is a process of its own; API and back end are another one. CPU and memory
are those of the daemon's process.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support.rigs.long_run import START, LongRun

HOUR = 3600.0
POLLS = 120  # in an hour, by the default of FUSE_OTEL_POLL_INTERVAL
_PAST = 20 * HOUR
_NONE = 1e-9  # calls a second: none within any past that is used here


@dataclass(frozen=True, slots=True)
class Cost:
    """CPU seconds for so many calls and log entries, and the most bytes of memory."""

    seconds: float
    calls: int
    entries: int
    memory: int = 0


@contextmanager
def _run(rate: float, past: float, world: str, since: str) -> Iterator[LongRun]:
    with (
        tempfile.TemporaryDirectory() as folder,
        LongRun(
            Path(folder),
            rate=rate,
            past=past,
            export_seconds=0.01,
            world=world,
            FUSE_OTEL_SINCE=since,
        ) as run,
    ):
        yield run


def _complete(run: LongRun, since: float, until: float) -> Mapping[str, Any]:
    """What the back end has of these calls. Raises ``RuntimeError`` if one of them is missing."""
    found = run.compare(since, until)
    missing = {signal: found[signal]["missing"] for signal in ("traces", "logs")}
    if any(missing.values()):
        raise RuntimeError(f"calls are missing in the back end: {missing}")
    return found


def backlog(calls: int, world: str = "simulated") -> Cost:
    """About so many calls of the last 20 hours, caught up at once; 0 for an idle daemon."""
    with _run(calls / _PAST or _NONE, _PAST, world, "1d") as run:
        before = run.run(START)
        after = run.run(START + 600 + calls / 50)
        found = _complete(run, START - _PAST, START - 300)
    cpu = after["cpu"] - before["cpu"]
    return Cost(cpu, found["calls"], found["entries"], after["most_memory"])


def live(calls: int) -> Cost:
    """So many calls that end within an hour, read within a minute. It includes the polls."""
    begin, end = START + 600, START + 600 + HOUR
    with _run(calls / HOUR, 1.0, "simulated", "1h") as run:
        before, after = run.run(begin), run.run(end)
        earlier, found = run.compare(START, begin), run.compare(START, end)
        run.run(end + 600)
        _complete(run, START, end)
    cpu = after["cpu"] - before["cpu"]
    calls = found["calls"] - earlier["calls"]
    return Cost(cpu, calls, found["entries"] - earlier["entries"], after["most_memory"])


def idle_hour() -> Cost:
    """The polls of an hour in which no call ends."""
    with _run(_NONE, 1.0, "simulated", "1h") as run:
        before, after = run.run(START + 600), run.run(START + 600 + HOUR)
    return Cost(after["cpu"] - before["cpu"], 0, 0, after["most_memory"])
