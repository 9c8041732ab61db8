"""How many requests an account may make."""

from __future__ import annotations

from msgspec import Struct

# UNIX times as floats are exact to a quarter of a microsecond only. Without this tolerance a wait
# could end a little too early and the next one be too short to change the time.
TOLERANCE = 1e-5


class Budget(Struct):
    """A token bucket: ``rate`` requests a second on average, one second's worth at once. Of that
    this process has one of the ``shares``, as many as there are replicas that read the account.
    """

    rate: float
    tokens: float = 1.0
    at: float = 0.0
    shares: int = 1

    def begin_share(self, now: float) -> None:
        """Begin without tokens: another process may have used the share until now."""
        self.tokens, self.at = min(self.tokens, 0.0), now

    def at_once(self, most: int) -> int:
        """How many requests to make at once, ``most`` of them without other shares. All shares
        together allow no more at once than one process does.
        """
        return most if self.shares == 1 else max(1, min(most, int(self.rate / self.shares)))

    def take(self, cost: int, now: float) -> float:
        """Take ``cost`` requests. Returns 0.0, or the time at which to try again.

        A cost above one second's worth goes when the bucket is full and leaves a debt.
        """
        # A clock that was set back must not stop reading.
        passed = max(0.0, now - self.at)
        rate = self.rate / self.shares
        full = max(1.0, rate)
        self.tokens = min(full, self.tokens + passed * rate)
        self.at = now
        needed = min(float(cost), full)
        if self.tokens + TOLERANCE >= needed:
            self.tokens -= cost
            return 0.0
        return now + (needed - self.tokens) / rate
