"""Entries have whole seconds, many share one: from the API's order to nanoseconds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from fuse_otel.core.model.call import Entry
from fuse_otel.core.timing.windows import DAY

SECOND = 10**9
_STEP = 1000  # a microsecond: Jaeger keeps no finer time
_LAST_STEP = SECOND // _STEP - 1
_LATEST = 2**63 // SECOND - 1  # in 2262: later nanoseconds are no signed 64-bit integer


class Moment(NamedTuple):
    """``inferred``: the entry's own time was absent, impossible, or behind its predecessor's."""

    nanoseconds: int
    inferred: bool


def readable(seconds: int | None) -> int | None:
    """UNIX seconds that nanoseconds can tell, ``None`` for any other."""
    return seconds if seconds is not None and 0 <= seconds <= _LATEST else None


def moments(entries: Sequence[Entry], start: int | None, end: int | None) -> list[Moment]:
    """A time an entry, never falling. ``start`` and ``end`` are the call's, readable seconds."""
    low = 0 if start is None else max(0, start - DAY)
    high = _LATEST if end is None else min(_LATEST, end + DAY)
    second = _first(entries, start, low, high)
    made: list[Moment] = []
    step = -1
    for entry in entries:
        told = entry.timestamp
        inferred = told is None or not low <= told <= high or told < second
        if not inferred and told is not None and told > second:
            second, step = told, -1
        step = min(step + 1, _LAST_STEP)
        made.append(Moment(second * SECOND + step * _STEP, inferred))
    return made


def _first(entries: Iterable[Entry], start: int | None, low: int, high: int) -> int:
    """Where the first second lies if the first entry does not tell: the call's start, else the
    earliest thing any entry tells.
    """
    told = [e.timestamp for e in entries if e.timestamp is not None and low <= e.timestamp <= high]
    if start is None:
        return told[0] if told else 0
    first = next(iter(told), start)
    return min(start, first)
