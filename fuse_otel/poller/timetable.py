"""When the recurring scans are due: polls, rescans, gaps that failed before."""

from __future__ import annotations

from collections.abc import Sequence

from fuse_otel.core.timing.backoff import Backoff, Random
from fuse_otel.poller.options import PollerOptions, RescanSchedule
from fuse_otel.ports import Gap, GapReason

ERROR_GAP_FIRST = 60.0  # seconds from the first to the second try of a gap that fails
ERROR_GAP_MOST = 600.0  # seconds between later tries


class Timetable:
    """All times are the steady clock's."""

    def __init__(self, options: PollerOptions, random: Random) -> None:
        self._options = options
        self._random = random
        self.numbers = options.numbers or ("",)
        self._polls = dict.fromkeys(self.numbers, 0.0)
        self._rescans = dict.fromkeys(options.slower_rescans, 0.0)
        self._error_gaps = Backoff(ERROR_GAP_FIRST, ERROR_GAP_MOST)

    def poll_due(self, number: str, now: float) -> bool:
        return now >= self._polls[number]

    def polled(self, number: str, now: float) -> None:
        self._polls[number] = now + self._options.poll_interval

    def poll_by(self, time: float) -> None:
        """Poll all numbers no later than that."""
        for number, due in self._polls.items():
            self._polls[number] = min(due, time)

    def due_rescans(self, now: float) -> Sequence[RescanSchedule]:
        """The longest comes last. It covers the shorter ones too."""
        return [rescan for rescan, due in self._rescans.items() if now >= due]

    def rescanned(self, rescans: Sequence[RescanSchedule], now: float) -> None:
        for rescan in rescans:
            self._rescans[rescan] = now + rescan.every

    def next_gap(self, gaps: Sequence[Gap], now: float) -> Gap | None:
        """A gap that failed before, once its wait is over: of several the one that was tried
        longest ago (each try gives a gap a new id). Else the oldest of the other gaps.
        """
        errors = [gap for gap in gaps if gap.reason is GapReason.ERROR]
        if errors and self._error_gaps.ready(now):
            return min(errors, key=lambda gap: gap.id)
        others = (gap for gap in gaps if gap.reason is not GapReason.ERROR)
        return min(others, key=lambda gap: gap.start, default=None)

    def trying(self, now: float) -> None:
        """A gap that failed before is tried again: the next try waits longer."""
        self._error_gaps.fail(now, self._random)

    def tried(self, *, answered: bool) -> None:
        """How the try ended. After an answered one there is no wait."""
        if answered:
            self._error_gaps.succeed()

    def try_ended_early(self, now: float) -> None:
        """The try shows nothing: it is due at once, and the waits are no longer than before it."""
        self._error_gaps.failures -= 1
        self._error_gaps.until = now

    def times(self, gaps: Sequence[Gap]) -> list[float]:
        """When each of them is due, past times included."""
        times = [*self._polls.values(), *self._rescans.values()]
        if any(gap.reason is GapReason.ERROR for gap in gaps):
            times.append(self._error_gaps.until)
        return times
