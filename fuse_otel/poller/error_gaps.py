"""Gaps that errors leave: the seconds that fail are searched at once, and tried again later."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence

from msgspec.structs import replace

from fuse_otel.core.timing.windows import Window
from fuse_otel.poller.requests import RETRIED, SEARCHED, Scan
from fuse_otel.poller.step_writer import StepWriter
from fuse_otel.poller.window_scan import ScanResult, WindowScan
from fuse_otel.ports import Gap, GapReason, Position

SECONDS = 5  # a second that fails, and what a request for it covers
RECENT = (60, 180, 600)  # seconds before the end of a live window that failed


class ErrorGaps:
    """``searched`` is called at the end of a search, with whether it found seconds that fail."""

    def __init__(
        self, windows: WindowScan, writer: StepWriter, searched: Callable[[bool], None]
    ) -> None:
        self._search_ended = searched
        self._windows = windows
        self._writer = writer
        # Gaps that a live scan opened just now, and those that a search reads.
        self._unsearched: set[tuple[str, Window]] = set()
        self._searched: set[tuple[str, Window]] = set()

    def open(self, number: str, cursor: int, result: ScanResult) -> None:
        """A part that failed becomes gaps at once, so that the next live scan lists beside them."""
        parts = [piece for part in result.unanswered for piece in _cut(part, cursor)]
        result.unanswered.clear()
        gaps = [Gap(number, part.start, part.end, GapReason.ERROR) for part in parts]
        self._writer.commit(opened=gaps)
        # The list request of a single second has failed just now: it waits like all error gaps.
        self._unsearched |= {_place(gap) for gap in gaps if gap.end - gap.start > 1}

    def retry(self, gap: Gap) -> Scan[bool]:
        """Read a gap that failed before. Returns whether it was read. A gap of seconds is not
        halved again: each of its requests would touch the second that fails.
        """
        window = Window(gap.start, gap.end)
        if (yield from self._windows.whole(window, gap.number, RETRIED)):
            self._writer.shrink(gap)
            return True
        left = [replace(gap, id=0)]  # the last of those to be tried again
        if window.seconds > SECONDS:
            left = error_gaps_of((yield from self._windows.search(window, gap.number)), gap.number)
        self._writer.shrink(gap, left)
        return False

    def reserved(self, gap: Gap) -> bool:
        """Whether a search reads the gap, or will."""
        return _place(gap) in self._unsearched or _place(gap) in self._searched

    def unsearched(self, gaps: Sequence[Gap]) -> list[Gap]:
        """The gaps that wait for a search, the newest first."""
        found = [gap for gap in gaps if _place(gap) in self._unsearched]
        return sorted(found, key=lambda gap: gap.end, reverse=True)

    def search(self, gaps: Sequence[Gap]) -> Scan[None]:
        """Find the seconds because of which a live window failed, and read the others. All pieces
        are tried once before one that fails is halved: each try may take long.
        """
        places = set(map(_place, gaps))
        self._unsearched -= places
        self._searched |= places
        try:
            failed = []
            for gap in gaps:
                window = Window(gap.start, gap.end)
                if (yield from self._windows.whole(window, gap.number, SEARCHED)):
                    self._writer.shrink(gap)
                else:
                    failed.append(gap)
            found = False
            for gap in failed:
                result = yield from self._windows.search(Window(gap.start, gap.end), gap.number)
                self._writer.shrink(gap, error_gaps_of(result, gap.number))
                found = found or bool(result.unanswered)
            self._search_ended(found)
        finally:
            self._searched -= places


def unanswered(position: Position, number: str) -> list[Window]:
    return [
        Window(gap.start, gap.end)
        for gap in position.gaps
        if gap.number == number and gap.reason is GapReason.ERROR
    ]


def error_gaps_of(result: ScanResult, number: str) -> list[Gap]:
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


def _place(gap: Gap) -> tuple[str, Window]:
    return gap.number, Window(gap.start, gap.end)


def _cut(part: Window, cursor: int) -> list[Window]:
    """The part in pieces, which are shorter the newer they are: an error that was not there at the
    last poll is most likely about a call that ended since, or started a little before.
    """
    cuts = {cursor, *(part.end - seconds for seconds in RECENT)}
    times = sorted({*part, *(time for time in cuts if part.start < time < part.end)})
    pieces = [Window(start, end) for start, end in itertools.pairwise(times)]
    return list(part.halves()) if len(pieces) == 1 and part.seconds > 1 else pieces
