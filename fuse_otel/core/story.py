"""A call once read: its entries redacted, timed and grouped, before anything is made of them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from fuse_otel.core.call import CallLog, Details, Entry, ListedCall, LogState
from fuse_otel.core.executions import Execution, executions
from fuse_otel.core.reading import Reading, read
from fuse_otel.core.scrub import clean_name
from fuse_otel.core.times import SECOND, Moment, moments

Application = tuple[str, str]
"""Name and version."""


@dataclass(frozen=True, slots=True)
class Story:
    """``moments`` and ``readings`` stand beside ``entries``, ``names`` (module type and result
    variable, as they may be told) and ``applications`` beside ``executions``. ``start`` and
    ``end`` are the envelope of all that is known, UNIX nanoseconds.
    """

    call: ListedCall
    details: Details
    entries: tuple[Entry, ...]
    moments: list[Moment]
    readings: list[Reading]
    executions: list[Execution]
    names: list[tuple[str, str]]
    applications: list[Application | None]
    too_large: bool
    start: int
    end: int

    @property
    def application(self) -> Application | None:
        """The one the call began in."""
        return next((each for each in self.applications if each), None)


def tell(call: ListedCall, log: CallLog, details: Details, redactions: Counter[str]) -> Story:
    entries = log.entries
    times = moments(entries, call.start, call.end)
    call_end = None if call.end is None else max(0, call.end) * SECOND
    runs = executions(entries, times, call_end)
    names = [_names(run, redactions) for run in runs]
    readings = [
        read(entries[place], name[0], redactions)
        for run, name in zip(runs, names, strict=True)
        for place in run.places
    ]
    start, end = _envelope(call, runs)
    return Story(
        call=call,
        details=details,
        entries=entries,
        moments=times,
        readings=readings,
        executions=runs,
        names=names,
        applications=_applications(runs, readings),
        too_large=log.state is LogState.TOO_LARGE,
        start=start,
        end=end,
    )


def _names(run: Execution, redactions: Counter[str]) -> tuple[str, str]:
    return clean_name(run.module_type, redactions), clean_name(run.result_variable, redactions)


def _applications(runs: list[Execution], readings: list[Reading]) -> list[Application | None]:
    """Which application each execution ran in: what was announced last, its own entries
    included. Executions before the first announcement belong to that one too.
    """
    current: Application | None = None
    found: list[Application | None] = []
    for run in runs:
        announced = (readings[place].facts.application for place in run.places)
        current = next((each for each in announced if each), current)
        found.append(current)
    first = next((each for each in found if each), None)
    return [each or first for each in found]


def _envelope(call: ListedCall, runs: list[Execution]) -> tuple[int, int]:
    starts = [runs[0].start] if runs else []
    ends = [runs[-1].end] if runs else []
    starts += [] if call.start is None else [max(0, call.start) * SECOND]
    ends += [] if call.end is None else [max(0, call.end) * SECOND]
    start = min(starts, default=0)
    return start, max([start, *ends])
