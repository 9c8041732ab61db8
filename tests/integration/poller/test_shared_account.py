"""Several replicas read one account that is behind, in simulated time and over one database."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial

import pytest
from msgspec.structs import replace
from support.rigs.poller_rig import HOUR, START, PollerRig
from support.rigs.postgres_cluster import Cluster
from support.rigs.replicas import die, replicas

from fuse_otel.core.timing.windows import WindowSize
from fuse_otel.errors import Broken
from fuse_otel.events import AccountStandby, CallsStored, Event, StoreFailed
from fuse_otel.poller import Poller, scans
from fuse_otel.poller.sharing import REST, STANDBY
from fuse_otel.simulator.faults import Fault, FaultKind
from fuse_otel.simulator.world import World
from fuse_otel.store.postgres import PostgresStore


class Team:
    """A poller for each store. The one that wants to go first goes next. ``stored`` counts the
    calls that each has stored, by its place.
    """

    def __init__(self, stores: Sequence[PostgresStore], rig: PollerRig) -> None:
        self.rig = rig
        self.stores = stores
        self.stored: Counter[int] = Counter()
        self.events: defaultdict[int, list[Event]] = defaultdict(list)
        self.made: Counter[int] = Counter()
        self.cut_off: set[int] = set()  # from the API
        self._pollers: dict[int, Poller] = {}
        self._wakes: dict[int, float] = {}
        for place in range(len(stores)):
            self.start(place)

    def start(self, place: int) -> None:
        self.rig.store = self.stores[place]  # type: ignore[assignment]
        self.rig.restart()
        self._pollers[place] = self.rig.poller
        self._wakes[place] = self.rig.now

    def poller(self, place: int) -> Poller:
        return self._pollers[place]

    def die(self, place: int) -> None:
        """Nobody tells the others."""
        die(self.stores[place])
        del self._pollers[place], self._wakes[place]

    def hand_over(self, place: int) -> None:
        """The account is free, and this one asks first."""
        with self.stores[0]._database.write() as connection:
            connection.execute("update accounts set owner = null where name = 'a'")
        self.stores[place].ledger.lease("a")

    def holds(self, place: int) -> bool:
        leased = self._pollers[place]._leased
        return leased is not None and not leased.lease.helps

    def claimed(self, place: int) -> set[int]:
        """Where the parts begin that it has claimed."""
        query = "select start from gaps where claimed_by = ? and claimed_until > now()"
        with self.stores[0]._database.read() as connection:
            found = connection.execute(query, (self.stores[place]._database.owner,))
            return {start for (start,) in found}

    def unread(self) -> set[int]:
        with self.stores[0]._database.read() as connection:
            return {start for (start,) in connection.execute("select start from gaps")}

    def step(self) -> None:
        place = min(self._wakes, key=lambda each: self._wakes[each])
        rig = self.rig
        rig.now = max(rig.now, self._wakes[place])
        rig.faults.clear()
        if place in self.cut_off:
            rig.faults.add(Fault(FaultKind.DOWN))
        rig.poller, before, made = self._pollers[place], len(rig.events), rig.made
        self._wakes[place] = max(rig.step(), rig.now)
        self.made[place] += rig.made - made
        self.events[place] += rig.events[before:]
        for event in rig.events[before:]:
            if isinstance(event, CallsStored):
                self.stored[place] += len(event.calls)

    def run_until(self, holds: Callable[[], bool], within: float = HOUR) -> None:
        end = self.rig.now + within
        while not holds():
            assert self.rig.now < end, "it did not come about"
            self.step()

    def gaps(self) -> int:
        return len(self.rig.store.control.status().accounts[0].gaps)

    def shares(self) -> int:
        with self.stores[0]._database.read() as connection:
            found = connection.execute("select shares from accounts where name = 'a'").fetchone()
            return int(found[0])

    def check_budget(self) -> None:
        """All together keep to the rate of one, from any request to any other one."""
        options, times = self.rig.options, self.rig.requested_at
        burst = options.requests_per_second + options.concurrent_requests
        excess = lowest = 0.0
        for count, time in enumerate(times, start=1):
            above = count - options.requests_per_second * (time - times[0])
            lowest = min(lowest, above - 1)
            excess = max(excess, above - lowest)
        assert excess <= burst

    def check_all_is_there_once(self) -> None:
        rig = self.rig
        with self.stores[0]._database.read() as connection:
            floor = connection.execute("select floor from positions").fetchone()[0]
        expected = [c for c in rig.ended(0, rig.now - 200) if c.start >= floor + 2]
        assert len(expected) > 50
        rig.assert_each_once(expected)


@contextmanager
def team(postgres: Cluster, count: int) -> Iterator[Team]:
    world = World(seed=3, rate=0.015, past=6 * HOUR, start=START)
    with replicas(postgres, count) as stores:
        yield Team(
            stores,
            PollerRig(world=world, shared=True, share_after=0.0, since=5 * HOUR, latency=0.01),
        )


@pytest.fixture(autouse=True)
def short_windows(monkeypatch):
    """So that there is something to share without thousands of calls."""
    monkeypatch.setattr(scans, "WindowSize", partial(WindowSize, seconds=900, few=0))


def test_all_replicas_read_an_account_that_is_behind_within_one_request_budget(postgres):
    with team(postgres, 3) as three:
        three.run_until(lambda: all(three.stored[place] for place in range(3)))
        three.die(1)
        assert three.gaps()
        three.run_until(lambda: not three.gaps())
        three.run_until(lambda: three.shares() == 1)
        three.check_budget()
        three.check_all_is_there_once()


def test_a_replica_that_helps_takes_the_account_when_its_holder_dies(postgres):
    with team(postgres, 2) as two:
        two.run_until(lambda: two.stored[1] > 0)
        two.die(0)
        assert two.gaps()
        two.run_until(lambda: not two.gaps())
        assert not two.stores[1].ledger.lease("a").helps
        two.check_budget()
        two.check_all_is_there_once()


def test_a_holder_that_dies_after_all_gaps_are_read_is_followed_at_once(postgres):
    """By one that had been the holder: its rescans are due much later."""
    with team(postgres, 2) as two:
        two.run_until(lambda: two.stored[0] > 0 and two.stored[1] > 0)
        two.hand_over(1)
        two.run_until(lambda: two.holds(1))
        two.run_until(lambda: not two.gaps() and two.shares() == 1)
        two.die(1)
        died = two.rig.now
        two.run_until(lambda: two.holds(0))
        assert two.rig.now - died < 3 * STANDBY


def test_a_helper_that_does_not_reach_the_api_leaves_its_window_to_the_others(postgres):
    with team(postgres, 2) as two:
        two.run_until(lambda: two.stored[1] > 0)
        two.run_until(lambda: bool(two.claimed(1)))
        two.rig.latency = 20.0  # the holder has enough to do elsewhere
        two.cut_off.add(1)
        (first,) = two.claimed(1)
        began = two.rig.now
        two.run_until(lambda: not two.claimed(1))
        left = two.rig.now
        assert left - began < REST / 2
        two.run_until(lambda: first not in two.unread())
        assert not two.claimed(1)
        two.run_until(lambda: bool(two.claimed(1)), within=2 * HOUR)  # it tries again
        assert two.rig.now - left >= REST
        two.cut_off.clear()
        two.rig.latency = 0.01
        two.run_until(lambda: not two.gaps())
        end = two.rig.now + 300
        two.run_until(lambda: two.rig.now > end)  # live calls waited for the slow requests
        two.check_all_is_there_once()


def test_a_replica_that_does_not_help_stands_by(postgres):
    with team(postgres, 2) as two:
        two.rig.options = replace(two.rig.options, helps=False)
        two.start(1)
        two.run_until(lambda: two.stored[0] > 0)
        two.run_until(lambda: two.shares() > 1)
        two.run_until(lambda: not two.gaps())
        assert two.stored[1] == 0
        assert {*two.events[1]} == {AccountStandby("a")}


def test_a_replica_whose_store_fails_while_it_helps_says_so_until_it_helps_again(
    postgres, monkeypatch
):
    def fails():
        raise Broken("The database is out of order.")

    with team(postgres, 2) as two:
        two.run_until(lambda: two.stored[1] > 0)
        heard = two.events[1]
        assert heard[-1] == AccountStandby("a", helps=True)
        with monkeypatch.context() as broken:
            broken.setattr(two.stores[1]._database, "write", fails)
            two.run_until(lambda: any(isinstance(event, StoreFailed) for event in heard))
            del heard[:]
            two.run_until(lambda: len(heard) > 2)
            assert all(isinstance(event, StoreFailed) for event in heard)
        two.run_until(lambda: heard[-1] == AccountStandby("a", helps=True))
        assert not two.poller(1).state().failures
        two.run_until(lambda: not two.gaps())
        two.check_all_is_there_once()
