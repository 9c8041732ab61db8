"""All calls of a simulated account: past, present and to come.

A call is a pure function of the seed and its number. Call *k* of a stream starts at a random
moment of ``[k / rate, (k + 1) / rate)``, counted from the UNIX epoch, or from another ``origin``.
So arithmetic gives the calls of a window, nothing is stored, and a simulator that starts later with
the same seed and rate has the same past.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from random import Random

from fuse_otel.simulator.application import Application, invent_phone
from fuse_otel.simulator.applications import EVERYDAY, LONG, LONGEST_CONFERENCE
from fuse_otel.simulator.call import CallEnded, RawEntry, SimulatedCall
from fuse_otel.simulator.call_flow import CallBoxes
from fuse_otel.simulator.switches import is_number

LONGEST_EVERYDAY = 900.0
LONGEST = LONGEST_CONFERENCE
_SHARE_OF_LONG_CALLS = 0.01
_FASTEST = 1_000.0
_KEPT_CALLS = 1 << 17
_KEPT_LOGS = 1 << 12

# Session ids look like `300060;001;1529552581`. The first field runs through all its values before
# one comes again, in steps that hide the order and begin elsewhere for every seed, so that accounts
# of different seeds share none; the last lies some seconds before the start.
_NODES = 900_000
_STEP = 382_943
_SEED_STEP = 77_773
_STEP_BACK = pow(_STEP, -1, _NODES)
_EARLIEST, _LATEST = 9, 110

# Parts of all calls.
_ANONYMOUS = 0.02
_WITHOUT_LOG = 0.03
_TRANSFERRED_TO_US = 0.01


@dataclass(frozen=True, slots=True)
class CallStream:
    """``rate`` in calls a second; no call of the stream lasts longer than ``longest`` seconds.
    ``modules`` decides what the modules of an application do. Call 0 starts after ``origin`` (UNIX
    seconds).
    """

    seed: int
    channel: str
    rate: float
    longest: float
    applications: tuple[Application, ...]
    modules: type[CallBoxes]
    origin: int

    def numbers(self, start: float, end: float) -> Iterator[int]:
        """The numbers of the calls that may start in ``[start, end)``, at most two too many."""
        first = math.floor((start - self.origin) * self.rate) - 1
        yield from range(max(0, first), math.ceil((end - self.origin) * self.rate) + 1)

    def call(self, number: int) -> tuple[SimulatedCall, list[RawEntry]]:
        dice = Random(f"{self.seed}/{self.channel}/{number}")
        begin = self.origin + (number + dice.random()) / self.rate
        start = math.floor(begin)
        session_id = self._session_id(number, start, dice)
        (application,) = dice.choices(self.applications, [each.share for each in self.applications])
        script = self._play(application, begin, dice)
        customer = "anonymous" if dice.random() < _ANONYMOUS else invent_phone(dice)
        call = SimulatedCall(
            session_id=session_id,
            number=application.number,
            src="Outbound" if application.outbound else customer,
            dest=invent_phone(dice) if application.outbound else application.number,
            start=start,
            end=math.floor(script.now),
            type=_type(application, dice),
            log=dice.random() >= _WITHOUT_LOG,
            application=application.name,
            entries=len(script.entries),
            exited=script.exited,
        )
        return call, script.entries

    def find(self, session_id: str) -> int | None:
        """The number of the call that may have this session id."""
        node, _, rest = session_id.partition(";")
        channel, _, stamp = rest.partition(";")
        if channel != self.channel or not (is_number(node) and is_number(stamp)):
            return None
        wanted = (int(node) - 100_000) * _STEP_BACK - self.seed * _SEED_STEP
        since = int(stamp) - self.origin
        first = math.floor((since + _EARLIEST) * self.rate) - 1
        number = first + (wanted - first) % _NODES
        return number if number / self.rate <= since + _LATEST + 1 else None

    def _session_id(self, number: int, start: int, dice: Random) -> str:
        node = 100_000 + (number + self.seed * _SEED_STEP) * _STEP % _NODES
        return f"{node};{self.channel};{start - dice.randint(_EARLIEST, _LATEST)}"

    def _play(self, application: Application, begin: float, dice: Random) -> CallBoxes:
        leaves_at = math.inf
        if dice.random() < application.leaving:
            leaves_at = begin + 3 + dice.expovariate(1 / 45)
        call = self.modules(dice, begin, leaves_at, begin + self.longest)
        with suppress(CallEnded):
            call.wait(0, 1.4)
            call.start(application.name, application.version, application.revision)
            application.flow(call)
        return call


def _type(application: Application, dice: Random) -> str:
    drawn = dice.random()  # drawn in any case, so that the dice do not depend on the application
    if application.outbound:
        return "outbound"
    return "transfer" if drawn < _TRANSFERRED_TO_US else "inbound"


class World:
    """Calls arrive at ``rate`` a second, from ``past`` seconds before ``start`` on, without end.

    ``start`` is UNIX seconds, now if absent. The same seed and rate give the same calls at the
    same times. With another ``origin`` (UNIX seconds) they give the same calls at other times.
    ``modules`` may change what modules do, for example at a certain time. Raises ``ValueError`` for
    a rate outside of (0, 1000] and a negative past.
    """

    def __init__(
        self,
        seed: int = 1,
        rate: float = 0.1,
        past: float = 3 * 3600,
        start: float | None = None,
        modules: type[CallBoxes] = CallBoxes,
        *,
        origin: int = 0,
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
            CallStream(seed, "001", rate - long_rate, LONGEST_EVERYDAY, EVERYDAY, modules, origin),
            CallStream(seed, "002", long_rate, LONGEST, LONG, modules, origin),
        )
        self._call = lru_cache(_KEPT_CALLS)(
            lambda which, number: self._streams[which].call(number)[0]
        )
        self._log = lru_cache(_KEPT_LOGS)(
            lambda which, number: tuple(self._streams[which].call(number)[1])
        )

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

    def entries(self, session_id: str) -> tuple[RawEntry, ...]:
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
