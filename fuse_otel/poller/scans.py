"""The scans of a poller: live, pending, rescan and gap (backfill is a gap too)."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence

from msgspec.structs import replace

from fuse_otel.core.timing.windows import OVERLAP, Window, WindowSize, pieces
from fuse_otel.events import Emit, GapRead, PollDone
from fuse_otel.poller.api_clock import ApiClock
from fuse_otel.poller.catch_up import CatchUp, Present, catch_up, first_again
from fuse_otel.poller.error_gaps import ErrorGaps, error_gaps_of, unanswered
from fuse_otel.poller.list_calls import AnyListing
from fuse_otel.poller.live_progress import LiveProgress
from fuse_otel.poller.options import PollerOptions
from fuse_otel.poller.requests import Scan
from fuse_otel.poller.step_writer import StepWriter
from fuse_otel.poller.window_scan import ScanResult, WindowScan
from fuse_otel.ports import (
    Gap,
    GapReason,
    Lease,
    NumberPosition,
    Pending,
    Position,
)


class Scans:
    """Makes the scans. ``clock`` gives the time of the poller's present step. ``searched`` as in
    ``ErrorGaps``.
    """

    def __init__(
        self,
        options: PollerOptions,
        lease: Lease,
        windows: WindowScan,
        emit: Emit,
        clock: Callable[[], float],
        api_clock: ApiClock,
        searched: Callable[[bool], None],
    ) -> None:
        self._options = options
        self._lease = lease
        self._windows = windows
        self._emit = emit
        self._clock = clock
        self._api_clock = api_clock
        self._gap_size = WindowSize()
        self._from_gaps: Counter[GapReason] = Counter()
        self._progress: defaultdict[str, LiveProgress] = defaultdict(LiveProgress)
        self._reached: dict[str, int] = {}  # the last cursor that was committed, by number
        self._writer = StepWriter(lease, emit, clock)
        self.errors = ErrorGaps(windows, self._writer, searched)
        # Numbers whose first position went by our clock, before the API's was known.
        self.unsure: set[str] = set()

    def live(self, number: str, position: Position, requests: Callable[[], int]) -> Scan[None]:
        """List the newest window and the rescan of every poll in one, then read the logs of what is
        new; moves the cursor. The next live scan may begin as soon as this one has listed.
        """
        began, before = self._clock(), requests()
        here = self._caught_up(number, position)
        end, live_span = self._end(), self._options.live_span
        cursor, floor = (here.cursor, here.floor) if here else (end, 0)
        start = max(floor, min(cursor, end - live_span))
        window = Window(start, max(end, start + 1))
        result = ScanResult()
        progress = self._progress[number]
        turn = progress.begin()
        try:
            listings = yield from self._list_live(window, number, position, result)
            self.errors.open(number, cursor, result)
            later = progress.crowded
            while listings:
                part, listing = listings.pop(0)
                taking = self._windows.take(listing, result, progress.claims, later=later)
                del listing  # its numbers go as soon as it is taken
                if not (yield from taking):
                    result.unanswered.append(part)
            self.errors.open(number, cursor, result)
            # It moves back too after our clock was set back: calls from now on are not read yet.
            back = not self._api_clock.differs
            reached = progress.finish(turn, end if back else max(end, cursor))
        finally:
            progress.close(turn)
        if here is not None and reached is not None:
            self._writer.commit(positions={number: replace(here, cursor=reached)})
            self._reached[number] = reached
        self._begin_by_api_clock(number)
        self._poll_done(window, result, began, requests() - before)

    def _list_live(
        self, window: Window, number: str, position: Position, result: ScanResult
    ) -> Scan[list[tuple[Window, AnyListing]]]:
        parts = self._beside_errors(window, number, position)
        clock = self._api_clock
        alone = len(parts) == 1 and clock.known(self._clock()) and not clock.differs
        listings = yield from self._list_parts(parts, number, result, alone=alone)
        if clock.differs:
            # List the newest calls by our clock too: neither a wrong clock here nor a wrong date
            # there may keep live calls from being read.
            end = int(self._clock() - self._options.settle) - OVERLAP
            ours = Window(max(0, end - self._options.live_span), max(end, 1))
            parts = self._beside_errors(ours, number, position)
            listings += yield from self._list_parts(parts, number, result, alone=False)
        return listings

    def _list_parts(
        self, parts: Sequence[Window], number: str, result: ScanResult, *, alone: bool
    ) -> Scan[list[tuple[Window, AnyListing]]]:
        listings = []
        for part in parts:
            listing = yield from self._windows.list_first(part, number, alone=alone)
            if listing is None:
                result.unanswered.append(part)
            else:
                listings.append((part, listing))
        return listings

    def _beside_errors(self, window: Window, number: str, position: Position) -> list[Window]:
        return window.without(unanswered(position, number))

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

    def look_all_up(self) -> None:
        """The next live scan looks all listed calls up in the ledger."""
        self._windows.settled.clear()

    def _caught_up(self, number: str, position: Position) -> NumberPosition | None:
        """The position to continue from; ``None`` while it is unknown which clock is wrong."""
        stored, present = position.numbers.get(number), self._present()
        if stored and stored.cursor < self._reached.get(number, 0):
            # After a failover a database may lack the last commits, and so rows of the ledger.
            self.look_all_up()
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
        self._writer.commit(
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
                    self._writer.commit(opened=error_gaps_of(result, number))

    def gap(self, gap: Gap) -> Scan[None]:
        """Read the oldest window of a gap and shrink the gap by it."""
        window = self._gap_size.first(Window(gap.start, gap.end))
        claimed = self._lease.claim(gap, window.end)
        if claimed is None:
            return  # another replica was faster
        result = yield from self._windows.window(window, gap.number, again=gap.again, job=gap.job)
        left = window.end < claimed.end
        rest = [replace(claimed, start=window.end, id=0)] if left else []
        if window.end < gap.end:
            self._gap_size.learn(result.listed)
        else:
            self._gap_size = WindowSize()  # the next gap may be busier
        self._writer.shrink(claimed, [*rest, *error_gaps_of(result, gap.number)])
        self._gap_read(gap, window, result.stored)

    def _gap_read(self, gap: Gap, window: Window, stored: int) -> None:
        if gap.reason is GapReason.ERROR:
            return  # a search for the seconds that fail goes back and forth
        self._from_gaps[gap.reason] += stored
        self._emit(
            GapRead(
                account=self._options.account,
                reason=gap.reason.value,
                until=window.end,
                left=max(0, gap.end - window.end),
                calls=self._from_gaps[gap.reason],
            )
        )

    def give_up(self, gap: Gap) -> None:
        """Close a gap that failed until its retention was over."""
        self._writer.commit(closed=[gap.id], given_up=[gap])

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
