"""A call once read: its entries redacted, timed and grouped, before anything is made of them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from fuse_otel.core.model.call import CallLog, Entry, ListedCall, LogCompleteness, LogState
from fuse_otel.core.model.telemetry import Tally
from fuse_otel.core.redaction.redactor import Redactor
from fuse_otel.core.redaction.strict_rules import RedactedEntry
from fuse_otel.core.translation.executions import UNKNOWN, Execution, executions
from fuse_otel.core.translation.timestamps import SECOND, Moment, moments, readable

Application = tuple[str, str]
"""Name and version."""


@dataclass(frozen=True, slots=True)
class Timeline:
    """``moments`` and ``readings`` stand beside ``entries``, ``names`` (module type and result
    variable, as they may be told) and ``applications`` beside ``executions``. ``start`` and
    ``end`` are the envelope of all that is known, UNIX nanoseconds; ``timed`` says whether the
    list record told any of it.
    """

    call: ListedCall
    details: LogCompleteness
    entries: tuple[Entry, ...]
    moments: list[Moment]
    readings: list[RedactedEntry]
    executions: list[Execution]
    names: list[tuple[str, str]]
    applications: list[Application | None]
    too_large: bool
    start: int
    end: int
    timed: bool

    @property
    def application(self) -> Application | None:
        """The one the call began in."""
        return next((each for each in self.applications if each), None)


def build_timeline(
    call: ListedCall,
    log: CallLog,
    details: LogCompleteness,
    reader: Redactor,
    tally: Tally,
    first: int = 0,
) -> Timeline:
    """``tally`` counts what entries from index ``first`` on hold; older ones were counted."""
    entries = log.entries
    told = readable(call.start), readable(call.end)
    times = moments(entries, *told)
    runs = executions(entries, times, None if told[1] is None else told[1] * SECOND)
    counted = Tally()
    names = [_names(run, reader, counted.redactions) for run in runs]
    if first == 0:
        tally.add(counted)
    _count_inferred(entries, times, first, tally)
    readings = [
        reader.read(entries[place], name[0], tally if entries[place].index >= first else counted)
        for run, name in zip(runs, names, strict=True)
        for place in run.places
    ]
    start, end = _envelope(told, runs)
    return Timeline(
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
        timed=told != (None, None),
    )


def _names(run: Execution, reader: Redactor, redactions: Counter[str]) -> tuple[str, str]:
    return (
        reader.name(run.module_type, redactions) or UNKNOWN,
        reader.name(run.result_variable, redactions) or UNKNOWN,
    )


def _count_inferred(
    entries: tuple[Entry, ...], times: list[Moment], first: int, tally: Tally
) -> None:
    inferred = sum(
        moment.inferred
        for entry, moment in zip(entries, times, strict=True)
        if entry.index >= first
    )
    if inferred:
        tally.anomalies["time"] += inferred


def _applications(runs: list[Execution], readings: list[RedactedEntry]) -> list[Application | None]:
    """Which application each execution ran in: the first that its own entries announce, else
    what was announced last. Executions before the first announcement belong to that one too.
    """
    current: Application | None = None
    found: list[Application | None] = []
    for run in runs:
        told = (readings[place].facts.application for place in run.places)
        announced = [each for each in told if each]
        found.append(announced[0] if announced else current)
        current = announced[-1] if announced else current
    first = next((each for each in found if each), None)
    return [each or first for each in found]


def _envelope(told: tuple[int | None, int | None], runs: list[Execution]) -> tuple[int, int]:
    known = [second * SECOND for second in told if second is not None]
    known += [runs[0].start, runs[-1].end] if runs else []
    return min(known, default=0), max(known, default=0)
