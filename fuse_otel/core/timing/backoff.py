"""The wall clock for timers: a clock that is set back must not stop what was to come soon.

How long to wait after a failure: doubling, half of it drawn, reset by a success.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

Random = Callable[[], float]
"""Draws from [0, 1)."""


@dataclass(slots=True)
class Backoff:
    """``first`` and ``most`` in seconds; ``until`` is the UNIX time before which nothing is tried.

    A wait the far side named is kept to the second and replaces the drawn one when it is longer.
    """

    first: float
    most: float
    failures: int = 0
    until: float = 0.0

    def fail(self, now: float, random: Random, requested: float | None = None) -> float:
        """Note a failure; returns the wait in seconds."""
        ceiling = min(self.most, self.first * 2 ** min(self.failures, 32))
        # Half is fixed, so that a lucky draw never hammers a server that is down, and so that what
        # is decided by counting failures has waited (docs/decisions/0014).
        wait: float = ceiling * (0.5 + random() / 2)
        if requested is not None:
            wait = max(wait, requested)
        self.failures += 1
        self.until = now + wait
        return wait

    def succeed(self) -> None:
        self.failures = 0
        self.until = 0.0

    def ready(self, now: float) -> bool:
        return now >= self.until


@dataclass(slots=True)
class SteadyClock:
    """Runs with the wall clock, but never back."""

    # How far the wall clock was set back in all; whole seconds, so that adding and taking away
    # comes out even.
    behind: int = 0
    last: float = 0.0

    def at(self, now: float) -> float:
        """The steady time at the wall clock's ``now``."""
        self.behind += max(0, math.ceil(self.last - now))
        self.last = now
        return now + self.behind

    def wall(self, steady: float) -> float:
        return steady - self.behind
