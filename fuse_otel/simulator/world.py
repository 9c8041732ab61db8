"""All calls of a simulated account: past, present and to come."""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import lru_cache

from fuse_otel.simulator.applications import EVERYDAY, LONG
from fuse_otel.simulator.applications.conference import LONGEST as LONGEST_CONFERENCE
from fuse_otel.simulator.simulated_call import Entry, SimulatedCall
from fuse_otel.simulator.stream import Stream

LONGEST_EVERYDAY = 900.0
LONGEST = LONGEST_CONFERENCE
_SHARE_OF_LONG_CALLS = 0.01
_FASTEST = 1_000.0
_KEPT_CALLS = 1 << 17
_KEPT_LOGS = 1 << 12


class World:
    """Calls arrive at ``rate`` a second, from ``past`` seconds before ``start`` on, without end.

    ``start`` is UNIX seconds, now if absent. The same seed and rate give the same calls at the
    same times. Raises ``ValueError`` for a rate outside of (0, 1000] and a negative past.
    """

    def __init__(
        self,
        seed: int = 1,
        rate: float = 0.1,
        past: float = 3 * 3600,
        start: float | None = None,
    ) -> None:
        if not 0 < rate <= _FASTEST:
            raise ValueError("the rate must be above 0 and at most 1000 calls a second")
        if past < 0:
            raise ValueError("the past cannot be negative")
        self.seed = seed
        self.rate = rate
        self.begin = max(0.0, (time.time() if start is None else start) - past)
        long_rate = rate * _SHARE_OF_LONG_CALLS
        self._streams = (
            Stream(seed, "001", rate - long_rate, LONGEST_EVERYDAY, EVERYDAY),
            Stream(seed, "002", long_rate, LONGEST, LONG),
        )
        self._call = lru_cache(_KEPT_CALLS)(self._make_call)
        self._log = lru_cache(_KEPT_LOGS)(self._make_log)

    def starting(self, start: float, end: float) -> Iterator[SimulatedCall]:
        """Every call whose start is in ``[start, end)``, finished or not, in no promised order."""
        for which in range(len(self._streams)):
            yield from self._starting(which, start, end)

    def ending(self, start: float, end: float) -> Iterator[SimulatedCall]:
        """Every call whose end is in ``[start, end)``, in no promised order."""
        for which, stream in enumerate(self._streams):
            for call in self._starting(which, start - stream.longest - 1, end):
                if start <= call.end < end:
                    yield call

    def find(self, session_id: str) -> SimulatedCall | None:
        place = self._place(session_id)
        return None if place is None else self._call(*place)

    def entries(self, session_id: str) -> tuple[Entry, ...]:
        """The finished log of a call, in the API's shape; shared, so not to be changed.

        Raises ``KeyError`` for a session id that is not of this world.
        """
        place = self._place(session_id)
        if place is None:
            raise KeyError(session_id)
        return self._log(*place)

    def _place(self, session_id: str) -> tuple[int, int] | None:
        """Which stream the call belongs to, and its number there."""
        for which, stream in enumerate(self._streams):
            number = stream.find(session_id)
            if number is not None:
                call = self._call(which, number)
                if call.session_id == session_id and call.start >= self.begin:
                    return which, number
        return None

    def _starting(self, which: int, start: float, end: float) -> Iterator[SimulatedCall]:
        for number in self._streams[which].numbers(max(start, self.begin), end):
            call = self._call(which, number)
            if start <= call.start < end and call.start >= self.begin:
                yield call

    def _make_call(self, which: int, number: int) -> SimulatedCall:
        return self._streams[which].call(number)[0]

    def _make_log(self, which: int, number: int) -> tuple[Entry, ...]:
        return tuple(self._streams[which].call(number)[1])
