"""The timeline of a call: its entries redacted, timed and grouped into executions.

A run of entries of one module is one execution of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from msgspec import Struct, field

from fuse_otel.core.model.call import CallLog, Entry, ListedCall, LogCompleteness, LogState
from fuse_otel.core.model.ids import session_key
from fuse_otel.core.model.tally import Anomaly, Tally
from fuse_otel.core.redaction.compiled_entries import RedactedEntry
from fuse_otel.core.redaction.redactor import Redactor
from fuse_otel.core.translation.timestamps import (
    SECOND,
    STEP,
    CallTimes,
    Moment,
    call_times,
    moments,
)

UNKNOWN = "unknown"
Application = tuple[str, str]
"""Name and version."""


class Execution(Struct):
    """``ordinal`` counts the call's executions from 1, ``visit`` those of the same module.

    ``places`` are positions in the call's entries. ``start`` and ``end`` are UNIX nanoseconds.
    """

    module_type: str
    result_variable: str
    ordinal: int
    visit: int
    places: list[int] = field(default_factory=list)
    start: int = 0
    end: int = 0
    inferred: bool = False

    @property
    def span_end(self) -> int:
        """The end of its span, which lasts a microsecond at least."""
        return max(self.end, self.start + STEP)


class Timeline(Struct, frozen=True):
    """``session_id`` is the ``session_key`` of the call's own. ``moments`` and ``redacted`` run
    beside ``entries``, ``names`` (module type and result variable, as they may leave) and
    ``applications`` beside ``executions``. ``start`` and ``end`` are the envelope of everything
    known, UNIX nanoseconds; ``times`` are those of the record.
    """

    call: ListedCall
    session_id: str
    details: LogCompleteness
    entries: tuple[Entry, ...]
    moments: list[Moment]
    redacted: list[RedactedEntry]
    executions: list[Execution]
    names: list[tuple[str, str]]
    applications: list[Application | None]
    too_large: bool
    start: int
    end: int
    times: CallTimes

    @property
    def span_end(self) -> int:
        """The end of the root span, which lasts a microsecond at least and holds all others."""
        return max(self.end, self.start + STEP, *(run.span_end for run in self.executions[-1:]))

    @property
    def application(self) -> Application | None:
        """The one the call began in."""
        return next((each for each in self.applications if each), None)


def build_timeline(
    call: ListedCall,
    log: CallLog,
    details: LogCompleteness,
    redactor: Redactor,
    tally: Tally,
    first: int = 0,
) -> Timeline:
    """``tally`` counts what entries from index ``first`` on hold; older ones were counted when they
    were exported.
    """
    entries = log.entries
    times = call_times(call, entries)
    stamped = moments(entries, times.start, times.end)
    runs = executions(entries, stamped, None if times.end is None else times.end * SECOND)
    counted_before = Tally()
    names = [_names(run, redactor, counted_before) for run in runs]
    if first == 0:
        tally.add(counted_before)
        if times.corrected:
            tally.anomalies[Anomaly.CALL_TIME] += 1
    _count_inferred(entries, stamped, first, tally)
    redacted = [
        redactor.redact(
            entries[place], name, tally if entries[place].index >= first else counted_before
        )
        for run, name in zip(runs, names, strict=True)
        for place in run.places
    ]
    start, end = _envelope(times, runs)
    return Timeline(
        call=call,
        session_id=str(session_key(call.session_id)),
        details=details,
        entries=entries,
        moments=stamped,
        redacted=redacted,
        executions=runs,
        names=names,
        applications=_applications(runs, redacted),
        too_large=log.state is LogState.TOO_LARGE,
        start=start,
        end=end,
        times=times,
    )


def _names(run: Execution, redactor: Redactor, tally: Tally) -> tuple[str, str]:
    return (
        redactor.name(run.module_type, tally) or UNKNOWN,
        redactor.name(run.result_variable, tally) or UNKNOWN,
    )


def _count_inferred(
    entries: tuple[Entry, ...], stamped: list[Moment], first: int, tally: Tally
) -> None:
    inferred = [place for place, moment in enumerate(stamped) if moment[1]]
    if inferred:
        new = sum(entries[place].index >= first for place in inferred)
        if new:
            tally.anomalies[Anomaly.TIME] += new


def _applications(runs: list[Execution], redacted: list[RedactedEntry]) -> list[Application | None]:
    """Which application each execution ran in: the first that its own entries announce, else the
    last one announced before. Executions before the first announcement belong to that one too.
    """
    current: Application | None = None
    found: list[Application | None] = []
    for run in runs:
        announced = None
        for place in run.places:
            application = redacted[place].facts.application
            if application:
                announced = announced or application
                current = application
        found.append(announced or current)
    if None not in found:
        return found
    first = next((each for each in found if each), None)
    return [each or first for each in found]


def _envelope(times: CallTimes, runs: list[Execution]) -> tuple[int, int]:
    known = [second * SECOND for second in (times.start, times.end) if second is not None]
    known += [runs[0].start, runs[-1].end] if runs else []
    return min(known, default=0), max(known, default=0)


def executions(
    entries: Sequence[Entry], moments: Sequence[Moment], end: int | None
) -> list[Execution]:
    """In the API's order. The last one lasts to ``end``, the call's, in UNIX nanoseconds."""
    found = _runs(entries)
    for execution in found:
        execution.start, execution.inferred = moments[execution.places[0]]
    for execution, following in pairwise(found):
        execution.end = following.start
    if found:
        last = moments[-1].nanoseconds
        found[-1].end = last if end is None else max(last, end)
    return found


def _runs(entries: Sequence[Entry]) -> list[Execution]:
    """An entry without a module belongs to the execution before it."""
    found: list[Execution] = []
    visits: dict[tuple[str, str], int] = {}
    current: tuple[str, str] | None = None
    places: list[int] = []
    for place, entry in enumerate(entries):
        module_type, name = entry.module_type, entry.result_variable
        if module_type is None or name is None:
            module = current or (UNKNOWN, UNKNOWN)
        else:
            module = (module_type, name)
        if module == current:
            places.append(place)
            continue
        current, places = module, [place]
        visits[module] = visit = visits.get(module, 0) + 1
        found.append(Execution(*module, len(found) + 1, visit, places))
    return found
