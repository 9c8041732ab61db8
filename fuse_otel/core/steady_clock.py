"""The wall clock for timers: a clock that is set back must not stop what was to come soon."""

from __future__ import annotations

import math
from dataclasses import dataclass


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
