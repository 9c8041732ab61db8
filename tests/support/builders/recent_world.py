"""Simulated accounts of the present time whose calls do not depend on the present time.

A world counts its calls from 1970, so a test got other calls at each run: now and then none with
the log, the error or the length that it needed. These count from the begin of their past.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

from fuse_otel.simulator.call import SimulatedCall
from fuse_otel.simulator.world import World


def recent_world(
    *, seed: int, rate: float, past: float = 3600.0, start: float | None = None
) -> World:
    """As ``World``, but its calls are the same at any ``start``, only their times move with it."""
    start = int(time.time() if start is None else start)
    return World(seed=seed, rate=rate, past=past, start=start, origin=int(start - past))


def ended_world(seed: int, rate: float, past: float, until: float) -> World:
    """A recent world of ``past`` seconds with only the calls that end by ``until``."""
    return _Ended(seed, rate, past, int(until))


class _Ended(World):
    def __init__(self, seed: int, rate: float, past: float, until: int) -> None:
        super().__init__(seed, rate, past, until, origin=int(until - past))
        self._until = until

    def _starting(self, which: int, start: float, end: float) -> Iterator[SimulatedCall]:
        for call in super()._starting(which, start, end):
            if call.end <= self._until:
                yield call
