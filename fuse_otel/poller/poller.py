"""The loop's one step for an account: choose a reading, make its next request, store the answer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from fuse_otel.core.backoff import Backoff, Random
from fuse_otel.core.rendering import Renderer
from fuse_otel.core.windows import RETENTION
from fuse_otel.errors import LeaseLost, SourceError, StoreError
from fuse_otel.events import AccountMoved, Emit, StoreFailed
from fuse_otel.poller.api import Api
from fuse_otel.poller.cover import Cover
from fuse_otel.poller.found import Shelf
from fuse_otel.poller.options import PollerOptions, Rescan
from fuse_otel.poller.readings import Readings, at_risk, expired
from fuse_otel.poller.request import Reading, ReadMany
from fuse_otel.poller.schedule import Turns, next_ready
from fuse_otel.poller.task import Priority, Task
from fuse_otel.ports import Gap, GapReason, Lease, Ledger, Position, Source

DUE_AT_ONCE = 200  # pending calls taken up together
ERROR_GAP_EVERY = 60.0  # an interval that answers with an error is tried so often at first …
ERROR_GAP_MOST = 600.0  # … and at last


@dataclass(frozen=True, slots=True)
class PollerState:
    """How a poller stands, for ``once`` and the readiness page.

    ``idle``: nothing is due. ``waiting`` calls are listed but not exported yet. ``error`` is the
    last request's, ``None`` if it was answered; ``failures`` counts those in a row.
    """

    idle: bool
    unauthorized: bool
    error: SourceError | None
    failures: int
    waiting: int
    gaps: int


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
        self._api = Api(options, source, read_many, emit, random)
        shelf = Shelf(options, ledger, renderer, emit, random, self._clock)
        cover = Cover(options, ledger, shelf, emit, self._clock)
        self._readings = Readings(options, ledger, cover, emit, self._clock)
        self._tasks: dict[str, Task] = {}
        self._turns = Turns()
        self._numbers = options.numbers or ("",)
        self._live_at = dict.fromkeys(self._numbers, 0.0)
        self._rescan_at = dict.fromkeys(options.slower_rescans, 0.0)
        self._error_gaps = Backoff(ERROR_GAP_EVERY, ERROR_GAP_MOST)
        self._store = Backoff(first=1.0, most=60.0)
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
            error=self._api.error,
            failures=failures + self._store.failures,
            waiting=position.waiting if position else 0,
            gaps=len(position.gaps) if position else 0,
        )

    def poke(self, now: float) -> None:
        """A call ended just now: list as soon as it is settled. May be called from any thread."""
        due = now + self._options.settle
        for number in self._numbers:
            self._live_at[number] = min(self._live_at[number], due)

    def step(self, now: float) -> float:
        """Make at most one request. Returns when to call again: ``now`` if there is more to do."""
        self._now = now
        if not self._store.ready(now):
            return self._store.until
        try:
            return self._step(now)
        except StoreError as error:
            return self._store_failed(error, now)

    def _step(self, now: float) -> float:
        lease = self._leased()
        position = self._look(lease, now)
        self._spawn(lease, position, now)
        task = self._turns.choose(self._tasks.values(), self._api.endpoints, now)
        self._idle = not self._tasks
        if task is None or task.request is None:
            return self._wake_at(position, now)
        blocked = self._api.blocked_until(task.request.cost, now)
        if blocked:
            return blocked
        try:
            self._api.ask(task, task.request, now)
        except StoreError:
            self._end(task)
            raise
        self._store.succeed()
        if task.done:
            self._end(task)
            self._look(lease, now)
        self._report()
        return now

    def _leased(self) -> Lease:
        if self._lease is None:
            self._lease = self._ledger.lease(self._options.account)
        return self._lease

    def _look(self, lease: Lease, now: float) -> Position:
        self._position = self._ledger.position(lease, int(now), DUE_AT_ONCE)
        return self._position

    def _clock(self) -> float:
        return self._now

    # --- what is to be done -----------------------------------------------------------------------

    def _spawn(self, lease: Lease, position: Position, now: float) -> None:
        for priority, name, reading in self._wanted(lease, position, now):
            task = Task(priority, name, reading)
            self._tasks[name] = task
            try:
                task.start()
            except StoreError:
                self._end(task)
                raise
            if task.done:
                self._end(task)

    def _wanted(
        self, lease: Lease, position: Position, now: float
    ) -> Iterator[tuple[Priority, str, Reading[None]]]:
        """The readings that are due and not on their way."""
        for number in self._numbers:
            if now >= self._live_at[number] and _live(number) not in self._tasks:
                self._live_at[number] = now + self._options.poll_interval
                reading = self._readings.live(lease, number, position, self._requests)
                yield Priority.LIVE, _live(number), reading
        if position.due and "pending" not in self._tasks:
            yield Priority.PENDING, "pending", self._readings.pending(lease, position.due)
        rescan = self._due_rescan(position, now)
        if rescan is not None:
            reading = self._readings.rescan(lease, rescan.span, position)
            yield Priority.RESCAN, "rescan", reading
        for priority, name in ((Priority.GAP, "gap"), (Priority.BACKFILL, "backfill")):
            gap = self._due_gap(lease, position, priority, now)
            if gap is not None and name not in self._tasks:
                yield priority, name, self._gap(lease, gap)

    def _requests(self) -> int:
        return self._api.requests

    def _due_rescan(self, position: Position, now: float) -> Rescan | None:
        """The longest that is due; it does the work of the shorter ones too."""
        if "rescan" in self._tasks or not position.numbers:
            return None
        due = [rescan for rescan, at in self._rescan_at.items() if now >= at]
        if not due:
            return None
        longest = max(due, key=lambda rescan: rescan.span)
        for rescan in due:
            self._rescan_at[rescan] = now + rescan.every
        return longest

    def _due_gap(
        self, lease: Lease, position: Position, priority: Priority, now: float
    ) -> Gap | None:
        """The oldest gap that may be read now. Those whose time is over are closed on the way."""
        for gap in sorted(position.gaps, key=lambda gap: gap.start):
            backfill = gap.reason is GapReason.BACKFILL
            if backfill != (priority is Priority.BACKFILL):
                continue
            if expired(gap, now):
                self._readings.give_up(lease, gap)
            elif gap.reason is not GapReason.ERROR or self._error_gaps.ready(now):
                return gap
        return None

    def _gap(self, lease: Lease, gap: Gap) -> Reading[None]:
        if gap.reason is GapReason.ERROR:
            # Until it is read without an error the next try waits longer.
            self._error_gaps.fail(self._now, self._random)
        yield from self._readings.gap(lease, gap)

    def _wake_at(self, position: Position, now: float) -> float:
        times = [*self._live_at.values(), *self._rescan_at.values()]
        if position.next_due is not None:
            times.append(float(position.next_due))
        if any(gap.reason is GapReason.ERROR for gap in position.gaps):
            times.append(self._error_gaps.until)
        waiting = next_ready(self._tasks.values(), self._api.endpoints)
        if waiting is not None:
            times.append(waiting)
        self._report()
        # What is due already waits for a task that is on its way: look again in a second.
        return min((time for time in times if time > now), default=now + 1.0)

    def _end(self, task: Task) -> None:
        self._tasks.pop(task.name, None)

    # --- what is told -----------------------------------------------------------------------------

    def _store_failed(self, error: StoreError, now: float) -> float:
        """The readings are begun anew from the ledger once the store works again."""
        if isinstance(error, LeaseLost):
            self._lease = None
        self._tasks.clear()
        self._live_at = dict.fromkeys(self._numbers, 0.0)
        self._store.fail(now, self._random)
        self._emit(StoreFailed(type(error).__name__.lower(), str(error)))
        return self._store.until

    def _report(self) -> None:
        position = self._position
        if position is None:
            return
        cursors = [here.cursor for here in position.numbers.values()]
        self._emit(
            AccountMoved(
                account=self._options.account,
                up=self._api.up,
                cursor=min(cursors, default=None),
                headroom=_headroom(position, self._now),
                pending=position.waiting,
                gap_seconds=sum(gap.end - gap.start for gap in position.gaps),
            )
        )


def _headroom(position: Position, now: float) -> float | None:
    """Seconds until Plum deletes what was not read yet; ``None`` before the first reading."""
    oldest = [here.cursor for here in position.numbers.values()]
    oldest += [gap.start for gap in position.gaps if at_risk(gap)]
    if position.waiting_since is not None:
        oldest.append(position.waiting_since)
    if not oldest:
        return None
    return RETENTION - (now - min(oldest))


def _live(number: str) -> str:
    return f"live {number}"
