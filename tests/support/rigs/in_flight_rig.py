"""A poller whose requests take simulated time while it goes on, as in the daemon."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any

from fuse_otel.core.model.call import ListedCall
from fuse_otel.core.model.ids import trace_id
from fuse_otel.errors import SourceError, TimedOut
from fuse_otel.events import CallsStored
from fuse_otel.poller import Outcome, Work
from fuse_otel.simulator.call import SimulatedCall
from fuse_otel.simulator.requests import ApiQuery
from support.rigs.poller_rig import PollerRig

HANG = 1e9  # seconds
Trouble = Callable[[ApiQuery], float | SourceError | None]
"""For a request: the seconds until its answer, or the error it ends with after ``latency``."""


class InFlightRig(PollerRig):
    """``trouble`` decides what becomes of each request; it may be changed at any time."""

    def __init__(self, **options: Any) -> None:
        self.trouble: Trouble = lambda _query: None
        self.stored_at: dict[str, float] = {}  # by trace id
        self._looked_at = 0
        self._on_the_way: list[tuple[float, Future[Outcome], Outcome]] = []
        super().__init__(**options)

    def _runner(self, works: Sequence[Work], patience: float) -> Sequence[Future[Outcome]]:
        return [self._begin(work, patience) for work in works]

    def _begin(self, work: Work, patience: float) -> Future[Outcome]:
        before = self.now
        try:
            answer = work()
        except Exception as error:  # noqa: BLE001 - it is the answer
            answer = error
        taken, self.now = self.now - before + self.latency, before
        found = self.trouble(self.recorded[-1].query)
        if isinstance(found, SourceError):
            answer = found
        elif found is not None:
            taken = found
        if taken > patience:
            taken, answer = patience, TimedOut("not in time")
        future: Future[Outcome] = Future()
        self._on_the_way.append((before + taken, future, Outcome(answer, taken)))
        return future

    def step(self) -> float:
        for each in [each for each in self._on_the_way if each[0] <= self.now]:
            self._on_the_way.remove(each)
            each[1].set_result(each[2])
        made = self.made
        wake = self.poller.step(self.now + self.off) - self.off + 1e-6
        self.requested_at += [self.now] * (self.made - made)
        for event in self.events[self._looked_at :]:
            if isinstance(event, CallsStored):
                self.stored_at |= dict.fromkeys(event.trace_ids, self.now)
        self._looked_at = len(self.events)
        return min([wake, *(at for at, _, _ in self._on_the_way)])

    def delays(self, calls: Sequence[SimulatedCall]) -> dict[str, float]:
        """Seconds from the end of each call until it was stored."""
        return {c.session_id: self._stored_at(c) - c.end for c in calls}

    def _stored_at(self, call: SimulatedCall) -> float:
        return self.stored_at.get(trace_id("", call.session_id).hex(), HANG)


def touches(query: ApiQuery, call: SimulatedCall | ListedCall, *, lists: bool = False) -> bool:
    """Whether the answer would have the log of the call (with ``lists``: its list record too)."""
    if query.endpoint == "call":
        return query.session_id == call.session_id
    if query.endpoint == "calls" and not lists:
        return False
    return query.start <= call.start <= query.end
