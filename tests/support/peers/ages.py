"""Calls of chosen ages in a simulated account: late ones, and five days beside the present."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from fuse_otel.simulator.call import SimulatedCall
from fuse_otel.simulator.simulated_api import SimulatedApi
from fuse_otel.simulator.world import World
from support.peers.account import HOUR, Account
from support.peers.expected import ExpectedCall

DAY = 24 * HOUR
AGES = {
    "1 min": 60.0,
    "10 min": 600.0,
    "2 h": 2 * HOUR,
    "26 h": 26 * HOUR,
    "4.9 days": 4.9 * DAY,
}
_RATE = 0.1
_WHILE = 600.0  # seconds: most calls are shorter
_APPLICATION = "Pharmacy Refill"


class PickedWorld(World):
    """A world with only the ``picked`` calls, and with all calls from ``living`` on."""

    def __init__(
        self, now: float, picked: Sequence[SimulatedCall] = (), living: float = math.inf
    ) -> None:
        super().__init__(seed=3, rate=_RATE, past=5 * DAY, start=now)
        self._picked, self._living = picked, living

    def _starting(self, which: int, start: float, end: float) -> Iterator[SimulatedCall]:
        if which == 0:
            yield from (call for call in self._picked if start <= call.start < end)
        if end > self._living:
            yield from super()._starting(which, max(start, self._living), end)


def calls_of_each_age(now: float) -> dict[str, SimulatedCall]:
    """For each age the youngest call that is older: one of the same application each time, so that
    all are of one stream where nothing tells them apart.
    """
    return {name: _youngest(now - age) for name, age in AGES.items()}


def calls_of_five_days(now: float, each_hour: int) -> list[SimulatedCall]:
    """Some calls of each hour that is over."""
    found = []
    for hour in range(1, 119):
        begin = now - (hour + 1) * HOUR
        world = PickedWorld(now, living=begin)
        calls = [call for call in world.starting(begin, begin + 300) if call.log]
        found += [call for call in calls if call.end < begin + HOUR][:each_hour]
    return found


def _youngest(before: float) -> SimulatedCall:
    world = PickedWorld(before, living=before - HOUR)
    calls = [call for call in world.ending(before - HOUR, before) if call.log]
    return max(
        (call for call in calls if call.application == _APPLICATION), key=lambda call: call.end
    )


@contextmanager
def picked_account(
    name: str, folder: Path, now: float, picked: Sequence[SimulatedCall]
) -> Iterator[Account]:
    """Its clock stands still at ``now``."""
    with SimulatedApi(PickedWorld(now, picked), clock=lambda: now) as api:
        yield Account(api, name, folder, now)


@contextmanager
def living_account(
    name: str, folder: Path, now: float, picked: Sequence[SimulatedCall]
) -> Iterator[Account]:
    """Calls arrive from a while before ``now`` on, so that the first of the present ends soon. The
    test moves ``until``.
    """
    with SimulatedApi(PickedWorld(now, picked, living=now - _WHILE)) as api:
        yield Account(api, name, folder, now)


def deliver_one_by_one(
    name: str, folder: Path, now: float, order: Sequence[str], **settings: str
) -> dict[str, ExpectedCall]:
    """Each run of ``fuse-otel once`` lists one more call. Returns the expected calls by age."""
    picked = calls_of_each_age(now)
    for listed in range(1, len(order) + 1):
        with picked_account(name, folder, now, [picked[age] for age in order[:listed]]) as account:
            account.deliver("", **settings)
            expected = account.expected()
    by_session = {call.call.session_id: call for call in expected.values()}
    return {age: by_session[picked[age].session_id] for age in order}
