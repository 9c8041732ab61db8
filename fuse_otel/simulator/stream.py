"""A stream of calls of one kind, every call a pure function of the seed and its number.

Call *k* starts at a drawn moment of ``[k / rate, (k + 1) / rate)``, counted from the UNIX epoch.
So a window's calls follow from arithmetic, nothing is kept, and a simulator started later, with
the same seed and rate, tells the same past.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from random import Random

from fuse_otel.simulator.applications import Application
from fuse_otel.simulator.applications.invented import phone
from fuse_otel.simulator.modules import start as start_application
from fuse_otel.simulator.quantities import is_number
from fuse_otel.simulator.script import CallEnded, Script
from fuse_otel.simulator.simulated_call import Entry, SimulatedCall

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
class Stream:
    """``rate`` in calls a second; no call of the stream lasts longer than ``longest`` seconds."""

    seed: int
    channel: str
    rate: float
    longest: float
    applications: tuple[Application, ...]

    def numbers(self, start: float, end: float) -> Iterator[int]:
        """The numbers of the calls that may start in ``[start, end)``, at most two too many."""
        yield from range(max(0, math.floor(start * self.rate) - 1), math.ceil(end * self.rate) + 1)

    def call(self, number: int) -> tuple[SimulatedCall, list[Entry]]:
        dice = Random(f"{self.seed}/{self.channel}/{number}")
        begin = (number + dice.random()) / self.rate
        start = math.floor(begin)
        session_id = self._session_id(number, start, dice)
        (application,) = dice.choices(self.applications, [each.share for each in self.applications])
        script = self._play(application, begin, dice)
        customer = "anonymous" if dice.random() < _ANONYMOUS else phone(dice)
        call = SimulatedCall(
            session_id=session_id,
            number=application.number,
            src="Outbound" if application.outbound else customer,
            dest=phone(dice) if application.outbound else application.number,
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
        first = math.floor((int(stamp) + _EARLIEST) * self.rate) - 1
        number = first + (wanted - first) % _NODES
        return number if number / self.rate <= int(stamp) + _LATEST + 1 else None

    def _session_id(self, number: int, start: int, dice: Random) -> str:
        node = 100_000 + (number + self.seed * _SEED_STEP) * _STEP % _NODES
        return f"{node};{self.channel};{start - dice.randint(_EARLIEST, _LATEST)}"

    def _play(self, application: Application, begin: float, dice: Random) -> Script:
        leaves_at = math.inf
        if dice.random() < application.leaving:
            leaves_at = begin + 3 + dice.expovariate(1 / 45)
        script = Script(dice, begin, leaves_at, begin + self.longest)
        with suppress(CallEnded):
            script.wait(0, 1.4)
            start_application(script, application.name, application.version, application.revision)
            application.flow(script)
        return script


def _type(application: Application, dice: Random) -> str:
    drawn = dice.random()  # drawn in any case, so that the dice do not depend on the application
    if application.outbound:
        return "outbound"
    return "transfer" if drawn < _TRANSFERRED_TO_US else "inbound"
