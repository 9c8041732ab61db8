"""Which calls a window holds, and in which order, under the quirks of the API."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from operator import attrgetter

from fuse_otel.simulator.question import Question
from fuse_otel.simulator.quirks import Bounds, ListOrder, Moment, Quirks
from fuse_otel.simulator.simulated_call import SimulatedCall
from fuse_otel.simulator.world import LONGEST, World

_IGNORED_WINDOW = 3600
_KEPT = 64


class Windows:
    def __init__(self, world: World, quirks: Quirks) -> None:
        self._world = world
        self._quirks = quirks
        self._sort_key = attrgetter(quirks.order_by.value, "session_id")
        self._held = lru_cache(_KEPT)(self._find_held)

    def listed(self, question: Question, now: float) -> list[SimulatedCall]:
        """The calls in the API's order, as far as they are to be seen at ``now``."""
        start, end = self._bounds(question, now)
        oldest = now - self._quirks.retention if not self._quirks.list_expired else -math.inf
        calls = [
            call
            for call in self._held(start, end, question.number)
            if call.end <= now and call.end >= oldest
        ]
        if self._quirks.running_calls:
            calls.extend(self._running(start, end, question.number, now))
            self._sort(calls)
        return calls

    def _bounds(self, question: Question, now: float) -> tuple[int, int]:
        """The half-open interval that is meant; it never reaches into the future."""
        present = math.floor(now) + 1
        if self._quirks.ignore_window:
            return present - _IGNORED_WINDOW, present
        bounds = self._quirks.bounds
        start = question.start + (1 if bounds is Bounds.EXCLUSIVE else 0)
        beyond = 1 if bounds is Bounds.INCLUSIVE else 0
        return start, min(question.end + beyond, present)

    def _find_held(self, start: int, end: int, number: str) -> list[SimulatedCall]:
        by_start = self._quirks.filter_by is Moment.START
        find = self._world.starting if by_start else self._world.ending
        calls = [call for call in find(start, end) if number in {"", call.number}]
        self._sort(calls)
        return calls

    def _running(self, start: int, end: int, number: str, now: float) -> Iterator[SimulatedCall]:
        present = math.floor(now)
        for call in self._world.starting(now - LONGEST - 1, present + 1):
            moment = call.start if self._quirks.filter_by is Moment.START else present
            if call.end > now and start <= moment < end and number in {"", call.number}:
                yield replace(call, end=present)

    def _sort(self, calls: list[SimulatedCall]) -> None:
        calls.sort(key=self._sort_key, reverse=self._quirks.order is ListOrder.NEWEST)
