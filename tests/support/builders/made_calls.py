"""Calls made by hand, told as the Fuse API tells them: they appear late, grow, and expire."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from math import inf

from fuse_otel.simulator.call import RawEntry, SimulatedCall
from fuse_otel.simulator.quirks import Bounds, ListOrder, Quirks, TimeField
from fuse_otel.simulator.readable_logs import EXPIRED, NOT_FOUND
from fuse_otel.simulator.requests import ApiQuery

NUMBER = "8005550100"
OVERLAPS = 2  # seconds by which the lists of two windows may overlap


@dataclass(slots=True)
class MadeCall:
    """``listed_at``: when the list shows it first; ``log_at``, ``expires_at``: its log likewise.
    ``entries`` is what the log holds now. ``disturbed``: it is no longer told what became of its
    log after its end.
    """

    session_id: str
    start: int
    end: int
    listed_at: float
    exits: bool = True
    logged: bool = True
    log_at: float = 0.0
    expires_at: float = inf
    entries: list[RawEntry] = field(default_factory=list)
    disturbed: bool = False

    @property
    def usual(self) -> bool:
        """Listed at its end, and short enough to be met by the next poll."""
        return self.listed_at <= self.end + 1 and self.end - self.start < 1200


class MadeCalls:
    """A ``Content`` of the simulator. Of the quirks it knows those that cut and order a list."""

    def __init__(self, quirks: Quirks) -> None:
        self.quirks = quirks
        self.calls: dict[str, MadeCall] = {}
        self._asked: deque[tuple[float, ApiQuery]] = deque(maxlen=200)  # for lists, with their time

    def add(self, call: MadeCall, entries: int) -> MadeCall:
        self.calls[call.session_id] = call
        for place in range(entries):
            last = place == entries - 1
            module = "exit" if last and call.exits else "menu"
            share = place / max(1, entries - 1)
            self.write(call, module, call.start + int((call.end - call.start) * share))
        return call

    def write(self, call: MadeCall, module: str, at: int) -> None:
        names = {"module_type": module, "result_variable": f"step_{len(call.entries) // 2}"}
        line = f"step {len(call.entries)}"
        event = {"line": line, "data": names}
        call.entries.append({"event": event, "class": "info", "timestamp": at})

    def moment(self, call: MadeCall) -> int:
        """What a window filters on."""
        return call.start if self.quirks.filter_by is TimeField.START else call.end

    def listed_for(self, call: MadeCall, cursor: int) -> float:
        """When a list was last asked for that covers the call; if none does, any list beyond the
        cursor.
        """
        moment = self.moment(call)
        covering = [at for at, asked in self._asked if asked.start <= moment <= asked.end]
        beyond = (at for at, asked in self._asked if asked.end > cursor + OVERLAPS)
        return covering[-1] if covering else max(beyond, default=-inf)

    def page(self, question: ApiQuery, now: float) -> bytes:
        if question.endpoint == "calls":
            self._asked.append((now, question))
        listed = self._listed(question, now)
        most = min(question.limit or 1000, self.quirks.page_cap or 1000)
        page = listed[question.offset : question.offset + most]
        if question.endpoint == "all_logs":
            return json.dumps({"calls": [self._in_bulk(call, now) for call in page]}).encode()
        records = [self._record(call) for call in page]
        return json.dumps({"calls": records, "total_calls": len(listed)}).encode()

    def log(self, session_id: str, now: float) -> tuple[int, bytes]:
        call = self.calls.get(session_id)
        if call is None:
            return 404, NOT_FOUND
        if now >= call.expires_at:
            return 200, EXPIRED
        if not call.logged or now < call.log_at:
            return 404, NOT_FOUND
        return 200, json.dumps(call.entries).encode()

    def ended(self, start: float, end: float) -> Iterable[SimulatedCall]:
        """Nobody asks for the truth in this shape."""
        raise NotImplementedError

    def entries(self, session_id: str) -> tuple[RawEntry, ...]:
        return tuple(self.calls[session_id].entries)

    def _listed(self, question: ApiQuery, now: float) -> list[MadeCall]:
        bounds = self.quirks.bounds
        start = question.start + (bounds is Bounds.EXCLUSIVE)
        end = question.end + (bounds is Bounds.INCLUSIVE)
        calls = [
            call
            for call in self.calls.values()
            if call.listed_at <= now and start <= self.moment(call) < end
        ]
        newest = self.quirks.order is ListOrder.NEWEST
        return sorted(calls, key=lambda call: (call.start, call.session_id), reverse=newest)

    def _record(self, call: MadeCall) -> dict[str, object]:
        return {
            "dest": NUMBER,
            "src": "5005550100",
            "start": call.start,
            "end": call.end,
            "session_id": call.session_id,
            "type": "inbound",
            "log": call.logged,
        }

    def _in_bulk(self, call: MadeCall, now: float) -> dict[str, object]:
        record = self._record(call) | {"start": str(call.start), "end": str(call.end)}
        status, body = self.log(call.session_id, now)
        return record | {"detail": json.loads(body) if status == 200 else []}


def lengthened(call: MadeCall, seconds: int) -> MadeCall:
    """The same call, listed with a later end from now on."""
    return replace(call, end=call.end + seconds)
