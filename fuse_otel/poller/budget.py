"""How many requests the API is asked: a token bucket."""

from __future__ import annotations

from dataclasses import dataclass

# UNIX times as floats are exact to a quarter of a microsecond only: without it the wait could end
# a hair too early, and come to nothing when it is added to the time once more.
ENOUGH = 1e-5


@dataclass(slots=True)
class Budget:
    """``rate`` requests a second on average; a second's worth may go at once."""

    rate: float
    tokens: float = 1.0
    at: float = 0.0

    def take(self, cost: int, now: float) -> float:
        """Take ``cost`` requests. Returns 0.0, or the time at which they may be asked again for.

        A cost above a second's worth goes when the bucket is full and leaves a debt.
        """
        # A clock that was set back must not stop reading: the time before counts as nothing.
        passed = max(0.0, now - self.at)
        full = max(1.0, self.rate)
        self.tokens = min(full, self.tokens + passed * self.rate)
        self.at = now
        needed = min(float(cost), full)
        if self.tokens + ENOUGH >= needed:
            self.tokens -= cost
            return 0.0
        return now + (needed - self.tokens) / self.rate
