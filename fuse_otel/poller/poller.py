"""One step for an account: store the answers that came, then begin the next request."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from fuse_otel.core.encoding.renderer import Renderer
from fuse_otel.core.timing.backoff import Backoff, Random, SteadyClock
from fuse_otel.errors import Busy, Full, InternalError, LeaseLost, StoreError
from fuse_otel.events import AccountStandby, Emit, StoreFailed
from fuse_otel.poller.api_client import ApiClient
from fuse_otel.poller.due_scans import DueScans
from fuse_otel.poller.fetch_logs import LogFetcher
from fuse_otel.poller.ingest import Ingest
from fuse_otel.poller.options import PollerOptions
from fuse_otel.poller.requests import RequestRunner
from fuse_otel.poller.scans import Scans
from fuse_otel.poller.scheduler import Scheduler, Task, next_ready
from fuse_otel.poller.sharing import STANDBY, Sharing
from fuse_otel.poller.state import PollerState, account_moved, only_history
from fuse_otel.poller.timetable import Timetable
from fuse_otel.poller.window_scan import WindowScan
from fuse_otel.ports import Lease, Ledger, Position, Source

DUE_AT_ONCE = 200  # pending calls of one scan


class _Leased(Struct, frozen=True):
    """What is bound to the account's current lease. After a lost lease it is built again."""

    lease: Lease
    ingest: Ingest
    scans: Scans


class Poller:
    """``step`` may be called at any time; it never waits. ``runner`` begins requests."""

    def __init__(
        self,
        options: PollerOptions,
        source: Source,
        runner: RequestRunner,
        ledger: Ledger,
        renderer: Renderer,
        emit: Emit,
        random: Random,
    ) -> None:
        self._options = options
        self._renderer = renderer
        self._emit = emit
        self._random = random
        self._now = 0.0
        self._steady = SteadyClock()
        self._api = ApiClient(options, source, runner, emit, random, self._clock)
        self._tasks: dict[str, Task] = {}
        self._scheduler = Scheduler()
        self._timetable = Timetable(options, random)
        self._due = DueScans(
            self._timetable,
            self._api,
            self._tasks,
            self._clock,
            lambda: self._steady.at(self._now),
        )
        self._store = Backoff(first=1.0, most=60.0)
        self._store_error: StoreError | None = None
        self._full_at: int | None = None
        self._no_room_for = 0  # bytes
        self._idle = False
        self._leased: _Leased | None = None
        self._sharing = Sharing(options, ledger, self._api)
        self._position: Position | None = None

    @property
    def account(self) -> str:
        return self._options.account

    @property
    def _helps(self) -> bool:
        return self._leased is not None and self._leased.lease.helps

    def state(self) -> PollerState:
        position = self._position
        health = self._api.health
        return PollerState(
            idle=self._idle,
            unauthorized=health.unauthorized,
            error=self._store_error or health.error,
            failures=health.failures + self._store.failures,
            waiting_for=position.waiting_for if position else {},
            gaps=0 if position is None or self._helps else sum(not g.taken for g in position.gaps),
            only_history=self._due.all_polled and only_history(position),
        )

    def poke(self, now: float) -> None:
        """A call ended just now: list as soon as it is settled. May be called from any thread."""
        self._timetable.poll_by(now + self._steady.behind + self._options.settle)

    def call_when_answered(self, wake: Callable[[], None]) -> None:
        """``wake`` is called, in any thread, when a request has its answer: ``step`` is due."""
        self._api.wake = wake

    def step(self, now: float) -> float:
        """Take the answers that came, then begin at most one request. Returns when to call again:
        ``now`` if there is more to do.

        An unexpected error is raised: the loop around it waits. After several in a row the account
        is down.
        """
        self._now = now
        steady = self._steady.at(now)
        if self._store.ready(steady):
            try:
                return self._steady.wall(self._step(steady))
            except StoreError as error:
                if self._options.shared and isinstance(error, Busy | LeaseLost):
                    self._stand_by()
                    return self._steady.wall(steady + STANDBY)
                self._store_failed(error, steady)
            except Exception as error:
                self._api.health.window_failed(None, InternalError.of(error))
                self._report()
                raise
        self._report()
        return self._steady.wall(self._store.until)

    def _step(self, now: float) -> float:
        """``now`` and the result are times of the steady clock."""
        self._api.begin(now)
        leased = self._lease(now)
        self._take_answers(leased, now)
        position = self._look(leased)
        if self._options.shared:
            if self._sharing.look(leased.lease, position, now):
                position = self._look(leased)
            self._api.budget.shares = position.shares
        self._check_room(leased)
        self._spawn(leased, position)
        for task in self._api.blame(self._tasks.values()):
            self._end_if_done(task)
        self._idle = not self._tasks
        if self._idle:
            leased.ingest.store_recent()
        chosen = self._scheduler.choose(
            self._tasks.values(), self._api.endpoints, now, self._api.taken
        )
        if chosen is None or chosen.request is None:
            self._report()
            return self._wake_at(position, now)
        blocked = self._api.blocked_until(chosen.request.cost, now)
        if blocked:
            return blocked
        self._scheduler.took(chosen)
        self._api.start(chosen, chosen.request)
        if self._take_answers(leased, now):  # a runner may wait for the answer
            self._look(leased)
            self._report()
        return now

    def _take_answers(self, leased: _Leased, now: float) -> bool:
        """Whether there were any."""
        any_landed = False
        while (flight := self._api.landed()) is not None:
            any_landed = True
            try:
                self._api.finish(flight, now)
            finally:
                self._end_if_done(flight.task)
            self._store_works(leased)
        return any_landed

    def _lease(self, now: float) -> _Leased:
        held = self._leased
        lease = self._sharing.lease(held.lease if held else None, now)
        if held is not None and lease is not held.lease:
            self._drop_scans()
            self._drop_lease()
            held = None
        if held is None:
            self._leased = held = self._bound_to(lease)
            if lease.helps and not self._no_room_for:
                self._works_again()  # no answer of the API may follow that shows it
        return held

    def _bound_to(self, lease: Lease) -> _Leased:
        options, api, emit, clock = self._options, self._api, self._emit, self._clock
        ingest = Ingest(options, lease, self._renderer, emit, self._random, clock, api.clock)
        logs = LogFetcher(options, self._bulk_works, api.budget.at_once)
        windows = WindowScan(options, lease, ingest, emit, clock, logs, api.health)
        scans = Scans(options, lease, windows, emit, clock, api.clock, api.searched)
        return _Leased(lease, ingest, scans)

    def _look(self, leased: _Leased) -> Position:
        self._position = leased.lease.position(int(self._now), DUE_AT_ONCE)
        return self._position

    def _check_room(self, leased: _Leased) -> None:
        """After the store was full, make no request until it has space: the API keeps the calls."""
        if self._no_room_for:
            leased.lease.check_room(self._no_room_for)
            self._no_room_for = 0

    def _clock(self) -> float:
        return self._now

    def _bulk_works(self) -> bool:
        return self._api.bulk_works(self._steady.at(self._now))

    # --- what is due ------------------------------------------------------------------------------

    def _spawn(self, leased: _Leased, position: Position) -> None:
        due = self._due.tasks(leased.scans, leased.ingest, position, helps=leased.lease.helps)
        for task in due:
            self._tasks[task.name] = task
            try:
                task.start()
            finally:
                self._end_if_done(task)

    def _end_if_done(self, task: Task) -> None:
        if task.done and self._tasks.get(task.name) is task:
            del self._tasks[task.name]

    def _wake_at(self, position: Position, now: float) -> float:
        times = self._timetable.times(position.gaps)
        if position.next_due is not None:
            times.append(position.next_due + self._steady.behind)
        waiting = next_ready(self._tasks.values(), self._api.endpoints)
        if waiting is not None:
            times.append(waiting)
        if self._helps or position.shares > 1:
            times.append(now + 1.0)  # others claim gaps and leave them at any time
        # What is already due waits for a running task: check again in a second.
        return min((time for time in times if time > now), default=now + 1.0)

    # --- state ------------------------------------------------------------------------------------

    def _store_works(self, leased: _Leased) -> None:
        """A full store still takes all but batches: only a committed batch shows that it works."""
        if self._full_at is None or leased.ingest.batch_commits > self._full_at:
            self._full_at = None
            self._works_again()

    def _works_again(self) -> None:
        self._store_error = None
        self._store.succeed()

    def _stand_by(self) -> None:
        """Another replica reads the account. It may end at any time."""
        self._drop_scans()
        self._drop_lease()
        self._position = None
        self._works_again()
        self._idle = True
        self._emit(AccountStandby(self.account))

    def _drop_scans(self) -> None:
        for task in self._tasks.values():
            task.close()
        self._tasks.clear()

    def _drop_lease(self) -> None:
        self._leased = None
        self._full_at = None

    def _store_failed(self, error: StoreError, now: float) -> None:
        """Drop all scans. They start again from the ledger when the store works."""
        if isinstance(error, Full):
            self._full_at = self._leased.ingest.batch_commits if self._leased else 0
            self._no_room_for = error.needed
        if self._leased:
            self._leased.scans.look_all_up()
        if self._helps:
            self._position = None
        if isinstance(error, LeaseLost) or self._helps:
            self._drop_lease()  # a helper that asks again gives its claims back
        self._drop_scans()
        self._idle = False
        self._timetable.poll_by(now)
        self._store_error = error
        self._store.fail(now, self._random)
        self._emit(StoreFailed.of(error))

    def _report(self) -> None:
        if self._helps:
            self._emit(AccountStandby(self.account, helps=True))
        elif self._position is not None:
            self._emit(
                account_moved(
                    self.account,
                    self._position,
                    self._timetable.numbers,
                    self._api.clock.at(self._now),
                    self._api.health,
                    self._leased.scans.unsure if self._leased else (),
                )
            )
