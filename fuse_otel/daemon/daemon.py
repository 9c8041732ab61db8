"""The daemon: starts, wakes and ends its loops."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence

from fuse_otel.core.model.lane import LoopName
from fuse_otel.daemon.loop import Loop
from fuse_otel.events import CallsGrown, CallsStored, Emit, Event, JobChanged, LanePaused
from fuse_otel.jobs.worker import JobWorker
from fuse_otel.poller import Poller
from fuse_otel.shipper import Shipper

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
        self._jobs = Loop(LoopName("jobs"), job_worker.step, emit, clock)

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
        """A call ended: poll as soon as it is settled. For any thread."""
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
