"""Waits after failures, and a clock for timers that never runs back."""

from __future__ import annotations

import math
from collections.abc import Callable

from msgspec import Struct

Random = Callable[[], float]
"""Draws from [0, 1)."""


class Backoff(Struct):
    """Waits that double with each failure, from ``first`` to ``most`` seconds, half of each random.
    ``until`` is the UNIX time of the next try.

    A wait that the peer requests is kept to the second where it is longer.
    """

    first: float
    most: float
    failures: int = 0
    until: float = 0.0

    def fail(self, now: float, random: Random, requested: float | None = None) -> float:
        """Note a failure; returns the wait in seconds."""
        ceiling = min(self.most, self.first * 2 ** min(self.failures, 32))
        # Half is fixed, so that no random value allows many requests to a server that is down, and
        # ten failures take minutes (docs/decisions/0014).
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


class SteadyClock(Struct):
    """Runs with the wall clock, but never back: a clock that is set back by a day must not delay a
    retry by a day.
    """

    # How far the wall clock was set back in all. Whole seconds, because the sum of fractions is not
    # exact.
    behind: int = 0
    last: float = 0.0

    def at(self, now: float) -> float:
        """The steady time at the wall clock's ``now``."""
        self.behind += max(0, math.ceil(self.last - now))
        self.last = now
        return now + self.behind

    def wall(self, steady: float) -> float:
        return steady - self.behind
