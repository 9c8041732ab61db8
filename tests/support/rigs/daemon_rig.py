"""The whole path in one process and simulated time: two accounts, one store, three lanes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from random import Random
from typing import Any, Protocol

from fuse_otel.core.encoding.renderer import Renderer
from fuse_otel.core.model.call import Seen
from fuse_otel.core.model.call_flow import CallFlow
from fuse_otel.core.model.lane import Lane, Rendering
from fuse_otel.core.model.options import ModelOptions
from fuse_otel.core.model.telemetry import Profile, Signal
from fuse_otel.errors import LeaseLost
from fuse_otel.events import AccountMoved, CallsGrown, CallsStored, Event
from fuse_otel.poller import Poller, PollerOptions
from fuse_otel.ports import (
    AccountStatus,
    CallQuery,
    FlowQuery,
    IndexedCall,
    Lease,
    Ledger,
    Outbox,
    Store,
)
from fuse_otel.shipper import Shipper, ShipperOptions
from fuse_otel.simulator.faults import Faults
from support.builders.made_calls import MadeCalls
from support.fakes.fragile_connection import Trap
from support.fakes.in_process_source import ContentExchange, in_process_source, in_this_thread
from support.fakes.unreliable_destination import UnreliableDestination
from support.fakes.unsafe_ledger import Crashed
from support.rigs.fragile_store import fragile_store

START = 1_790_000_000
ROOMY = 1 << 30
LONGEST_SLEEP = 60.0  # the daemon's loops look at the clock so often
CALM = Lane("calm", Signal.TRACES)
UNRELIABLE = Lane("moody", Signal.TRACES)
UNRELIABLE_LOGS = Lane("moody", Signal.LOGS)
LANES = (CALM, UNRELIABLE, UNRELIABLE_LOGS)
RENDERINGS = (
    Rendering("traces", Signal.TRACES, Profile.GENERIC, (CALM, UNRELIABLE)),
    Rendering("logs", Signal.LOGS, Profile.GENERIC, (UNRELIABLE_LOGS,)),
)


class Stepping(Protocol):
    def step(self, now: float) -> float: ...


@dataclass(slots=True, eq=False)
class Actor:
    """A loop of the daemon. ``wake`` is true time; ``busy``: how long its step took."""

    name: str
    stepping: Stepping
    wake: float
    busy: float = 0.0


@dataclass(frozen=True, slots=True)
class Wraps:
    """What may be put between the program and its store, to see whether anybody notices."""

    ledger: Callable[[Ledger], Ledger] = lambda ledger: ledger
    outbox: Callable[[Outbox], Outbox] = lambda outbox: outbox


class DaemonRig:
    """``now`` is the true time, ``offset`` what the daemon's clock is fast. ``url`` is the store's;
    a store in memory outlasts a crash.
    """

    def __init__(
        self,
        contents: dict[str, MadeCalls],
        options: dict[str, PollerOptions],
        url: str,
        seed: int,
        wraps: Wraps = Wraps(),
    ) -> None:
        self.now = float(START)
        self.offset = 0.0
        self.contents = contents
        self.options = options
        self.faults = {name: Faults(seed=seed) for name in contents}
        self.events: list[Event] = []
        self.trap = Trap()
        self.crashes = 0
        self.takeovers = 0
        self.capacity = ROOMY
        self.checks: list[Callable[[], None]] = []
        self._fragile: Any = fragile_store(url, self.trap, self._clock)
        self._holders: dict[str, Store] = {}  # of the accounts that another replica reads
        self._random = Random(seed)
        self._wraps = wraps
        self._renderer = Renderer(ModelOptions(), RENDERINGS)
        self._stepping: Actor | None = None
        self.destinations = {
            lane: UnreliableDestination(lane.destination, self._clock, self._pass) for lane in LANES
        }
        self._actors: list[Actor] = []
        self.open()

    # --- the process ------------------------------------------------------------------------------

    def open(self) -> None:
        self.trap.dead = False
        self.store: Store = self._fragile.open(self.capacity)
        pollers = [Actor(name, self._poller(name), self.now) for name in self.contents]
        self._lanes = [Actor(str(lane), self._shipper(lane), self.now) for lane in LANES]
        self._actors = [*pollers, *self._lanes]

    def crash(self) -> None:
        """The process is gone, and another one starts."""
        self.crashes += 1
        self.trap.left, self.trap.dead = 0, True
        self._fragile.kill(self.store)
        self.open()

    @contextmanager
    def taken_over(self, account: str, lane: Lane) -> Iterator[None]:
        """Another replica reads the account and has claimed what waits for the lane."""

        def take(other: Store) -> None:
            other.ledger.lease(account)
            other.outbox.due(lane, int(self.now), ROOMY)

        self.takeovers += 1
        with self._fragile.taken_over(self.store, take) as other:
            self._holders[account] = other
            yield
            del self._holders[account]

    def close(self) -> None:
        self.store.close()
        self._fragile.close()

    def _poller(self, name: str) -> Poller:
        exchange = ContentExchange(self.contents[name], self.faults[name], self._clock, self._pass)
        source = in_process_source(exchange, self.events.append, self._clock)
        return Poller(
            self.options[name],
            source,
            in_this_thread,
            self._wraps.ledger(self.store.ledger),
            self._renderer,
            self._emit,
            self._random.random,
        )

    def _shipper(self, lane: Lane) -> Shipper:
        return Shipper(
            lane,
            self._wraps.outbox(self.store.outbox),
            self.destinations[lane],
            self._emit,
            self._random.random,
            ShipperOptions(idle=30.0),
            timer=lambda: 0.0,
        )

    # --- time -------------------------------------------------------------------------------------

    def run(self, seconds: float) -> None:
        """Let so much time pass; whoever is due steps, one after the other."""
        end = self.now + seconds
        steps = 0
        while True:
            actor = min(self._actors, key=lambda one: one.wake)
            if actor.wake > end:
                break
            moved = actor.wake > self.now
            self.now = max(self.now, actor.wake)
            steps = 0 if moved else steps + 1
            assert steps < 2000, f"{actor.name} steps and steps, and no time passes"
            self._step(actor)
        self.now = end

    def set_capacity(self, capacity: int) -> None:
        self.capacity = capacity
        # The ledger and the outbox share it.
        self.store.ledger._capacity.cap = capacity

    def _step(self, actor: Actor) -> None:
        self._stepping, actor.busy = actor, 0.0
        try:
            wake = actor.stepping.step(self.now + self.offset) - self.offset
        except Crashed:
            self.crash()
        else:
            sleep = max(0.0, min(wake - self.now, LONGEST_SLEEP))
            actor.wake = self.now + max(sleep, actor.busy)
        self._stepping = None
        for check in self.checks:
            check()

    def _pass(self, seconds: float) -> None:
        """A request takes its time: of its own loop, and of nobody else's."""
        if self._stepping is not None:
            self._stepping.busy += seconds + 0.02

    def _clock(self) -> float:
        return self.now

    def _emit(self, event: Event) -> None:
        self.events.append(event)
        if isinstance(event, CallsStored | CallsGrown):
            for lane in self._lanes:
                lane.wake = min(lane.wake, self.now)

    # --- what is there ----------------------------------------------------------------------------

    @contextmanager
    def untrapped(self) -> Iterator[Store]:
        """For those who look on: their statements do not count."""
        left, self.trap.left = self.trap.left, 0
        yield self.store
        self.trap.left = left

    def accounts(self) -> dict[str, AccountStatus]:
        with self.untrapped() as store:
            return {each.account: each for each in store.control.status().accounts}

    def kept(self, account: str, session_ids: list[str]) -> set[str]:
        """Those of the calls that are in the ledger or pending."""
        with self._looked_at(account) as lease:
            stored = lease.look_up(session_ids)
            return {*stored.known, *stored.waiting}

    def exported(self, account: str, session_ids: list[str]) -> Mapping[str, Seen]:
        """Those of the calls that are in the ledger as exported, with its facts."""
        with self._looked_at(account) as lease:
            return lease.look_up(session_ids).known

    @contextmanager
    def _looked_at(self, account: str) -> Iterator[Lease]:
        """By who reads the account. Its poller may not know yet that it has lost its lease."""
        with self.untrapped():
            ledger = self._holders.get(account, self.store).ledger
            with suppress(LeaseLost):
                ledger.lease(account).look_up([])
            yield ledger.lease(account)

    def indexed(self, account: str) -> Sequence[IndexedCall]:
        """The account's calls in the index."""
        with self.untrapped() as store:
            return store.calls.calls(CallQuery(account=account), 1_000_000)

    def flows(self) -> Mapping[str, CallFlow]:
        """What is kept of each application."""
        with self.untrapped() as store:
            names = dict.fromkeys(part.application for part in store.flows.parts())
            return {name: store.flows.flow(FlowQuery(name)) for name in names}

    def headroom(self, account: str) -> float | None:
        moved = (e for e in reversed(self.events) if isinstance(e, AccountMoved))
        return next((e.headroom for e in moved if e.account == account), None)
