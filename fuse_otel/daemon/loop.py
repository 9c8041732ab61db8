"""A thread that steps and sleeps. It can be woken, and reports whether it still makes progress."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from math import inf
from threading import Event, Thread

from fuse_otel.core.model.lane import LoopName
from fuse_otel.core.timing.backoff import Backoff
from fuse_otel.events import Emit, LoopFailed

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
        self._stop = Event()
        self._wake = Event()
        self._beat = time.monotonic()
        self.next_step: float | None = None
        self._thread = Thread(target=self._run, name=str(name), daemon=True)

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
