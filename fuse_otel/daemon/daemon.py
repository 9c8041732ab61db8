"""The daemon: starts, wakes and ends its loops. A loop is a thread that steps and sleeps. It can be
woken, and reports whether it still makes progress.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from math import inf

from fuse_otel.core.model.lane import LoopName
from fuse_otel.core.timing.backoff import Backoff
from fuse_otel.events import (
    CallsGrown,
    CallsStored,
    Emit,
    Event,
    JobChanged,
    LanePaused,
    LoopFailed,
)
from fuse_otel.jobs.worker import JobWorker
from fuse_otel.poller import Poller
from fuse_otel.shipper import Shipper

Step = Callable[[float], float]
"""The present time → when to step again, both UNIX seconds."""

LONGEST_SLEEP = 60.0  # limits the effect of a clock that is set back
# After an unexpected error. A step that always fails the same way must not send the same request
# every few seconds.
FIRST_PAUSE, LONGEST_PAUSE = 5.0, 60.0
HUNG_AFTER = 300.0  # no step takes this long: every request has a deadline


class SupervisedStep:
    """A step whose unexpected errors are logged and followed by a pause of 5 s to 1 min. One bad
    step must not end the loop.
    """

    def __init__(
        self,
        name: LoopName,
        step: Step,
        emit: Emit,
        timer: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = name
        self._step = step
        self._emit = emit
        self._timer = timer
        self._pauses = Backoff(FIRST_PAUSE, LONGEST_PAUSE)

    @property
    def failures(self) -> int:
        """Unexpected errors in a row."""
        return self._pauses.failures

    def ready(self, now: float) -> bool:
        return self._pauses.ready(now)

    def __call__(self, now: float) -> float:
        began = self._timer()
        try:
            wake = self._step(now)
        except Exception as error:  # noqa: BLE001 - see above
            self._emit(LoopFailed.of(self.name, error))
            self._pauses.fail(now + self._timer() - began, random.random)
            return self._pauses.until
        self._pauses.succeed()
        return wake


class Loop:
    def __init__(self, name: LoopName, step: Step, emit: Emit, clock: Callable[[], float]) -> None:
        self.name = name
        self._step = SupervisedStep(name, step, emit)
        self._clock = clock
        self._stop = threading.Event()
        self._wake = threading.Event()
        self._beat = time.monotonic()
        self.next_step: float | None = None
        self._thread = threading.Thread(target=self._run, name=str(name), daemon=True)

    def start(self) -> None:
        self._thread.start()

    def wake(self) -> None:
        """Step now instead of at the planned time."""
        self._wake.set()

    def stop(self) -> None:
        """End after the present step."""
        self._stop.set()
        self._wake.set()

    def join(self, timeout: float) -> bool:
        """Whether the thread has ended within ``timeout`` seconds."""
        self._thread.join(max(0.0, timeout))
        return not self._thread.is_alive()

    @property
    def hung(self) -> bool:
        return not self._stop.is_set() and time.monotonic() - self._beat > HUNG_AFTER

    def _run(self) -> None:
        while not self._stop.is_set():
            self._beat = time.monotonic()
            self._wake.clear()
            wake = self._step(self._clock())
            wait = min(wake - self._clock(), LONGEST_SLEEP)
            self.next_step = wake if wake < inf else None
            if wait > 0:
                # A commit or a webhook is no reason to repeat an unexpected error sooner.
                (self._stop if self._step.failures else self._wake).wait(wait)


_LOOK = 0.05  # seconds between two checks whether the lanes are empty
# A lane that cannot deliver uses up the grace. A loop without a request under way still ends within
# this time, and then the store can be closed.
_LAST_MOMENT = 1.0


class Daemon:
    """Pollers, shippers and the job worker as threads. ``clock`` gives UNIX seconds."""

    def __init__(
        self,
        pollers: Sequence[Poller],
        shippers: Sequence[Shipper],
        job_worker: JobWorker,
        emit: Emit,
        clock: Callable[[], float],
    ) -> None:
        self._clock = clock
        self._pollers = pollers
        self._shippers = shippers
        self._reading = [Loop(LoopName("account", p.account), p.step, emit, clock) for p in pollers]
        for poller, loop in zip(pollers, self._reading, strict=True):
            poller.call_when_answered(loop.wake)
        self._sending = [Loop(LoopName.of_lane(s.lane), s.step, emit, clock) for s in shippers]
        self._job_worker = job_worker
        self._jobs = Loop(LoopName("jobs"), job_worker.step, emit, clock)
        job_worker.call_when_announced(self._poll_soon)

    def start(self) -> None:
        for loop in self._all:
            loop.start()

    def notice(self, event: Event) -> None:
        """A subscriber of events: send stored calls and begin jobs at once."""
        if isinstance(event, JobChanged):
            for loop in self._reading:
                loop.wake()
        if isinstance(event, CallsStored | CallsGrown | JobChanged):
            for loop in self._sending:
                loop.wake()

        if isinstance(event, LanePaused):
            for shipper, loop in zip(self._shippers, self._sending, strict=True):
                if shipper.lane == event.lane and event.since is None:
                    shipper.try_at_once()
                    loop.wake()

    def poke(self) -> None:
        """A call ended: poll as soon as it is settled, here and on the other replicas. For any
        thread.
        """
        self._job_worker.announce()
        self._poll_soon()

    def _poll_soon(self) -> None:
        for poller, loop in zip(self._pollers, self._reading, strict=True):
            poller.poke(self._clock())
            loop.wake()

    @property
    def loops(self) -> Sequence[LoopName]:
        """Their names."""
        return [loop.name for loop in self._all]

    def next_steps(self) -> Mapping[LoopName, float]:
        """When each loop steps again, UNIX seconds; a loop that waits for an event is left out."""
        return {loop.name: loop.next_step for loop in self._all if loop.next_step is not None}

    def hung(self) -> list[str]:
        """One sentence for each loop that makes no progress."""
        return [f"The loop of {loop.name} hangs." for loop in self._all if loop.hung]

    @property
    def _all(self) -> Sequence[Loop]:
        return (*self._sending, *self._reading, self._jobs)

    def stop(self, grace: float, *, drain: bool = True) -> bool:
        """End the reading loops, then let the lanes send for the rest of ``grace`` (to ``drain``).

        Returns whether all threads have ended. Unsent calls stay in the store.
        """
        end = time.monotonic() + grace
        reading = (*self._reading, self._jobs)
        for loop in reading:
            loop.stop()
        stopped = [loop.join(end - time.monotonic()) for loop in reading]
        for loop in self._sending:
            loop.wake()
        while (
            drain and time.monotonic() < end and not all(shipper.idle for shipper in self._shippers)
        ):
            time.sleep(_LOOK)
        for loop in self._sending:
            loop.stop()
        end = max(end, time.monotonic() + _LAST_MOMENT)
        stopped += [loop.join(end - time.monotonic()) for loop in self._sending]
        return all(stopped)
