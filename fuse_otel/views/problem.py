"""What does not work at the moment, as the first page shows it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """``what`` does not work since ``since``; ``error`` is the last one. ``next_try`` is ``None``
    where nothing is tried again by itself. Times are UNIX seconds.
    """

    what: str
    since: float
    error: str
    next_try: float | None = None

    def explains(self, sentence: str) -> bool:
        """Whether a sentence about a problem is about this one."""
        return sentence.startswith((f"{self.what}: ", f"{self.what} is "))
