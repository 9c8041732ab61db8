"""Simulated accounts for measurements: one in which nothing repeats, and one that is cheap to make.

``WORLDS`` names them for the arguments of a process.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache

from fuse_otel.simulator.call import RawEntry, SimulatedCall
from fuse_otel.simulator.call_flow import CallBoxes
from fuse_otel.simulator.switches import is_number
from fuse_otel.simulator.world import World

_LETTERS = str.maketrans("0123456789", "bcdfghjklm")
_KEPT = 1 << 12


def unlike(entries: Sequence[RawEntry], call: int) -> list[RawEntry]:
    """The entries with other lines and texts than those of any other call and entry.

    A module keeps one name within the call, so the call has the same spans. The lines of the module
    ``start`` stay, because the application is known by them alone.
    """
    return [_unlike(entry, f"{call}q", f"{call}q{at}") for at, entry in enumerate(entries)]


def _unlike(entry: RawEntry, call: str, place: str) -> RawEntry:
    event = entry["event"]
    assert isinstance(event, Mapping)
    line, data = event["line"], event["data"]
    if data.get("module_type") == "start":
        return entry
    changed = {
        key: f"{value} {(call if key == 'result_variable' else place).translate(_LETTERS)}"
        for key, value in data.items()
        if isinstance(value, str) and key != "module_type"
    }
    changed_event = {"line": f"{line} {place.translate(_LETTERS)}", "data": {**data, **changed}}
    return {**entry, "event": changed_event}


class UnlikeWorld(World):
    """A ``World`` whose entries do not repeat (``unlike``)."""

    def entries(self, session_id: str) -> tuple[RawEntry, ...]:
        place = self._place(session_id)
        if place is None:
            raise KeyError(session_id)
        stream, number = place
        return tuple(unlike(super().entries(session_id), 2 * number + stream))


class SteadyWorld(World):
    """Calls that start at even distances. Their logs are those of a few hundred calls of a
    ``World``, moved in time: a call takes microseconds to make, so hundreds a second are possible.
    No call lasts longer than ``LONGEST`` seconds.
    """

    LONGEST = 120
    _TEMPLATES = 300
    _DRAWN_AT = 1_700_000_000

    def __init__(
        self,
        seed: int,
        rate: float,
        past: float,
        start: float | None = None,
        modules: type[CallBoxes] = CallBoxes,
    ) -> None:
        super().__init__(seed, rate, past, start, modules)
        drawn = World(seed, 1.0, 2 * self._TEMPLATES, self._DRAWN_AT, modules)
        calls = drawn.starting(self._DRAWN_AT - 2 * self._TEMPLATES, self._DRAWN_AT)
        short = [call for call in calls if call.end - call.start <= self.LONGEST]
        self._templates = short[: self._TEMPLATES]
        self._template_entries = [drawn.entries(call.session_id) for call in self._templates]
        self._moved = lru_cache(_KEPT)(self._make_moved)

    def starting(self, start: float, end: float) -> Iterator[SimulatedCall]:
        start = max(start, self.begin)
        first = max(0, math.floor(start * self.rate) - 1)
        for number in range(first, math.ceil(end * self.rate) + 1):
            if start <= self._second(number) < end:
                yield self._numbered(number)

    def ending(self, start: float, end: float) -> Iterator[SimulatedCall]:
        for call in self.starting(start - self.LONGEST - 1, end):
            if start <= call.end < end:
                yield call

    def find(self, session_id: str) -> SimulatedCall | None:
        number = session_id.partition(";")[0]
        call = self._numbered(int(number)) if is_number(number) else None
        found = call is not None and call.session_id == session_id and call.start >= self.begin
        return call if found else None

    def entries(self, session_id: str) -> tuple[RawEntry, ...]:
        if self.find(session_id) is None:
            raise KeyError(session_id)
        return self._moved(int(session_id.partition(";")[0]))

    def _make_moved(self, number: int) -> tuple[RawEntry, ...]:
        which = number % len(self._templates)
        later = self._second(number) - self._templates[which].start
        return tuple(
            {**entry, "timestamp": int(str(entry["timestamp"])) + later}
            for entry in self._template_entries[which]
        )

    def _second(self, number: int) -> int:
        return math.floor(number / self.rate)

    def _numbered(self, number: int) -> SimulatedCall:
        template = self._templates[number % len(self._templates)]
        start = self._second(number)
        end = start + template.end - template.start
        return replace(template, session_id=f"{number};900;{start}", start=start, end=end)


WORLDS: Mapping[str, type[World]] = {
    "simulated": World,
    "unlike": UnlikeWorld,
    "steady": SteadyWorld,
}
