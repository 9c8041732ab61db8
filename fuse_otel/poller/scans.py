"""The five things a poller does, each a reading: live, pending, rescan, gap, backfill."""

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
    Ledger,
    NumberPosition,
    Pending,
    Position,
    Step,
)


class Scans:
    """Makes the readings. ``clock`` gives the time of the poller's present step."""

    def __init__(
        self,
        options: PollerOptions,
        ledger: Ledger,
        cover: WindowScan,
        emit: Emit,
        clock: Callable[[], float],
    ) -> None:
        self._options = options
        self._ledger = ledger
        self._cover = cover
        self._emit = emit
        self._clock = clock
        self._gap_size = WindowSize()

    def live(
        self, lease: Lease, number: str, position: Position, requests: Callable[[], int]
    ) -> Scan[None]:
        """The newest window and the rescan of every poll as one listing; moves the cursor."""
        began, asked = self._clock(), requests()
        end = int(began - self._options.settle) - OVERLAP
        here = self._caught_up(lease, number, position, end)
        start = max(here.floor, min(here.cursor, end - self._options.live_span))
        window = Window(start, max(end, start + 1))
        covered = ScanResult()
        for part in window.without(_unanswered(position, number)):
            covered.add((yield from self._cover.window(lease, part, number)))
        # Back too, if the clock was set back: nobody has read what happens from now on.
        moved = replace(here, cursor=end)
        self._commit(lease, positions={number: moved}, opened=_errors(covered, number))
        self._poll_done(window, covered, began, requests() - asked)

    def _caught_up(self, lease: Lease, number: str, position: Position, end: int) -> NumberPosition:
        """What lies further back than a poll looks becomes a gap: live calls come first."""
        recent = end - self._options.live_span
        here = position.numbers.get(number)
        first = here is None
        since = int(self._clock() - self._options.since)
        if here is None:
            here = NumberPosition(since, since)
        elif here.floor > end:
            here = replace(here, floor=since)  # stored while the clock was fast
        if here.cursor >= recent:
            # The floor is kept from the first moment, however long the API stays dead.
            self._commit(lease, positions={number: here} if first else {})
            return here
        reason = GapReason.HISTORY if first else GapReason.DOWNTIME
        gap = Gap(number, max(here.floor, here.cursor), recent, reason)
        # A store that stays full lets the cursor fall behind at every try: one gap, not thousands.
        before = [one for one in position.gaps if _continues(gap, one)]
        if before:
            gap = replace(gap, start=before[-1].start)
        moved = replace(here, cursor=recent)
        closed = [one.id for one in before[-1:]]
        self._commit(lease, positions={number: moved}, opened=[gap], closed=closed)
        return moved

    def pending(self, lease: Lease, due: Sequence[Pending], *, again: bool) -> Scan[None]:
        yield from self._cover.pending(lease, due, again=again)

    def rescan(
        self, lease: Lease, span: int, position: Position, numbers: Sequence[str]
    ) -> Scan[None]:
        """List what every poll does not, back to ``span`` seconds, but for what is still a gap."""
        end = int(self._clock() - self._options.settle - self._options.live_span)
        for number in numbers:
            if number not in position.numbers:
                continue
            gaps = [
                Window(gap.start - OVERLAP, gap.end + OVERLAP)
                for gap in position.gaps
                if gap.number == number
            ]
            # What is asked for begins a second earlier.
            start = max(position.numbers[number].floor + OVERLAP, end - span)
            for interval in Window(start, max(start, end)).without(gaps):
                size = WindowSize()
                for piece in pieces(interval, size):
                    covered = yield from self._cover.window(lease, piece, number)
                    size.learn(covered.listed)
                    self._commit(lease, opened=_errors(covered, number))

    def gap(self, lease: Lease, gap: Gap) -> Scan[bool]:
        """Read the oldest window of a gap, and shrink the gap by it. Returns whether all of the
        window was answered.
        """
        window = self._gap_size.first(Window(gap.start, gap.end))
        covered = yield from self._cover.window(
            lease, window, gap.number, again=gap.again, order=gap.order
        )
        rest = [replace(gap, start=window.end, id=0)] if window.end < gap.end else []
        if rest:
            self._gap_size.learn(covered.listed)
        else:
            self._gap_size = WindowSize()  # the next gap may be of busier times
        self._commit(lease, closed=[gap.id], opened=[*rest, *_errors(covered, gap.number)])
        return not covered.unanswered

    def give_up(self, lease: Lease, gap: Gap) -> None:
        """The five days of an interval that answered with errors are over."""
        self._ledger.commit(lease, Step(at=int(self._clock()), closed=[gap.id], given_up=[gap]))
        self._emit(WindowUnreadable(self._options.account, gap.start, gap.end))

    def _commit(
        self,
        lease: Lease,
        *,
        positions: Mapping[str, NumberPosition] | None = None,
        opened: Sequence[Gap] = (),
        closed: Sequence[int] = (),
    ) -> None:
        if positions or opened or closed:
            step = Step(
                at=int(self._clock()), positions=positions or {}, opened=opened, closed=closed
            )
            self._ledger.commit(lease, step)

    def _poll_done(self, window: Window, covered: ScanResult, began: float, requests: int) -> None:
        self._emit(
            PollDone(
                account=self._options.account,
                at=self._clock(),
                window_start=window.start,
                window_end=window.end,
                listed=covered.listed,
                new=covered.new,
                stored=covered.stored,
                pending=covered.new - covered.stored,
                requests=requests,
                seconds=max(0.0, self._clock() - began),
            )
        )


def expired(gap: Gap, now: float) -> bool:
    """Whether nothing of an interval that answers with errors can still be read."""
    return gap.reason is GapReason.ERROR and gap.end < now - RETENTION


def _unanswered(position: Position, number: str) -> list[Window]:
    return [
        Window(gap.start, gap.end)
        for gap in position.gaps
        if gap.number == number and gap.reason is GapReason.ERROR
    ]


def _errors(covered: ScanResult, number: str) -> list[Gap]:
    """Unanswered parts as gaps. Each part failed with the seconds around it, so what reads beside
    the gap does not meet the bad second again.
    """
    joined: list[Window] = []
    for part in sorted(covered.unanswered):
        if joined and part.start <= joined[-1].end:
            joined[-1] = Window(joined[-1].start, max(joined[-1].end, part.end))
        else:
            joined.append(part)
    return [Gap(number, part.start, part.end, GapReason.ERROR) for part in joined]


def _continues(gap: Gap, before: Gap) -> bool:
    same = (gap.number, gap.reason, gap.again) == (before.number, before.reason, before.again)
    return same and before.start <= gap.start <= before.end
