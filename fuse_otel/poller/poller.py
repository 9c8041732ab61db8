"""One step for an account: choose a scan, make its next request, store the answer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from fuse_otel.core.encoding.renderer import Renderer
from fuse_otel.core.timing.backoff import Backoff, Random, SteadyClock
from fuse_otel.core.timing.windows import RETENTION
from fuse_otel.errors import Full, InternalError, LeaseLost, StoreError
from fuse_otel.events import Emit, StoreFailed
from fuse_otel.poller.api_client import ApiClient
from fuse_otel.poller.ingest import Ingest
from fuse_otel.poller.options import PollerOptions
from fuse_otel.poller.requests import ReadMany, Scan
from fuse_otel.poller.scans import Scans
from fuse_otel.poller.scheduler import Priority, Scheduler, Task, next_ready
from fuse_otel.poller.state import PollerState, account_moved
from fuse_otel.poller.timetable import Timetable
from fuse_otel.poller.window_scan import WindowScan
from fuse_otel.ports import Gap, GapReason, Lease, Ledger, Position, Source

DUE_AT_ONCE = 200  # pending calls of one scan


@dataclass(frozen=True, slots=True)
class _Leased:
    """What is bound to the account's current lease. After a lost lease it is built again."""

    lease: Lease
    ingest: Ingest
    scans: Scans


class Poller:
    """``step`` may be called at any time; it never waits. ``read_many`` requests logs."""

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
        self._renderer = renderer
        self._emit = emit
        self._random = random
        self._now = 0.0
        self._steady = SteadyClock()
        self._api = ApiClient(options, source, read_many, emit, random, self._clock)
        self._tasks: dict[str, Task] = {}
        self._scheduler = Scheduler()
        self._timetable = Timetable(options, random)
        self._store = Backoff(first=1.0, most=60.0)
        self._store_error: StoreError | None = None
        self._full_at: int | None = None
        self._no_room_for = 0  # bytes
        self._idle = False
        self._polled: set[str] = set()  # the numbers whose live window was read
        self._leased: _Leased | None = None
        self._position: Position | None = None

    @property
    def account(self) -> str:
        return self._options.account

    def state(self) -> PollerState:
        position = self._position
        health = self._api.health
        return PollerState(
            idle=self._idle,
            unauthorized=health.unauthorized,
            error=self._store_error or health.error,
            failures=health.failures + self._store.failures,
            waiting_for=position.waiting_for if position else {},
            gaps=len(position.gaps) if position else 0,
            only_history=self._only_history(),
        )

    def _only_history(self) -> bool:
        position, numbers = self._position, self._timetable.numbers
        if position is None or self._polled < set(numbers) or position.due:
            return False
        return all(gap.reason in (GapReason.HISTORY, GapReason.BACKFILL) for gap in position.gaps)

    def poke(self, now: float) -> None:
        """A call ended just now: list as soon as it is settled. May be called from any thread."""
        self._timetable.poll_by(now + self._steady.behind + self._options.settle)

    def step(self, now: float) -> float:
        """Make at most one request. Returns when to call again: ``now`` if there is more to do.

        An unexpected error is raised: the loop around it waits. After several in a row the account
        is down.
        """
        self._now = now
        steady = self._steady.at(now)
        if self._store.ready(steady):
            try:
                return self._steady.wall(self._step(steady))
            except StoreError as error:
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
        leased = self._lease()
        position = self._look(leased)
        self._check_room(leased)
        self._spawn(leased, position, now)
        self._idle = not self._tasks
        task = self._scheduler.choose(self._tasks.values(), self._api.endpoints, now)
        if task is None or task.request is None:
            self._report()
            return self._wake_at(position, now)
        blocked = self._api.blocked_until(task.request.cost, now)
        if blocked:
            return blocked
        self._scheduler.took(task)
        try:
            self._api.ask(task, task.request, now)
        finally:
            self._end_if_done(task)
        self._store_works(leased)
        self._look(leased)
        self._report()
        return now

    def _lease(self) -> _Leased:
        if self._leased is None:
            options, api = self._options, self._api
            emit, clock = self._emit, self._clock
            lease = self._ledger.lease(options.account)
            ingest = Ingest(options, lease, self._renderer, emit, self._random, clock, api.clock)
            windows = WindowScan(options, lease, ingest, emit, clock, self._bulk_works, api.health)
            scans = Scans(options, lease, windows, emit, clock, api.clock)
            self._leased = _Leased(lease, ingest, scans)
        return self._leased

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

    def _spawn(self, leased: _Leased, position: Position, now: float) -> None:
        for priority, name, scan in self._due_scans(leased, position, now):
            task = Task(priority, name, scan)
            self._tasks[name] = task
            try:
                task.start()
            finally:
                self._end_if_done(task)

    def _end_if_done(self, task: Task) -> None:
        if task.done:
            self._tasks.pop(task.name, None)

    def _due_scans(
        self, leased: _Leased, position: Position, now: float
    ) -> Iterator[tuple[Priority, str, Scan[None]]]:
        """The scans that are due and not running."""
        scans = leased.scans
        for number in self._timetable.numbers:
            name = f"live {number}"
            if self._timetable.poll_due(number, now) and name not in self._tasks:
                self._timetable.polled(number, now)
                yield Priority.LIVE, name, self._live(scans, number, position)
        for name, again in (("pending", False), ("failing", True)):
            due = [one for one in position.due if leased.ingest.fails(one) == again]
            if due and name not in self._tasks:
                yield Priority.PENDING, name, scans.pending(due, again=again)
        if self._timetable.due_rescans(now) and position.numbers and "rescan" not in self._tasks:
            yield Priority.RESCAN, "rescan", self._rescan(scans, position)
        for priority, name in ((Priority.GAP, "gap"), (Priority.BACKFILL, "backfill")):
            if name not in self._tasks:
                gap = self._due_gap(scans, position, priority, now)
                if gap is not None:
                    yield priority, name, self._gap(scans, gap)

    def _live(self, scans: Scans, number: str, position: Position) -> Scan[None]:
        yield from scans.live(number, position, self._api.requests_made)
        self._polled.add(number)

    def _rescan(self, scans: Scans, position: Position) -> Scan[None]:
        due = self._timetable.due_rescans(self._steady.at(self._now))
        span = max(rescan.span for rescan in due)
        yield from scans.rescan(span, position, self._timetable.numbers)
        # Only now: a rescan that a failure of the store ended is still due.
        self._timetable.rescanned(due, self._steady.at(self._now))

    def _due_gap(
        self, scans: Scans, position: Position, priority: Priority, now: float
    ) -> Gap | None:
        """The gap to read next. Closes those whose retention is over."""
        backfill = priority is Priority.BACKFILL
        gaps = [gap for gap in position.gaps if (gap.reason is GapReason.BACKFILL) == backfill]
        over = [gap for gap in gaps if self._expired(gap)]
        for gap in over:
            scans.give_up(gap)
        return self._timetable.next_gap([gap for gap in gaps if gap not in over], now)

    def _expired(self, gap: Gap) -> bool:
        """Whether the API has deleted the logs of a gap that fails, by its own clock."""
        clock = self._api.clock
        over = gap.end < clock.at(self._now) - RETENTION
        return gap.reason is GapReason.ERROR and over and clock.may_give_up(self._now)

    def _gap(self, scans: Scans, gap: Gap) -> Scan[None]:
        again = gap.reason is GapReason.ERROR
        if again:
            self._timetable.trying(self._steady.at(self._now))
        answered = yield from scans.gap(gap)
        if again:
            self._timetable.tried(answered=answered)

    def _wake_at(self, position: Position, now: float) -> float:
        times = self._timetable.times(position.gaps)
        if position.next_due is not None:
            times.append(position.next_due + self._steady.behind)
        waiting = next_ready(self._tasks.values(), self._api.endpoints)
        if waiting is not None:
            times.append(waiting)
        # What is already due waits for a running task: check again in a second.
        return min((time for time in times if time > now), default=now + 1.0)

    # --- state ------------------------------------------------------------------------------------

    def _store_works(self, leased: _Leased) -> None:
        """A full store still takes all but batches: only a committed batch shows that it works."""
        if self._full_at is None or leased.ingest.batch_commits > self._full_at:
            self._full_at = None
            self._store_error = None
            self._store.succeed()

    def _store_failed(self, error: StoreError, now: float) -> None:
        """Drop all scans. They start again from the ledger when the store works."""
        if isinstance(error, Full):
            self._full_at = self._leased.ingest.batch_commits if self._leased else 0
            self._no_room_for = error.needed
        if isinstance(error, LeaseLost):
            self._leased = None
            self._full_at = None
        self._tasks.clear()
        self._idle = False
        self._timetable.poll_by(now)
        self._store_error = error
        self._store.fail(now, self._random)
        self._emit(StoreFailed.of(error))

    def _report(self) -> None:
        if self._position is not None:
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
