"""Processes everything that is due, in one thread, and ends: for ``once`` and for jobs."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

from msgspec import Struct, field

from fuse_otel.core.model.lane import Lane, LoopName
from fuse_otel.daemon.daemon import SupervisedStep
from fuse_otel.events import Emit
from fuse_otel.humanize import plural
from fuse_otel.jobs.worker import JobWorker
from fuse_otel.poller import Poller
from fuse_otel.ports import PendingReason
from fuse_otel.shipper import Shipper

GIVE_UP_AFTER = 3  # failures in a row: a program that runs once does not wait for long
LAST_PART = 0.1  # of the time limit: with only history left, it is for what waits to be sent
_SOME = "some requests fail repeatedly while others are answered"


class RunOnceResult(Struct, frozen=True):
    """``problems``: one sentence for each reason why not everything is done. ``waiting`` counts the
    calls that are due later, by reason. ``history``: only history is still to be read.
    """

    problems: tuple[str, ...]
    waiting: Mapping[PendingReason, int] = field(default_factory=dict)
    history: bool = False


class WorkerGroup:
    """All loops to step, the job worker first, because its work is then due for the others."""

    def __init__(
        self,
        job_worker: JobWorker,
        pollers: Sequence[Poller],
        shippers: Sequence[Shipper],
        emit: Emit,
    ) -> None:
        self.job_worker = job_worker
        self.pollers = pollers
        self.shippers = shippers
        self._jobs = SupervisedStep(LoopName("jobs"), job_worker.step, emit)
        self._reading = {
            p.account: SupervisedStep(LoopName("account", p.account), p.step, emit) for p in pollers
        }
        self._sending = {
            s.lane: SupervisedStep(LoopName.of_lane(s.lane), s.step, emit) for s in shippers
        }

    def step(self, clock: Callable[[], float], end: float, *, reading: bool = True) -> float:
        """Returns when the first of them wants to step again. No step begins after ``end``."""
        pollers = self._reading.values() if reading else ()
        steps = (self._jobs, *pollers, *self._sending.values())
        # A step that ended with an unexpected error waits; its work is repeated later.
        ready = (step for step in steps if step.ready(clock()))
        return min((step(clock()) for step in ready if clock() < end), default=end)

    def idle(self, failing: Collection[str], down: Collection[Lane]) -> bool:
        """Whether nothing is due, except for these accounts and lanes, and for jobs."""
        return all(p.state().idle or p.account in failing for p in self.pollers) and all(
            self.sent(down)
        )

    def sent(self, down: Collection[Lane]) -> Iterator[bool]:
        return (shipper.idle or shipper.lane in down for shipper in self.shippers)

    def delivers_nothing(self, down: Collection[Lane]) -> bool:
        return bool(self.shippers) and all(s.lane in down for s in self.shippers)

    def only_history(self) -> bool:
        """Whether all accounts have read everything except history."""
        return bool(self.pollers) and all(p.state().only_history for p in self.pollers)

    def failing(self) -> dict[str, str]:
        """Why accounts do not work, by their names."""
        found = {}
        for poller in self.pollers:
            state = poller.state()
            broken = self._reading[poller.account].failures >= GIVE_UP_AFTER
            if state.unauthorized or state.failures >= GIVE_UP_AFTER or broken:
                found[poller.account] = str(state.error or _SOME)
        return found

    def broken(self) -> dict[Lane, str]:
        """The lanes that unexpected errors stop."""
        return {
            lane: "unexpected errors, see the log"
            for lane, step in self._sending.items()
            if step.failures >= GIVE_UP_AFTER
        }


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
    begun = clock()
    end = begun + timeout
    history = False
    while True:
        now = clock()
        # History may take longer than any time limit. The last part of it is for delivery.
        history = history or (now > end - LAST_PART * timeout and workers.only_history())
        wake = workers.step(clock, end, reading=not history)
        failing, lanes = workers.failing(), {**workers.broken(), **down()}
        problems = list(halt())
        done = workers.job_worker.idle if jobs_done is None else jobs_done()
        idle = workers.idle(failing, lanes) and (done or bool(failing))
        if problems or idle or (done and workers.delivers_nothing(lanes)):
            history = False
            break
        if history and all(workers.sent(lanes)):
            break
        if clock() >= end:
            history = False
            problems = [
                f"Not all was done within {timeout:g} s; the next run continues from there."
            ]
            break
        sleep(max(0.0, min(wake, end) - max(now, clock())))
    problems += [f"account {account}: {why}" for account, why in failing.items()]
    problems += [f"lane {lane}: {why}" for lane, why in lanes.items()]
    problems += _unread(workers.pollers)
    return RunOnceResult(tuple(problems), _waiting(workers.pollers), history)


def _unread(pollers: Sequence[Poller]) -> list[str]:
    """What the API answers with errors: intervals stay as gaps, and calls stay pending."""
    found = []
    for poller in pollers:
        state = poller.state()
        failing = state.waiting_for.get(PendingReason.FAILING, 0)
        if state.idle and state.gaps:
            found.append(f"account {poller.account}: {state.gaps} intervals could not be read.")
        if failing:
            found.append(
                f"account {poller.account}: the API does not answer for the log of"
                f" {plural(failing, 'call')}; a later run tries again."
            )
    return found


def _waiting(pollers: Sequence[Poller]) -> Mapping[PendingReason, int]:
    counts: dict[PendingReason, int] = {}
    for poller in pollers:
        for reason, calls in poller.state().waiting_for.items():
            counts[reason] = counts.get(reason, 0) + calls
    return counts
