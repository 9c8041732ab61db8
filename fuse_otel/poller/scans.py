"""The scans of a poller: live, pending, rescan and gap (backfill is a gap too)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from fuse_otel.core.timing.windows import OVERLAP, RETENTION, Window, WindowSize, pieces
from fuse_otel.events import Emit, PollDone, WindowUnreadable
from fuse_otel.poller.options import PollerOptions
from fuse_otel.poller.requests import Scan
from fuse_otel.poller.window_scan import ScanResult, WindowScan
from fuse_otel.ports import (
    Gap,
    GapReason,
    Lease,
    NumberPosition,
    Pending,
    Position,
    Step,
)


class Scans:
    """Makes the scans. ``clock`` gives the time of the poller's present step."""

    def __init__(
        self,
        options: PollerOptions,
        lease: Lease,
        windows: WindowScan,
        emit: Emit,
        clock: Callable[[], float],
    ) -> None:
        self._options = options
        self._lease = lease
        self._windows = windows
        self._emit = emit
        self._clock = clock
        self._gap_size = WindowSize()

    def live(self, number: str, position: Position, requests: Callable[[], int]) -> Scan[None]:
        """List the newest window and the rescan of every poll in one; moves the cursor."""
        began, before = self._clock(), requests()
        end = int(began - self._options.settle) - OVERLAP
        here = self._caught_up(number, position, end)
        start = max(here.floor, min(here.cursor, end - self._options.live_span))
        window = Window(start, max(end, start + 1))
        result = ScanResult()
        for part in window.without(_unanswered(position, number)):
            result.add((yield from self._windows.window(part, number)))
        # The cursor moves back too if the clock was set back: calls from now on are not read yet.
        moved = replace(here, cursor=end)
        self._commit(positions={number: moved}, opened=_errors(result, number))
        self._poll_done(window, result, began, requests() - before)

    def _caught_up(self, number: str, position: Position, end: int) -> NumberPosition:
        """What a poll does not list becomes a gap, because live calls come first."""
        recent = end - self._options.live_span
        here = position.numbers.get(number)
        first = here is None
        since = int(self._clock() - self._options.since)
        if here is None:
            here = NumberPosition(since, since)
        elif here.floor > end:
            here = replace(here, floor=since)  # stored while the clock was ahead
        if here.cursor >= recent:
            # The floor is stored at the first start, even if the API is down then.
            self._commit(positions={number: here} if first else {})
            return here
        reason = GapReason.HISTORY if first else GapReason.DOWNTIME
        gap = Gap(number, max(here.floor, here.cursor), recent, reason)
        # While the store stays full each try falls behind: extend one gap, open no thousands.
        earlier = [one for one in position.gaps if _continues(gap, one)]
        if earlier:
            gap = replace(gap, start=earlier[-1].start)
        moved = replace(here, cursor=recent)
        closed = [one.id for one in earlier[-1:]]
        self._commit(positions={number: moved}, opened=[gap], closed=closed)
        return moved

    def pending(self, due: Sequence[Pending], *, again: bool) -> Scan[None]:
        yield from self._windows.pending(due, again=again)

    def rescan(self, span: int, position: Position, numbers: Sequence[str]) -> Scan[None]:
        """List the last ``span`` seconds, without what every poll lists and without gaps."""
        end = int(self._clock() - self._options.settle - self._options.live_span)
        for number in numbers:
            if number not in position.numbers:
                continue
            gaps = [
                Window(gap.start - OVERLAP, gap.end + OVERLAP)
                for gap in position.gaps
                if gap.number == number
            ]
            # Requests begin one second earlier.
            start = max(position.numbers[number].floor + OVERLAP, end - span)
            for interval in Window(start, max(start, end)).without(gaps):
                size = WindowSize()
                for piece in pieces(interval, size):
                    result = yield from self._windows.window(piece, number)
                    size.learn(result.listed)
                    self._commit(opened=_errors(result, number))

    def gap(self, gap: Gap) -> Scan[bool]:
        """Read the oldest window of a gap and shrink the gap by it. Returns whether the API
        answered for the whole window.
        """
        window = self._gap_size.first(Window(gap.start, gap.end))
        result = yield from self._windows.window(window, gap.number, again=gap.again, job=gap.job)
        rest = [replace(gap, start=window.end, id=0)] if window.end < gap.end else []
        if rest:
            self._gap_size.learn(result.listed)
        else:
            self._gap_size = WindowSize()  # the next gap may be busier
        self._commit(closed=[gap.id], opened=[*rest, *_errors(result, gap.number)])
        return not result.unanswered

    def give_up(self, gap: Gap) -> None:
        """Close a gap that failed until its retention was over."""
        self._lease.commit(Step(at=int(self._clock()), closed=[gap.id], given_up=[gap]))
        self._emit(WindowUnreadable(self._options.account, gap.start, gap.end))

    def _commit(
        self,
        *,
        positions: Mapping[str, NumberPosition] | None = None,
        opened: Sequence[Gap] = (),
        closed: Sequence[int] = (),
    ) -> None:
        if positions or opened or closed:
            step = Step(
                at=int(self._clock()), positions=positions or {}, opened=opened, closed=closed
            )
            self._lease.commit(step)

    def _poll_done(self, window: Window, result: ScanResult, began: float, requests: int) -> None:
        self._emit(
            PollDone(
                account=self._options.account,
                at=self._clock(),
                window_start=window.start,
                window_end=window.end,
                listed=result.listed,
                new=result.new,
                stored=result.stored,
                pending=result.new - result.stored,
                requests=requests,
                seconds=max(0.0, self._clock() - began),
            )
        )


def expired(gap: Gap, now: float) -> bool:
    """Whether the API keeps no details any more of a gap that fails."""
    return gap.reason is GapReason.ERROR and gap.end < now - RETENTION


def _unanswered(position: Position, number: str) -> list[Window]:
    return [
        Window(gap.start, gap.end)
        for gap in position.gaps
        if gap.number == number and gap.reason is GapReason.ERROR
    ]


def _errors(result: ScanResult, number: str) -> list[Gap]:
    """Unanswered parts as gaps. Each part failed with the seconds around it, so scans beside a gap
    do not touch the bad second again.
    """
    joined: list[Window] = []
    for part in sorted(result.unanswered):
        if joined and part.start <= joined[-1].end:
            joined[-1] = Window(joined[-1].start, max(joined[-1].end, part.end))
        else:
            joined.append(part)
    return [Gap(number, part.start, part.end, GapReason.ERROR) for part in joined]


def _continues(gap: Gap, earlier: Gap) -> bool:
    same = (gap.number, gap.reason, gap.again) == (earlier.number, earlier.reason, earlier.again)
    return same and earlier.start <= gap.start <= earlier.end
