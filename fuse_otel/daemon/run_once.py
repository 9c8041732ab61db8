"""Processes everything that is due, in one thread, and ends: for ``once`` and for jobs."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from fuse_otel.core.model.lane import Lane
from fuse_otel.jobs import JobWorker
from fuse_otel.poller import Poller
from fuse_otel.shipper import Shipper

GIVE_UP_AFTER = 3  # failed requests in a row: a program that runs once does not wait for long

_SOME = "some requests fail repeatedly while others are answered"


@dataclass(frozen=True, slots=True)
class RunOnceResult:
    """``problems``: one sentence for each reason why not everything is done. ``waiting`` calls are
    due later, because their logs may still grow.
    """

    problems: tuple[str, ...]
    waiting: int


@dataclass(frozen=True, slots=True)
class WorkerGroup:
    """What is stepped, the job worker first: the work it begins is then due for the others."""

    job_worker: JobWorker
    pollers: Sequence[Poller]
    shippers: Sequence[Shipper]

    def step(self, clock: Callable[[], float], end: float) -> float:
        """Returns when the first of them wants to step again. No step begins after ``end``."""
        pollers, shippers = (p.step for p in self.pollers), (s.step for s in self.shippers)
        steps = (self.job_worker.step, *pollers, *shippers)
        return min((step(clock()) for step in steps if clock() < end), default=end)

    def idle(self, failing: Collection[str], down: Collection[Lane]) -> bool:
        """Whether nothing is due, except for these accounts and lanes, and for jobs."""
        return all(p.state().idle or p.account in failing for p in self.pollers) and all(
            s.idle or s.lane in down for s in self.shippers
        )

    def delivers_nothing(self, down: Collection[Lane]) -> bool:
        return bool(self.shippers) and all(s.lane in down for s in self.shippers)


def run_once(
    workers: WorkerGroup,
    *,
    timeout: float,
    clock: Callable[[], float],
    sleep: Callable[[float], None],
    jobs_done: Callable[[], bool] | None = None,
    down: Callable[[], Mapping[Lane, str]] = dict,
    halt: Callable[[], Sequence[str]] = tuple,
) -> RunOnceResult:
    """Step all workers until nothing is due and the jobs are done, or until ``timeout`` is over.

    A failing account and a lane that is ``down`` delay no other: they are reported in the end. If
    no lane works the run ends. ``jobs_done`` limits the jobs that count (default: all). ``halt``
    gives reasons to end after each round.
    """
    end = clock() + timeout
    while True:
        now = clock()
        wake = workers.step(clock, end)
        failing, lanes = _failing(workers.pollers), down()
        problems = list(halt())
        done = workers.job_worker.idle if jobs_done is None else jobs_done()
        idle = workers.idle(failing, lanes) and (done or bool(failing))
        if problems or idle or (done and workers.delivers_nothing(lanes)):
            break
        if clock() >= end:
            problems = [f"Not all was done within {timeout:g} s; a later run goes on from there."]
            break
        sleep(max(0.0, min(wake, end) - max(now, clock())))
    problems += [f"account {account}: {why}" for account, why in failing.items()]
    problems += [f"lane {lane.destination}/{lane.signal}: {why}" for lane, why in lanes.items()]
    waiting = sum(poller.state().waiting for poller in workers.pollers)
    return RunOnceResult((*problems, *_unread(workers.pollers)), waiting)


def _failing(pollers: Sequence[Poller]) -> dict[str, str]:
    """The reason by the account's name."""
    found = {}
    for poller in pollers:
        state = poller.state()
        if state.unauthorized or state.failures >= GIVE_UP_AFTER:
            found[poller.account] = str(state.error or _SOME)
    return found


def _unread(pollers: Sequence[Poller]) -> list[str]:
    """Intervals that fail stay as gaps when everything else is done."""
    return [
        f"account {poller.account}: {poller.state().gaps} intervals could not be read."
        for poller in pollers
        if poller.state().idle and poller.state().gaps
    ]
