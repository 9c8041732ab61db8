"""The loop's one step for an account: choose a reading, make its next request, store the answer."""

from __future__ import annotations

from collections.abc import Iterator

from fuse_otel.core.encoding.renderer import Renderer
from fuse_otel.core.timing.backoff import Backoff, Random, SteadyClock
from fuse_otel.errors import Full, LeaseLost, StoreError
from fuse_otel.events import Emit, StoreFailed
from fuse_otel.poller.api_client import ApiClient
from fuse_otel.poller.ingest import Ingest
from fuse_otel.poller.options import PollerOptions
from fuse_otel.poller.requests import ReadMany, Scan
from fuse_otel.poller.scans import Scans, expired
from fuse_otel.poller.scheduler import Priority, Scheduler, Task, next_ready
from fuse_otel.poller.state import PollerState, account_moved
from fuse_otel.poller.timetable import Timetable
from fuse_otel.poller.window_scan import WindowScan
from fuse_otel.ports import Gap, GapReason, Lease, Ledger, Position, Source

DUE_AT_ONCE = 200  # pending calls taken up together


class Poller:
    """``step`` may be called at any time; it never waits. ``read_many`` asks for details."""

    def __init__(
        self,
        options: PollerOptions,
        source: Source,
        read_many: ReadMany,
        ledger: Ledger,
        renderer: Renderer,
        emit: Emit,
        random: Random,
    ) -> None:
        self._options = options
        self._ledger = ledger
        self._emit = emit
        self._random = random
        self._now = 0.0
        self._steady = SteadyClock()
        self._api = ApiClient(options, source, read_many, emit, random)
        self._shelf = Ingest(options, ledger, renderer, emit, random, self._clock)
        cover = WindowScan(options, ledger, self._shelf, emit, self._clock, self._bulk_works)
        self._readings = Scans(options, ledger, cover, emit, self._clock)
        self._tasks: dict[str, Task] = {}
        self._turns = Scheduler()
        self._agenda = Timetable(options, random)
        self._store = Backoff(first=1.0, most=60.0)
        self._store_error: StoreError | None = None
        self._full_at: int | None = None
        self._no_room_for = 0  # bytes
        self._idle = False
        self._lease: Lease | None = None
        self._position: Position | None = None

    @property
    def account(self) -> str:
        return self._options.account

    def state(self) -> PollerState:
        position = self._position
        failures = max(state.backoff.failures for state in self._api.endpoints.values())
        return PollerState(
            idle=self._idle,
            unauthorized=self._api.unauthorized,
            error=self._store_error or self._api.error,
            failures=failures + self._store.failures,
            waiting=position.waiting if position else 0,
            gaps=len(position.gaps) if position else 0,
        )

    def poke(self, now: float) -> None:
        """A call ended just now: list as soon as it is settled. May be called from any thread."""
        self._agenda.poll_by(now + self._steady.behind + self._options.settle)

    def step(self, now: float) -> float:
        """Make at most one request. Returns when to call again: ``now`` if there is more to do."""
        self._now = now
        steady = self._steady.at(now)
        if self._store.ready(steady):
            try:
                return self._steady.wall(self._step(steady))
            except StoreError as error:
                self._store_failed(error, steady)
        self._report()
        return self._steady.wall(self._store.until)

    def _step(self, now: float) -> float:
        """``now`` and what is returned are the steady clock's."""
        lease = self._leased()
        position = self._look(lease)
        self._check_room()
        self._spawn(lease, position, now)
        self._idle = not self._tasks
        task = self._turns.choose(self._tasks.values(), self._api.endpoints, now)
        if task is None or task.request is None:
            self._report()
            return self._wake_at(position, now)
        blocked = self._api.blocked_until(task.request.cost, now)
        if blocked:
            return blocked
        self._turns.took(task)
        try:
            self._api.ask(task, task.request, now)
        finally:
            self._end_if_done(task)
        self._store_works()
        self._look(lease)
        self._report()
        return now

    def _leased(self) -> Lease:
        if self._lease is None:
            self._lease = self._ledger.lease(self._options.account)
        return self._lease

    def _look(self, lease: Lease) -> Position:
        self._position = self._ledger.position(lease, int(self._now), DUE_AT_ONCE)
        return self._position

    def _check_room(self) -> None:
        """Once the store was full nothing is asked for until it takes what it refused: the API is
        the buffer.
        """
        if self._no_room_for:
            self._ledger.check_room(self._no_room_for)
            self._no_room_for = 0

    def _clock(self) -> float:
        return self._now

    def _bulk_works(self) -> bool:
        return self._api.bulk_works(self._steady.at(self._now))

    # --- what is to be done -----------------------------------------------------------------------

    def _spawn(self, lease: Lease, position: Position, now: float) -> None:
        for priority, name, reading in self._wanted(lease, position, now):
            task = Task(priority, name, reading)
            self._tasks[name] = task
            try:
                task.start()
            finally:
                self._end_if_done(task)

    def _end_if_done(self, task: Task) -> None:
        if task.done:
            self._tasks.pop(task.name, None)

    def _wanted(
        self, lease: Lease, position: Position, now: float
    ) -> Iterator[tuple[Priority, str, Scan[None]]]:
        """The readings that are due and not on their way."""
        for number in self._agenda.numbers:
            name = f"live {number}"
            if self._agenda.poll_due(number, now) and name not in self._tasks:
                self._agenda.polled(number, now)
                yield Priority.LIVE, name, self._live(lease, number, position)
        for name, again in (("pending", False), ("failing", True)):
            due = [one for one in position.due if self._shelf.fails(one) == again]
            if due and name not in self._tasks:
                yield Priority.PENDING, name, self._readings.pending(lease, due, again=again)
        if self._agenda.due_rescans(now) and position.numbers and "rescan" not in self._tasks:
            yield Priority.RESCAN, "rescan", self._rescan(lease, position)
        for priority, name in ((Priority.GAP, "gap"), (Priority.BACKFILL, "backfill")):
            if name not in self._tasks:
                gap = self._due_gap(lease, position, priority, now)
                if gap is not None:
                    yield priority, name, self._gap(lease, gap)

    def _live(self, lease: Lease, number: str, position: Position) -> Scan[None]:
        return self._readings.live(lease, number, position, lambda: self._api.requests)

    def _rescan(self, lease: Lease, position: Position) -> Scan[None]:
        due = self._agenda.due_rescans(self._steady.at(self._now))
        span = max(rescan.span for rescan in due)
        yield from self._readings.rescan(lease, span, position, self._agenda.numbers)
        # Only now: one that a failure of the store ended is still due.
        self._agenda.rescanned(due, self._steady.at(self._now))

    def _due_gap(
        self, lease: Lease, position: Position, priority: Priority, now: float
    ) -> Gap | None:
        """The gap to read next. Those whose time is over are closed on the way."""
        backfill = priority is Priority.BACKFILL
        gaps = [gap for gap in position.gaps if (gap.reason is GapReason.BACKFILL) == backfill]
        over = [gap for gap in gaps if expired(gap, self._now)]
        for gap in over:
            self._readings.give_up(lease, gap)
        return self._agenda.next_gap([gap for gap in gaps if gap not in over], now)

    def _gap(self, lease: Lease, gap: Gap) -> Scan[None]:
        again = gap.reason is GapReason.ERROR
        if again:
            self._agenda.trying(self._steady.at(self._now))
        answered = yield from self._readings.gap(lease, gap)
        if again:
            self._agenda.tried(answered=answered)

    def _wake_at(self, position: Position, now: float) -> float:
        times = self._agenda.times(position.gaps)
        if position.next_due is not None:
            times.append(position.next_due + self._steady.behind)
        waiting = next_ready(self._tasks.values(), self._api.endpoints)
        if waiting is not None:
            times.append(waiting)
        # What is due already waits for a task that is on its way: look again in a second.
        return min((time for time in times if time > now), default=now + 1.0)

    # --- how it stands ----------------------------------------------------------------------------

    def _store_works(self) -> None:
        """A full store takes everything but bodies: only one that it took shows that it works."""
        if self._full_at is None or self._shelf.commits > self._full_at:
            self._full_at = None
            self._store_error = None
            self._store.succeed()

    def _store_failed(self, error: StoreError, now: float) -> None:
        """The readings are begun anew from the ledger once the store works again."""
        if isinstance(error, LeaseLost):
            self._lease = None
        if isinstance(error, Full):
            self._full_at = self._shelf.commits
            self._no_room_for = error.needed
        self._tasks.clear()
        self._idle = False
        self._agenda.poll_by(now)
        self._store_error = error
        self._store.fail(now, self._random)
        self._emit(StoreFailed.of(error))

    def _report(self) -> None:
        if self._position is not None:
            self._emit(
                account_moved(
                    self.account,
                    self._position,
                    self._agenda.numbers,
                    self._now,
                    up=self._api.up,
                )
            )
