"""Intervals of UNIX seconds and the arithmetic of reading them. Both bounds belong to a window."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

HOUR = 3600
DAY = 24 * HOUR
RETENTION = 5 * DAY  # Plum keeps the log of a call so long
OVERLAP = 1  # seconds: the documentation does not say whether the API's bounds are inclusive


class Window(NamedTuple):
    start: int
    end: int

    @property
    def padded(self) -> Window:
        """The window to request, so that the answer holds all of this one for any meaning of the
        API's bounds.
        """
        return Window(max(0, self.start - OVERLAP), self.end + OVERLAP)

    @property
    def seconds(self) -> int:
        return self.end - self.start

    def halves(self) -> tuple[Window, Window]:
        """The older and the newer half; they share their middle second."""
        middle = self.start + self.seconds // 2
        return Window(self.start, middle), Window(middle, self.end)

    def without(self, others: Iterable[Window]) -> list[Window]:
        """What is left of the window, oldest first, when the others are taken out."""
        left, start = [], self.start
        for other in sorted(others):
            if other.end <= start or other.start >= self.end:
                continue
            if other.start > start:
                left.append(Window(start, other.start))
            start = max(start, other.end)
        if start < self.end:
            left.append(Window(start, self.end))
        return left


def around(times: Iterable[int], joined: int = 600) -> list[Window]:
    """Windows that hold all of the times, oldest first; two that are no more than ``joined``
    seconds apart share one.
    """
    windows: list[Window] = []
    for time in sorted(times):
        if windows and time - windows[-1].end <= joined:
            windows[-1] = Window(windows[-1].start, time + 1)
        else:
            windows.append(Window(time, time + 1))
    return windows


# No Struct: the help of a command imports this, and msgspec takes 10 ms.
@dataclass(slots=True)
class WindowSize:
    """How long the next window of a long interval is: few calls make it longer, many shorter."""

    seconds: int = HOUR
    few: int = 1000
    many: int = 2000

    def learn(self, listed: int) -> None:
        if listed < self.few:
            self.seconds = min(self.seconds * 2, RETENTION)
        elif listed > self.many:
            self.seconds = max(self.seconds // 2, 1)

    def first(self, interval: Window) -> Window:
        """The oldest piece of the interval."""
        return Window(interval.start, min(interval.end, interval.start + self.seconds))


def pieces(interval: Window, size: WindowSize) -> Iterator[Window]:
    """The interval from old to new; ``size`` may learn between two pieces."""
    rest = interval
    while rest.seconds > 0:
        piece = size.first(rest)
        yield piece
        rest = Window(piece.end, rest.end)
