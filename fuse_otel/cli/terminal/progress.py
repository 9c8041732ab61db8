"""The progress of a backfill: one line that is redrawn on a terminal, elsewhere a line every ten
seconds.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TextIO

from fuse_otel.cli.terminal.text import Ink, Piece, columns, paint
from fuse_otel.humanize import duration, plural
from fuse_otel.ports import JobStatus

REDRAWN_EVERY = 0.2  # seconds
WRITTEN_EVERY = 10.0
_NARROWEST_BAR = 8
_WIDEST_BAR = 40
_FREE = 3  # columns: a terminal writes ^C behind the line, and must not begin a new one for it
_ERASE = "\r\x1b[K"


class Progress:
    """Also a stream for the log, whose lines go above. ``total`` are the seconds to be read;
    ``live``: the stream is a terminal of ``width`` columns.
    """

    def __init__(
        self,
        stream: TextIO,
        total: int,
        *,
        live: bool,
        width: int = 80,
        colour: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._stream = stream
        self._total = max(total, 1)
        self._live = live
        self._width = width
        self._colour = colour
        self._clock = clock
        self._first: tuple[float, JobStatus] | None = None
        self._shown_at = float("-inf")
        self._drawn = False

    def show(self, progress: JobStatus) -> None:
        now = self._clock()
        if progress.state != "working" or now - self._shown_at < self._every:
            return
        self._shown_at = now
        if self._first is None:
            self._first = (now, progress)
        if self._live:
            self._stream.write(_ERASE + self._line(progress, now))
            self._drawn = True
        else:
            share, facts = self._facts(progress, now)
            # The share grows window by window: 0% would look as if nothing happened.
            reached = f"{_percent(share)}%" if share else "reading the first window"
            self._stream.write(f"{reached}, {', '.join(facts)}\n")
        self._stream.flush()

    def erase(self) -> None:
        """Remove the line."""
        if self._drawn:
            self._stream.write(_ERASE)
            self._stream.flush()
            self._drawn = False

    def write(self, text: str) -> int:
        self.erase()
        return self._stream.write(text)

    def flush(self) -> None:
        self._stream.flush()

    @property
    def _every(self) -> float:
        return REDRAWN_EVERY if self._live else WRITTEN_EVERY

    def _line(self, progress: JobStatus, now: float) -> str:
        share, facts = self._facts(progress, now)
        text = f" {_percent(share):3}%  {'  '.join(facts)}"
        bar = min(_WIDEST_BAR, self._width - _FREE - columns(text))
        pieces = [Piece(text)]
        if bar >= _NARROWEST_BAR:
            full = round(share * bar)
            pieces = [Piece("█" * full, Ink.BAR), Piece("░" * (bar - full), Ink.FAINT), *pieces]
        return paint(pieces, self._width - _FREE, colour=self._colour)

    def _facts(self, progress: JobStatus, now: float) -> tuple[float, list[str]]:
        share = min(max(1 - progress.left / self._total, 0.0), 1.0)
        facts = [plural(progress.calls, "call"), plural(progress.entries, "entry", "entries")]
        if self._first is not None:
            began, first = self._first
            passed = now - began
            if passed > 0:
                facts.append(f"{(progress.calls - first.calls) / passed:,.0f} calls/s")
            if progress.left < first.left and passed > 0:
                rest = round(passed * progress.left / (first.left - progress.left))
                # The end of an interval that ends now waits until its list of calls is settled.
                facts.append(f"{duration(rest)} left" if rest else "reading the last window")
        return share, facts


def _percent(share: float) -> int:
    """Rounded down: 100 only when everything is read."""
    return int(round(share * 100, 6))
