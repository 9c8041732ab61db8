"""Entries have whole seconds, and many share one: from the API's order to nanoseconds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from fuse_otel.core.model.call import Entry, ListedCall
from fuse_otel.core.timing.windows import DAY

SECOND = 10**9
FRAME = 30 * 60
"""Seconds before a call's start and after its end that an entry may have. A platform that stamps
entries in another time zone stretched a call of 15 s to five hours.
"""
STEP = 1000
"""A microsecond in nanoseconds: the time from one entry of a second to the next, and the shortest
span. Jaeger keeps no finer time, and stores a re-sent span without duration twice.
"""
_LAST_STEP = SECOND // STEP - 1
_LATEST = 2**63 // SECOND - 1  # in 2262: later nanoseconds are no signed 64-bit integer


class Moment(NamedTuple):
    """``inferred``: the entry's own time is missing, outside the call, or before its
    predecessor's.
    """

    nanoseconds: int
    inferred: bool


_moment = tuple.__new__  # without the class's own ``__new__``: this runs for every entry


class CallTimes(NamedTuple):
    """``start`` and ``end`` in UNIX seconds, ``None`` if unknown. ``corrected``: the record's own
    was ignored.
    """

    start: int | None
    end: int | None
    corrected: bool


def call_times(call: ListedCall, entries: Sequence[Entry]) -> CallTimes:
    """The times of the record as far as they are plausible.

    An end more than a day after both the start and the last entry is ignored, and so is a start
    more than a day before both the end and the first entry: records with the wrong year made spans
    of a year. The current time is not used, so that the same record always gives the same bytes.
    """
    start, end = _readable(call.start), _readable(call.end)
    first, last = _first_stamp(entries), _first_stamp(reversed(entries))
    after = max((time for time in (start, last) if time is not None), default=None)
    if end is not None and after is not None and end > after + DAY:
        return CallTimes(start, after, corrected=True)
    before = min((time for time in (end, first) if time is not None), default=None)
    if start is not None and before is not None and start < before - DAY:
        return CallTimes(before, end, corrected=True)
    return CallTimes(start, end, corrected=False)


def _first_stamp(entries: Iterable[Entry]) -> int | None:
    return next((e.timestamp for e in entries if _readable(e.timestamp) is not None), None)


def moments(entries: Sequence[Entry], start: int | None, end: int | None) -> list[Moment]:
    """A time for each entry, never falling. ``start`` and ``end`` are the call's, in seconds."""
    own = [entry.timestamp for entry in entries]
    stamps = _framed(own, start, end)
    second = _first(stamps, start)
    made: list[Moment] = []
    time, last = second * SECOND - STEP, second * SECOND + _LAST_STEP * STEP
    for stamp, unchanged in zip(stamps, own, strict=True):
        inferred = stamp is None or stamp < second or stamp != unchanged
        if stamp is not None and stamp > second:
            second = stamp
            time, last = second * SECOND, second * SECOND + _LAST_STEP * STEP
        elif time < last:
            time += STEP
        made.append(_moment(Moment, (time, inferred)))
    return made


def _framed(stamps: list[int | None], start: int | None, end: int | None) -> list[int | None]:
    """The entries' seconds inside the call's frame; ``None`` has its predecessor's time.

    A stamp outside the frame is clamped to it. One behind the frame is ``None`` instead where a
    later entry is inside, because all later entries would get its time.
    """
    low, high = 0, _LATEST
    if start is not None and end is not None:
        low, high = max(0, start - FRAME), min(_LATEST, end + FRAME)
    known = [stamp for stamp in stamps if stamp is not None]
    if not known or (low <= min(known) and max(known) <= high):
        return stamps
    inside = [p for p, stamp in enumerate(stamps) if stamp is not None and low <= stamp <= high]
    last_inside = inside[-1] if inside else -1
    framed: list[int | None] = []
    for place, stamp in enumerate(stamps):
        if stamp is None or low <= stamp <= high:
            framed.append(stamp)
        elif stamp < low:
            framed.append(low)
        else:
            framed.append(high if place > last_inside else None)
    return framed


def _first(stamps: Sequence[int | None], start: int | None) -> int:
    """The first second of a call whose first entry has no time: the call's start, or the first
    time of any entry if that is earlier.
    """
    first = next((stamp for stamp in stamps if stamp is not None), None)
    known = [second for second in (start, first) if second is not None]
    return min(known, default=0)


def _readable(seconds: int | None) -> int | None:
    """UNIX seconds that nanoseconds can express, ``None`` for any other."""
    return seconds if seconds is not None and 0 <= seconds <= _LATEST else None
