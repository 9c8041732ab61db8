"""A poller over a simulated API in simulated time, and everything that can be asked about it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from random import Random
from typing import Any, TypeVar

from fuse_otel.core.batching.batch import StoredBatch
from fuse_otel.core.batching.gzip_member import inflate
from fuse_otel.core.encoding.otlp_json import traces_json
from fuse_otel.core.encoding.renderer import Renderer
from fuse_otel.core.model.lane import Lane, Rendering
from fuse_otel.core.model.options import ModelOptions
from fuse_otel.core.model.telemetry import Profile, Signal
from fuse_otel.events import AccountMoved, Event, PollDone
from fuse_otel.poller import Outcome, Poller, PollerOptions, Work
from fuse_otel.ports import GapReason, Ledger, Pending, Position
from fuse_otel.simulator.call import SimulatedCall
from fuse_otel.simulator.faults import Fault, FaultKind, Faults
from fuse_otel.simulator.quirks import Quirks
from fuse_otel.simulator.requests import RecordedRequest
from fuse_otel.simulator.world import World
from fuse_otel.store import MemoryStore
from support.fakes.in_process_source import InProcessExchange, in_process_source, in_this_thread

START = 1_790_000_000
HOUR = 3600
DAY = 86_400
BUSY = 300 / (3 * HOUR)  # calls a second
LANE = Lane("back end", Signal.TRACES)
LOGS_LANE = Lane("back end", Signal.LOGS)
TRACES = Rendering("traces", Signal.TRACES, Profile.GENERIC, (LANE,))
LOGS = Rendering("logs", Signal.LOGS, Profile.GENERIC, (LOGS_LANE,))
_E = TypeVar("_E", bound=Event)


class PollerRig:
    """``now`` is the simulated time of the API. The poller's clock is ``off`` seconds ahead of it.
    A request takes ``latency`` seconds.
    """

    def __init__(  # noqa: PLR0913 - all by name
        self,
        *,
        world: World | None = None,
        quirks: Quirks | None = None,
        faults: Sequence[Fault] = (),
        start: float = START,
        latency: float = 0.05,
        capacity: int = 1 << 30,
        seed: int = 1,
        renderings: Sequence[Rendering] = (TRACES,),
        wrap: Callable[[Ledger], Ledger] = lambda ledger: ledger,
        **options: Any,
    ) -> None:
        self.now = float(start)
        self.latency = latency
        self.off = 0.0
        self.events: list[Event] = []
        self.steps = 0
        self.requested_at: list[float] = []
        self.world = world or World(seed=7, rate=0.02, start=start)
        self.faults = Faults(faults, seed=seed)
        self.quirks = quirks or Quirks()
        self.store = MemoryStore(capacity)
        self.options = PollerOptions("a", **options)
        self._wrap = wrap
        self._renderer = Renderer(ModelOptions(), renderings)
        self._random = Random(seed)
        self._exchange = InProcessExchange(
            self.world, self.quirks, self.faults, lambda: self.now, self._pass
        )
        self._source = in_process_source(
            self._exchange, self.events.append, lambda: self.now + self.off
        )
        self.restart()

    def restart(self) -> None:
        """What a crash leaves: the store."""
        self.poller = Poller(
            self.options,
            self._source,
            self._runner,
            self._wrap(self.store.ledger),
            self._renderer,
            self.events.append,
            self._random.random,
        )

    def _runner(self, works: Sequence[Work], patience: float) -> Sequence[Future[Outcome]]:
        return in_this_thread(works, patience)

    # --- time -------------------------------------------------------------------------------------

    def _pass(self, seconds: float) -> None:
        self.now += seconds

    def step(self) -> float:
        """One step; time passes if it made a request. Returns when to call again."""
        before, asked = self.now, self.made
        # Floats around 1970 are finer: a wait must not round to nothing.
        wake = self.poller.step(self.now + self.off) - self.off + 1e-6
        self.steps += 1
        made = self.made - asked
        if made:
            self.requested_at += [before] * made
            self.now += self.latency
        return wake

    def run(self, seconds: float) -> None:
        """Let so much time pass, stepping when the poller says so."""
        self.run_until(lambda: False, seconds, must=False)

    def run_until(
        self, holds: Callable[[], bool], within: float = 3600, *, must: bool = True
    ) -> None:
        end = self.now + within
        idle_steps = 0
        while self.now < end:
            made = self.made
            wake = self.step()
            if holds():
                return
            idle_steps = 0 if self.made > made or wake > self.now else idle_steps + 1
            assert idle_steps < 3, "steps neither ask nor wait"
            self.now = min(max(self.now, wake), end)
        assert not must, "it did not come about"

    def work_off(self, within: float = 4 * 3600) -> None:
        """Until nothing is due, as ``once`` does."""
        self.run_until(lambda: self.poller.state().idle, within)

    # --- what is there ----------------------------------------------------------------------------

    @property
    def recorded(self) -> Sequence[RecordedRequest]:
        """The last 10,000 requests."""
        return self._exchange.recorder.last()

    @property
    def requests(self) -> Counter[str]:
        return self._exchange.recorder.counts()

    @property
    def made(self) -> int:
        """How many requests were made."""
        return sum(self.requests.values())

    def of(self, kind: type[_E]) -> list[_E]:
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def position(self) -> Position:
        ledger = self.store.ledger
        return ledger.lease("a").position(int(self.now), 10_000)

    @property
    def pending(self) -> tuple[Pending, ...]:
        ledger = self.store.ledger
        return ledger.lease("a").position(1 << 40, 10_000).due

    @property
    def cursor(self) -> int:
        return self.position.numbers[""].cursor

    def bodies(self) -> Sequence[StoredBatch]:
        return self.store.outbox.due(LANE, self.now, 1 << 40)

    def spans(self) -> Counter[tuple[str, str]]:
        """(trace id, span id) of every span in the store."""
        bodies = self.store.outbox.due(LANE, self.now, 1 << 40)
        requests = (traces_json(inflate(body.data)) for body in bodies)
        return Counter(
            (span["traceId"], span["spanId"])
            for request in requests
            for resource in request["resourceSpans"]
            for scope in resource["scopeSpans"]
            for span in scope["spans"]
        )

    def records(self) -> Counter[str]:
        """How many log records of every call are in the store."""
        counts: Counter[str] = Counter()
        for body in self.store.outbox.due(LOGS_LANE, self.now, 1 << 40):
            for call in body.calls:
                counts[call.session_id] += call.items
        return counts

    def stored(self) -> list[str]:
        """The calls of all bodies, in the order in which they were stored."""
        bodies = sorted(self.bodies(), key=lambda body: body.id)
        return [call.session_id for body in bodies for call in body.calls]

    def details(self) -> dict[str, str]:
        """How every stored call stands in the ledger."""
        known = self.store.ledger.lease("a").look_up(list(dict.fromkeys(self.stored()))).known
        return {session_id: str(seen.details) for session_id, seen in known.items()}

    def ended(self, since: float, until: float) -> list[SimulatedCall]:
        """The truth, by end: ``[since, until)``."""
        return sorted(self.world.ending(since, until), key=lambda call: (call.end, call.session_id))

    def settled(self, since: float = 0, *, held: float = 200) -> list[SimulatedCall]:
        """The calls that must be stored by now: started after ``since`` (at least the floor),
        ended ``held`` seconds ago; those that only a rescan finds, some minutes more.
        """
        since = max(since, self.position.numbers[""].floor + 2)
        return [
            call
            for call in self.ended(since, self.now - held)
            if call.start >= since
            and (call.end - call.start < 3000 or call.end < self.now - held - 1000)
        ]

    def moved(self) -> AccountMoved:
        return self.of(AccountMoved)[-1]

    def polls(self) -> int:
        return len(self.of(PollDone))

    # --- what must hold ---------------------------------------------------------------------------

    def assert_each_once(self, expected: Sequence[SimulatedCall], *, grown: bool = False) -> None:
        """All of these are stored, and no call twice (a grown call adds what is new)."""
        stored = Counter(self.stored())
        wanted = {call.session_id for call in expected}
        missing = wanted - stored.keys()
        assert not missing, f"{len(missing)} of {len(wanted)} calls are missing"
        twice = {one: n for one, n in stored.items() if n > 1}
        assert grown or not twice, f"stored twice: {twice}"

    def assert_budget_kept(self) -> None:
        """No second holds more than the rate and the burst of one second."""
        rate = self.options.requests_per_second
        times = self.requested_at
        low = 0
        for high, time in enumerate(times):
            while time - times[low] > 10:
                low += 1
            assert high - low + 1 <= rate * 10 + rate + self.options.concurrent_requests


def down(endpoint: str | None = None, **more: Any) -> Fault:
    return Fault(FaultKind.DOWN, endpoint=endpoint, **more)


def failing(endpoint: str | None = None, **more: Any) -> Fault:
    return Fault(FaultKind.ERROR, endpoint=endpoint, **more)


def busy_world(past: float = 3 * HOUR, rate: float = 0.015, seed: int = 3) -> World:
    return World(seed=seed, rate=rate, past=past, start=START)


def reasons(rig: PollerRig) -> list[GapReason]:
    return [gap.reason for gap in rig.position.gaps]
