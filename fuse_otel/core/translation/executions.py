"""From entries to executions: a run of entries of one module is one execution of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from fuse_otel.core.model.call import Entry
from fuse_otel.core.translation.timestamps import Moment

UNKNOWN = "unknown"


@dataclass(slots=True)
class Execution:
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
    """An entry that does not say of which module it is belongs to the one before it."""
    found: list[Execution] = []
    visits: dict[tuple[str, str], int] = {}
    current: tuple[str, str] | None = None
    for place, entry in enumerate(entries):
        module = _module(entry) or current or (UNKNOWN, UNKNOWN)
        if module != current:
            current = module
            visits[module] = visits.get(module, 0) + 1
            found.append(Execution(*module, len(found) + 1, visits[module]))
        found[-1].places.append(place)
    return found


def _module(entry: Entry) -> tuple[str, str] | None:
    if entry.module_type is None or entry.result_variable is None:
        return None
    return entry.module_type, entry.result_variable
