"""The live scans of a number that are under way: what they read, where the cursor may go."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

# With so many scans that still read logs, the next one only lists, and its calls become pending.
MOST_READING = 3


class Claims:
    """The calls whose logs are being read now. A later live scan lists them again, leaves them out,
    and does not wait for them.
    """

    def __init__(self) -> None:
        self._claimed: set[str] = set()

    def take(self, session_ids: Iterable[str]) -> set[str]:
        """Those of the calls that were free. They are claimed now."""
        own = set(session_ids) - self._claimed
        self._claimed |= own
        return own

    def give_back(self, own: set[str]) -> None:
        self._claimed -= own


@dataclass(slots=True, eq=False)
class Turn:
    """A live scan. ``end``: it has read everything up to there; ``None`` while it reads."""

    end: int | None = None


class LiveProgress:
    def __init__(self) -> None:
        self.claims = Claims()
        self._turns: list[Turn] = []

    @property
    def crowded(self) -> bool:
        """Whether the newest scan is one too many to read logs."""
        return sum(turn.end is None for turn in self._turns) > MOST_READING

    def begin(self) -> Turn:
        turn = Turn()
        self._turns.append(turn)
        return turn

    def finish(self, turn: Turn, end: int) -> int | None:
        """The turn has read everything up to ``end``, apart from what earlier turns still read.
        Returns the cursor if it may move: an earlier turn that is not finished holds it.
        """
        turn.end = end
        cursor = None
        while self._turns and self._turns[0].end is not None:
            cursor = self._turns.pop(0).end
        return cursor

    def close(self, turn: Turn) -> None:
        """A turn that ended early holds the cursor back for good: the next live scan begins there
        again. So later turns, which left its calls out, move no cursor.
        """
        if turn in self._turns and turn.end is None:
            self._turns.clear()
