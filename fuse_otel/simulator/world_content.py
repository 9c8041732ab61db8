"""A simulated world's answers: windows cut into pages, records in the shapes of both lists."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import replace
from itertools import count

from fuse_otel.simulator.details import Details, as_php
from fuse_otel.simulator.json_bytes import dump
from fuse_otel.simulator.question import LARGEST_LIMIT, Question
from fuse_otel.simulator.quirks import ListOrder, Quirks
from fuse_otel.simulator.simulated_call import Entry, SimulatedCall
from fuse_otel.simulator.window import Windows
from fuse_otel.simulator.world import World

_REMEMBERED_WINDOWS = 4096
_DRIFT = 7


class WorldContent:
    def __init__(self, world: World, quirks: Quirks) -> None:
        self._world = world
        self._quirks = quirks
        self._windows = Windows(world, quirks)
        self._details = Details(world, quirks)
        self._asked: OrderedDict[tuple[str, int, int, str], None] = OrderedDict()
        self._lock = threading.Lock()
        self._requests = count(1)

    def page(self, question: Question, now: float) -> bytes:
        calls = self._arrived(question, self._windows.listed(question, now))
        listed = self._split(self._doubled(calls))
        page = listed[question.offset : question.offset + self._limit(question)]
        in_bulk = question.endpoint == "all_logs"
        if in_bulk:
            records = [self._bulk_record(call, now) for call in page]
        else:
            records = [self._record(call) for call in page]
        body = b'{"calls":[' + b",".join(records) + b"]"
        named = self._quirks.all_logs_total if in_bulk else not self._quirks.omit_total
        if named:
            body += b',"total_calls":' + self._total(len(listed))
        return body + b"}"

    def log(self, session_id: str, now: float) -> tuple[int, bytes]:
        return self._details.alone(session_id, now)

    def ended(self, start: float, end: float) -> Iterable[SimulatedCall]:
        return self._world.ending(start, end)

    def entries(self, session_id: str) -> tuple[Entry, ...]:
        return self._world.entries(session_id)

    def _arrived(self, question: Question, calls: list[SimulatedCall]) -> list[SimulatedCall]:
        """Without the calls that only later pages of the same window shall know."""
        late = self._quirks.late_arrivals
        if not late or not self._is_first_page(question):
            return calls
        return calls[late:] if self._quirks.order is ListOrder.NEWEST else calls[:-late]

    def _is_first_page(self, question: Question) -> bool:
        window = (question.endpoint, question.start, question.end, question.number)
        with self._lock:
            known = window in self._asked
            self._asked[window] = None
            if len(self._asked) > _REMEMBERED_WINDOWS:
                self._asked.popitem(last=False)
        return not known

    def _doubled(self, calls: list[SimulatedCall]) -> list[SimulatedCall]:
        every = self._quirks.duplicate_every
        if not every:
            return calls
        return [
            call
            for place, call in enumerate(calls, 1)
            for _ in range(2 if place % every == 0 else 1)
        ]

    def _split(self, calls: list[SimulatedCall]) -> list[SimulatedCall]:
        """Two records of one session id, that meet in the middle of the call."""
        every = self._quirks.split_every
        if not every:
            return calls
        return [
            part
            for place, call in enumerate(calls, 1)
            for part in (_halves(call) if place % every == 0 else (call,))
        ]

    def _limit(self, question: Question) -> int:
        limit = self._quirks.default_limit if question.limit is None else question.limit
        limit = min(max(limit, 1), LARGEST_LIMIT)
        return min(limit, self._quirks.page_cap or limit)

    def _total(self, true: int) -> bytes:
        total = true + self._quirks.total_off_by
        if self._quirks.total_drifts:
            total += 1 + next(self._requests) % _DRIFT
        return dump(as_php(max(total, 0), self._quirks))

    def _record(self, call: SimulatedCall) -> bytes:
        record = {
            "dest": call.dest,
            "src": call.src,
            "start": call.start,
            "end": call.end,
            "session_id": call.session_id,
            "type": call.type,
            "log": call.log,
        }
        return dump(as_php(record, self._quirks))

    def _bulk_record(self, call: SimulatedCall, now: float) -> bytes:
        record = {
            "dest": call.dest,
            "src": call.src,
            "start": str(call.start),
            "end": str(call.end),
            "session_id": call.session_id,
        }
        detail = self._details.in_bulk(call, now)
        if detail is None:
            return dump(record)
        return dump(record)[:-1] + b',"detail":' + detail + b"}"


def _halves(call: SimulatedCall) -> tuple[SimulatedCall, SimulatedCall]:
    middle = (call.start + call.end) // 2
    return replace(call, start=middle), replace(call, end=middle)
