"""The daemon: its loops, how they are woken, how they end."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from fuse_otel.daemon.loop import Loop
from fuse_otel.events import CallsGrown, CallsStored, Emit, Event, JobChanged
from fuse_otel.jobs import JobWorker
from fuse_otel.poller import Poller
from fuse_otel.shipper import Shipper

_LOOK = 0.05  # seconds between two looks whether the lanes are empty
# Also when a lane that cannot deliver has used up the grace: a loop that makes no request right now
# ends at once, and then the store can be closed.
_LAST_MOMENT = 1.0


class Daemon:
    """Pollers, shippers and the clerk as threads. ``clock`` gives UNIX seconds."""

    def __init__(
        self,
        pollers: Sequence[Poller],
        shippers: Sequence[Shipper],
        clerk: JobWorker,
        emit: Emit,
        clock: Callable[[], float],
    ) -> None:
        self._clock = clock
        self._pollers = pollers
        self._shippers = shippers
        self._reading = [Loop(f"account {p.account}", p.step, emit, clock) for p in pollers]
        self._sending = [Loop(f"lane {_name(s)}", s.step, emit, clock) for s in shippers]
        self._orders = Loop("the orders", clerk.step, emit, clock)

    def start(self) -> None:
        for loop in self._all:
            loop.start()

    def notice(self, event: Event) -> None:
        """A subscriber: what was stored is sent at once, what was ordered is read at once."""
        if isinstance(event, JobChanged):
            for loop in self._reading:
                loop.wake()
        if isinstance(event, CallsStored | CallsGrown | JobChanged):
            for loop in self._sending:
                loop.wake()

    def poke(self) -> None:
        """A call ended: poll as soon as it is settled. For any thread."""
        for poller, loop in zip(self._pollers, self._reading, strict=True):
            poller.poke(self._clock())
            loop.wake()

    @property
    def loops(self) -> Sequence[str]:
        """Their names."""
        return [loop.name for loop in self._all]

    def hung(self) -> list[str]:
        """The loops that step no more, a sentence each."""
        return [f"The loop of {loop.name} hangs." for loop in self._all if loop.hung]

    @property
    def _all(self) -> Sequence[Loop]:
        return (*self._sending, *self._reading, self._orders)

    def stop(self, grace: float, *, drain: bool = True) -> bool:
        """End reading, let the lanes send what is there (to ``drain``), for at most ``grace``
        seconds.

        Whether all threads have ended. What was not sent is in the store.
        """
        end = time.monotonic() + grace
        asking = (*self._reading, self._orders)
        for loop in asking:
            loop.stop()
        stopped = [loop.join(end - time.monotonic()) for loop in asking]
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


def _name(shipper: Shipper) -> str:
    return f"{shipper.lane.destination}/{shipper.lane.signal}"
