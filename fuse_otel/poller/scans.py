"""The scans of a poller: live, pending, rescan and gap (backfill is a gap too)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from fuse_otel.core.timing.windows import DAY, OVERLAP, RETENTION, Window, WindowSize, pieces
from fuse_otel.events import Emit, PollDone, WindowUnreadable
from fuse_otel.poller.api_clock import ApiClock
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

YEAR = 366 * DAY


class Scans:
    """Makes the scans. ``clock`` gives the time of the poller's present step."""

    def __init__(
        self,
        options: PollerOptions,
        lease: Lease,
        windows: WindowScan,
        emit: Emit,
        clock: Callable[[], float],
        api_clock: ApiClock,
    ) -> None:
        self._options = options
        self._lease = lease
        self._windows = windows
        self._emit = emit
        self._clock = clock
        self._api_clock = api_clock
        self._gap_size = WindowSize()
        # The end of the last live window by the API's clock, for each number, while that differs.
        self.read_to: dict[str, int] = {}

    def live(self, number: str, position: Position, requests: Callable[[], int]) -> Scan[None]:
        """List the newest window and the rescan of every poll in one; moves the cursor."""
        began, before = self._clock(), requests()
        end = int(began - self._options.settle) - OVERLAP
        here = self._caught_up(number, position, end)
        start = max(here.floor, min(here.cursor, end - self._options.live_span))
        window = Window(start, max(end, start + 1))
        result = ScanResult()
        for part in self._live_parts(window, number, position):
            result.add((yield from self._windows.window(part, number)))
        yield from self._live_by_api(number, position, result)
        # The cursor moves back too if the clock was set back: calls from now on are not read yet.
        moved = replace(here, cursor=end)
        self._commit(positions={number: moved}, opened=_errors(result, number))
        self._poll_done(window, result, began, requests() - before)

    def _live_parts(self, window: Window, number: str, position: Position) -> list[Window]:
        return window.without(_unanswered(position, number))

    def _live_by_api(self, number: str, position: Position, result: ScanResult) -> Scan[None]:
        """List the newest calls by the API's clock too while it differs from ours: neither a wrong
        clock here nor a wrong date there may keep live calls from being read.
        """
        if not self._api_clock.differs:
            self.read_to.pop(number, None)
            return
        end = int(self._api_clock.at(self._clock()) - self._options.settle) - OVERLAP
        window = Window(max(0, end - self._options.live_span), max(end, 1))
        for part in self._live_parts(window, number, position):
            result.add((yield from self._windows.window(part, number)))
        self.read_to[number] = end

    def _caught_up(self, number: str, position: Position, end: int) -> NumberPosition:
        """What a poll does not list becomes a gap, because live calls come first."""
        recent = end - self._options.live_span
        stored = position.numbers.get(number)
        since = int(self._clock() - self._options.since)
        kept_from = self._kept_from()
        # A position in the future, or of years ago, was stored while the clock was wrong.
        wrong = stored is not None and (stored.floor > end or stored.cursor < kept_from - YEAR)
        first = stored is None or wrong
        here = NumberPosition(since, since) if stored is None or wrong else stored
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
        lost, gap = _split(gap, kept_from)
        self._commit(
            positions={number: replace(here, cursor=recent)},
            opened=[gap],
            closed=[one.id for one in earlier[-1:]],
            given_up=lost,
        )
        return replace(here, cursor=recent)

    def _kept_from(self) -> int:
        """The API keeps no details of calls before this time, by whichever clock is behind."""
        now = self._clock()
        return int(min(now, self._api_clock.at(now)) - RETENTION)

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
        self._commit(closed=[gap.id], given_up=[gap])

    def _commit(
        self,
        *,
        positions: Mapping[str, NumberPosition] | None = None,
        opened: Sequence[Gap] = (),
        closed: Sequence[int] = (),
        given_up: Sequence[Gap] = (),
    ) -> None:
        if not (positions or opened or closed or given_up):
            return
        self._lease.commit(
            Step(
                at=int(self._clock()),
                positions=positions or {},
                opened=opened,
                closed=closed,
                given_up=given_up,
            )
        )
        for gap in given_up:
            self._emit(WindowUnreadable(self._options.account, gap.start, gap.end))

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


def _split(gap: Gap, kept_from: int) -> tuple[list[Gap], Gap]:
    """The part of a downtime that is older than the retention is lost; the rest is still to read.

    After a start with a clock in 1970 a gap of 56 years took 2,477 requests.
    """
    if gap.start >= kept_from:
        return [], gap
    rest = replace(gap, start=min(kept_from, gap.end - 1))
    lost = gap.reason is GapReason.DOWNTIME
    return [replace(gap, end=rest.start)] if lost else [], rest


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
