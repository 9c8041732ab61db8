"""The API's clock, as far as the ``Date`` of its answers shows it."""

from __future__ import annotations

AGREED = 300.0  # seconds that the clocks may differ before nothing is given up any more
RECENT = 600.0  # seconds for which an answer shows how far the clocks differ
NOISE = 5.0  # seconds: a Date has whole seconds, and an answer takes a moment


class ApiClock:
    """Retention is judged by the API's clock, because Plum deletes by it. A machine whose clock ran
    six days ahead for a minute gave up calls that the API still had.
    """

    def __init__(self) -> None:
        self._skew: float | None = None
        self._answered_at: float | None = None

    def answered(self, now: float, skew: float | None) -> None:
        """``skew``: the API's clock minus ours in seconds, ``None`` without a date."""
        self._skew = skew
        self._answered_at = now

    @property
    def skew(self) -> float:
        """Seconds to add to our time for the API's; 0.0 for small differences."""
        return 0.0 if self._skew is None or abs(self._skew) <= NOISE else self._skew

    def at(self, now: float) -> float:
        """The API's time at our ``now``."""
        return now + self.skew

    @property
    def differs(self) -> bool:
        """Whether the clocks differ by more than a few minutes."""
        return abs(self.skew) > AGREED

    def known(self, now: float) -> bool:
        """Whether a recent answer has shown the API's clock, or that it does not tell it."""
        return self._answered_at is not None and 0 <= now - self._answered_at <= RECENT

    def may_give_up(self, now: float) -> bool:
        """Whether calls and gaps may be given up: only after a recent answer whose date agrees with
        our clock. A clock that jumps makes every earlier answer old.
        """
        return self.known(now) and not self.differs
