"""The calls that the endpoints return: windows cut into pages, records as both lists show them."""

from __future__ import annotations

import math
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import lru_cache
from itertools import count
from operator import attrgetter
from typing import Protocol

from fuse_otel.simulator.call import RawEntry, SimulatedCall
from fuse_otel.simulator.odd_calls import OddCalls, repeated
from fuse_otel.simulator.quirks import Bounds, ListOrder, Quirks, TimeField
from fuse_otel.simulator.readable_logs import ReadableLogs, as_php
from fuse_otel.simulator.requests import LARGEST_LIMIT, ApiQuery
from fuse_otel.simulator.responses import dump_json
from fuse_otel.simulator.world import LONGEST, World

_IGNORED_WINDOW = 3600
_KEPT_WINDOWS = 64
_REMEMBERED_WINDOWS = 4096
_DRIFT = 7


class Content(Protocol):
    """All bodies are JSON. ``now`` is UNIX seconds."""

    def page(self, query: ApiQuery, now: float) -> bytes:
        """The body of ``/calls`` or ``/all_logs``."""

    def log(self, session_id: str, now: float) -> tuple[int, bytes]:
        """HTTP status and body of ``/call/{session_id}``."""

    def ended(self, start: float, end: float) -> Iterable[SimulatedCall]:
        """The calls that ended in ``[start, end)``: also those that the API does not list."""

    def entries(self, session_id: str) -> tuple[RawEntry, ...]:
        """A call's finished log. Raises ``KeyError`` for an unknown call."""


class Windows:
    """Which calls a window holds, and in which order, under the quirks of the API."""

    def __init__(self, world: World, quirks: Quirks) -> None:
        self._world = world
        self._quirks = quirks
        self._sort_key = attrgetter(quirks.order_by.value, "session_id")
        self._held = lru_cache(_KEPT_WINDOWS)(self._find_held)

    def listed(self, query: ApiQuery, now: float) -> list[SimulatedCall]:
        """The calls in the API's order, as far as they are to be seen at ``now``."""
        start, end = self._bounds(query, now)
        oldest = now - self._quirks.retention if not self._quirks.list_expired else -math.inf
        calls = [
            call
            for call in self._held(start, end, query.number)
            if call.end <= now and call.end >= oldest
        ]
        if self._quirks.running_calls:
            calls.extend(self._running(start, end, query.number, now))
            self._sort(calls)
        return calls

    def _bounds(self, query: ApiQuery, now: float) -> tuple[int, int]:
        """The half-open interval that is meant; it never reaches into the future."""
        present = math.floor(now) + 1
        if self._quirks.ignore_window:
            return present - _IGNORED_WINDOW, present
        bounds = self._quirks.bounds
        start = query.start + (1 if bounds is Bounds.EXCLUSIVE else 0)
        beyond = 1 if bounds is Bounds.INCLUSIVE else 0
        return start, min(query.end + beyond, present)

    def _find_held(self, start: int, end: int, number: str) -> list[SimulatedCall]:
        by_start = self._quirks.filter_by is TimeField.START
        find = self._world.starting if by_start else self._world.ending
        calls = [call for call in find(start, end) if number in {"", call.number}]
        self._sort(calls)
        return calls

    def _running(self, start: int, end: int, number: str, now: float) -> Iterator[SimulatedCall]:
        present = math.floor(now)
        for call in self._world.starting(now - LONGEST - 1, present + 1):
            moment = call.start if self._quirks.filter_by is TimeField.START else present
            if call.end > now and start <= moment < end and number in {"", call.number}:
                yield replace(call, end=present)

    def _sort(self, calls: list[SimulatedCall]) -> None:
        calls.sort(key=self._sort_key, reverse=self._quirks.order is ListOrder.NEWEST)


class WorldContent:
    def __init__(self, world: World, quirks: Quirks) -> None:
        self._world = world
        self._quirks = quirks
        self._windows = Windows(world, quirks)
        self._odd_calls = OddCalls(quirks)
        self._logs = ReadableLogs(world, quirks)
        self._requested: OrderedDict[tuple[str, int, int, str], None] = OrderedDict()
        self._lock = threading.Lock()
        self._requests = count(1)

    def page(self, query: ApiQuery, now: float) -> bytes:
        calls = self._arrived(query, self._windows.listed(query, now))
        doubled = _at_every(self._quirks.duplicate_every, calls, lambda call: (call, call))
        listed = _at_every(self._quirks.split_every, doubled, _halves)
        page, total = self._page(listed, query)
        in_bulk = query.endpoint == "all_logs"
        record = self._bulk_record if in_bulk else self._record
        body = b'{"calls":[' + b",".join(record(*each, now) for each in page) + b"]"
        has_total = self._quirks.all_logs_total if in_bulk else not self._quirks.omit_total
        if has_total:
            body += b',"total_calls":' + self._total(total)
        return body + b"}"

    def _page(
        self, listed: list[SimulatedCall], query: ApiQuery
    ) -> tuple[list[tuple[SimulatedCall, SimulatedCall]], int]:
        """Each call of the page, as it is and as it is listed; and the number of calls in the list.
        An endless list begins again after its last call, and its total is ahead of every page.
        """
        end = query.offset + self._limit(query)
        if not self._quirks.endless_lists or not listed:
            page = [(call, self._odd_calls.listed(call)) for call in listed[query.offset : end]]
            return page, len(listed)
        places = (divmod(place, len(listed)) for place in range(query.offset, end))
        return [
            (listed[place], repeated(self._odd_calls.listed(listed[place]), times))
            for times, place in places
        ], end + 1

    def log(self, session_id: str, now: float) -> tuple[int, bytes]:
        return self._logs.single_response(session_id, now)

    def ended(self, start: float, end: float) -> Iterable[SimulatedCall]:
        for call in self._world.ending(start, end):
            yield replace(call, session_id=self._odd_calls.listed_id(call.session_id))

    def entries(self, session_id: str) -> tuple[RawEntry, ...]:
        return self._world.entries(self._odd_calls.usual_id(session_id))

    def _arrived(self, query: ApiQuery, calls: list[SimulatedCall]) -> list[SimulatedCall]:
        """Without the calls that only later pages of the same window contain."""
        late = self._quirks.late_arrivals
        if not late or not self._is_first_page(query):
            return calls
        return calls[late:] if self._quirks.order is ListOrder.NEWEST else calls[:-late]

    def _is_first_page(self, query: ApiQuery) -> bool:
        window = (query.endpoint, query.start, query.end, query.number)
        with self._lock:
            known = window in self._requested
            self._requested[window] = None
            if len(self._requested) > _REMEMBERED_WINDOWS:
                self._requested.popitem(last=False)
        return not known

    def _limit(self, query: ApiQuery) -> int:
        limit = self._quirks.default_limit if query.limit is None else query.limit
        limit = min(max(limit, 1), LARGEST_LIMIT)
        return min(limit, self._quirks.page_cap or limit)

    def _total(self, true: int) -> bytes:
        total = true + self._quirks.total_off_by
        if self._quirks.total_drifts:
            total += 1 + next(self._requests) % _DRIFT
        return dump_json(as_php(max(total, 0), self._quirks))

    def _record(self, _call: SimulatedCall, listed: SimulatedCall, _now: float) -> bytes:
        record = {
            "dest": listed.dest,
            "src": listed.src,
            "start": listed.start,
            "end": listed.end,
            "session_id": listed.session_id,
            "type": listed.type,
            "log": listed.log,
        }
        return dump_json(as_php(record, self._quirks))

    def _bulk_record(self, call: SimulatedCall, listed: SimulatedCall, now: float) -> bytes:
        record = {
            "dest": listed.dest,
            "src": listed.src,
            "start": str(listed.start),
            "end": str(listed.end),
            "session_id": listed.session_id,
        }
        detail = self._logs.bulk_value(call, now)
        if detail is None:
            return dump_json(record)
        return dump_json(record)[:-1] + b',"detail":' + detail + b"}"


def _at_every(
    nth: int,
    calls: list[SimulatedCall],
    records: Callable[[SimulatedCall], tuple[SimulatedCall, ...]],
) -> list[SimulatedCall]:
    """The calls, with ``records`` in the place of every ``nth`` call; unchanged for 0."""
    if not nth:
        return calls
    return [
        record
        for place, call in enumerate(calls, 1)
        for record in ((call,) if place % nth else records(call))
    ]


def _halves(call: SimulatedCall) -> tuple[SimulatedCall, SimulatedCall]:
    """One call as two records of its session id."""
    middle = (call.start + call.end) // 2
    return replace(call, start=middle), replace(call, end=middle)
