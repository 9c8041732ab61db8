"""The scans of a poller: live, pending, rescan and gap (backfill is a gap too)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from fuse_otel.core.timing.windows import OVERLAP, Window, WindowSize, pieces
from fuse_otel.events import Emit, PollDone, WindowUnreadable
from fuse_otel.poller.api_clock import ApiClock
from fuse_otel.poller.catch_up import CatchUp, Present, catch_up, first_again
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
        api_clock: ApiClock,
    ) -> None:
        self._options = options
        self._lease = lease
        self._windows = windows
        self._emit = emit
        self._clock = clock
        self._api_clock = api_clock
        self._gap_size = WindowSize()
        # Numbers whose first position went by our clock, before the API's was known.
        self.unsure: set[str] = set()

    def live(self, number: str, position: Position, requests: Callable[[], int]) -> Scan[None]:
        """List the newest window and the rescan of every poll in one; moves the cursor."""
        began, before = self._clock(), requests()
        here = self._caught_up(number, position)
        end, live_span = self._end(), self._options.live_span
        cursor, floor = (here.cursor, here.floor) if here else (end, 0)
        start = max(floor, min(cursor, end - live_span))
        window = Window(start, max(end, start + 1))
        result = ScanResult()
        for part in self._beside_errors(window, number, position):
            result.add((yield from self._windows.window(part, number)))
        if self._api_clock.differs:
            yield from self._live_by_our_clock(number, position, result)
        if here is not None:
            # It moves back too after our clock was set back: calls from now on are not read yet.
            back = not self._api_clock.differs
            moved = replace(here, cursor=end if back else max(end, here.cursor))
            self._commit(positions={number: moved}, opened=_errors(result, number))
        else:
            self._commit(opened=_errors(result, number))
        self._begin_by_api_clock(number)
        self._poll_done(window, result, began, requests() - before)

    def _live_by_our_clock(self, number: str, position: Position, result: ScanResult) -> Scan[None]:
        """While the clocks differ, list the newest calls by ours too: neither a wrong clock here
        nor a wrong date there may keep live calls from being read.
        """
        end = int(self._clock() - self._options.settle) - OVERLAP
        window = Window(max(0, end - self._options.live_span), max(end, 1))
        for part in self._beside_errors(window, number, position):
            result.add((yield from self._windows.window(part, number)))

    def _beside_errors(self, window: Window, number: str, position: Position) -> list[Window]:
        return window.without(_unanswered(position, number))

    def _end(self) -> int:
        """The newest second to list: by the API's clock, because calls have its times."""
        now = self._api_clock.at(self._clock())
        return int(now - self._options.settle) - OVERLAP

    def _present(self) -> Present:
        ours = self._clock()
        clock = self._api_clock
        return Present(
            end=self._end(),
            live_span=self._options.live_span,
            floor=int(clock.at(ours) - self._options.since),
            may_give_up=clock.may_give_up(ours),
        )

    def _caught_up(self, number: str, position: Position) -> NumberPosition | None:
        """The position to continue from; ``None`` while it is unknown which clock is wrong."""
        stored, present = position.numbers.get(number), self._present()
        found = catch_up(number, stored, position.gaps, present)
        if found is None:
            return None
        if stored is None and not self._api_clock.known(self._clock()):
            self.unsure.add(number)
        if found.position != stored:
            # The floor is stored at the first start, even if the API is down then.
            self._take(number, found)
        return found.position

    def _begin_by_api_clock(self, number: str) -> None:
        """The first start went by our clock, as nothing was known of the API's."""
        if number not in self.unsure or not self._api_clock.known(self._clock()):
            return
        self.unsure.discard(number)
        if self._api_clock.differs:
            gaps = self._lease.position(int(self._clock()), 0).gaps
            self._take(number, first_again(number, gaps, self._present()))

    def _take(self, number: str, found: CatchUp) -> None:
        self._commit(
            positions={number: found.position},
            opened=found.opened,
            closed=found.closed,
            given_up=found.given_up,
        )

    def pending(self, due: Sequence[Pending], *, again: bool) -> Scan[None]:
        yield from self._windows.pending(due, again=again)

    def rescan(self, span: int, position: Position, numbers: Sequence[str]) -> Scan[None]:
        """List the last ``span`` seconds, without what every poll lists and without gaps."""
        end = self._end() + OVERLAP - self._options.live_span
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
