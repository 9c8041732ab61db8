"""Which scans are due and not running, as tasks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from fuse_otel.core.timing.windows import RETENTION
from fuse_otel.errors import StoreError
from fuse_otel.poller.api_client import ApiClient
from fuse_otel.poller.ingest import Ingest
from fuse_otel.poller.requests import Scan
from fuse_otel.poller.scans import Scans
from fuse_otel.poller.scheduler import Priority, Task
from fuse_otel.poller.timetable import Timetable
from fuse_otel.ports import Gap, GapReason, Position

RETRY = "retry"  # of a gap that failed before
SEARCHES = ("search 1", "search 2", "search 3", "search 4")


class DueScans:
    """``running`` are the tasks that run, by name. ``clock`` gives the time of the poller's present
    step, ``steady`` that of the steady clock.
    """

    def __init__(
        self,
        timetable: Timetable,
        api: ApiClient,
        running: Mapping[str, Task],
        clock: Callable[[], float],
        steady: Callable[[], float],
    ) -> None:
        self._timetable = timetable
        self._api = api
        self._running = running
        self._clock = clock
        self._steady = steady
        self._live_scans = 0
        self._polled: set[str] = set()  # the numbers whose live window was read

    @property
    def all_polled(self) -> bool:
        return self._polled >= set(self._timetable.numbers)

    def tasks(
        self, scans: Scans, ingest: Ingest, position: Position, *, helps: bool
    ) -> Iterator[Task]:
        """Each is to be started before the next one is taken. A poller that only ``helps`` reads
        gaps.
        """
        if not helps:
            yield from self._own_tasks(scans, ingest, position)
        for priority, name in ((Priority.GAP, "gap"), (Priority.BACKFILL, "backfill")):
            gap = self._due_gap(position, priority)
            if gap is not None and name not in self._running:
                yield Task(priority, name, scans.gap(gap))

    def _own_tasks(self, scans: Scans, ingest: Ingest, position: Position) -> Iterator[Task]:
        yield from self._live_tasks(scans, position)
        for name, again in (("pending", False), ("failing", True)):
            due = [one for one in position.due if ingest.fails(one) == again]
            if due and name not in self._running:
                yield Task(Priority.PENDING, name, scans.pending(due, again=again))
        due_rescans = self._timetable.due_rescans(self._steady())
        if due_rescans and position.numbers and "rescan" not in self._running:
            yield Task(Priority.RESCAN, "rescan", self._rescan(scans, position))
        yield from self._error_tasks(scans, position)

    def _live_tasks(self, scans: Scans, position: Position) -> Iterator[Task]:
        """A live scan that still lists delays the next one. One that reads logs does not."""
        for number in self._timetable.numbers:
            name = f"live {number}#"
            lists = any(t.lists for other, t in self._running.items() if other.startswith(name))
            if self._timetable.poll_due(number, self._steady()) and not lists:
                self._timetable.polled(number, self._steady())
                self._live_scans += 1
                live = self._live(scans, number, position)
                yield Task(Priority.LIVE, f"{name}{self._live_scans}", live, self._live_scans)

    def _error_tasks(self, scans: Scans, position: Position) -> Iterator[Task]:
        errors = scans.errors
        unsearched = errors.unsearched(position.gaps)
        free = [name for name in SEARCHES if name not in self._running]
        if unsearched and free:
            yield Task(Priority.PENDING, free[0], errors.search(unsearched), alone=True)
        gap = self._due_retry(scans, position)
        if gap is not None and RETRY not in self._running:
            yield Task(Priority.GAP, RETRY, self._retry(scans, gap), alone=True)

    def _live(self, scans: Scans, number: str, position: Position) -> Scan[None]:
        yield from scans.live(number, position, self._api.requests_made)
        self._polled.add(number)

    def _rescan(self, scans: Scans, position: Position) -> Scan[None]:
        due = self._timetable.due_rescans(self._steady())
        span = max(rescan.span for rescan in due)
        yield from scans.rescan(span, position, self._timetable.numbers)
        # Only now: a rescan that a failure of the store ended is still due.
        self._timetable.rescanned(due, self._steady())

    def _due_gap(self, position: Position, priority: Priority) -> Gap | None:
        """The gap to read next, of those that did not fail."""
        backfill = priority is Priority.BACKFILL
        gaps = [
            gap
            for gap in position.gaps
            if gap.reason is not GapReason.ERROR
            and (gap.reason is GapReason.BACKFILL) == backfill
            and not gap.taken
        ]
        return self._timetable.next_gap(gaps, self._steady())

    def _due_retry(self, scans: Scans, position: Position) -> Gap | None:
        """The gap to be tried again. Closes those whose retention is over."""
        gaps = [gap for gap in position.gaps if gap.reason is GapReason.ERROR]
        gaps = [gap for gap in gaps if not scans.errors.reserved(gap)]
        over = [gap for gap in gaps if self._expired(gap)]
        for gap in over:
            scans.give_up(gap)
        left = [gap for gap in gaps if gap not in over]
        return self._timetable.next_gap(left, self._steady())

    def _expired(self, gap: Gap) -> bool:
        """Whether the API has deleted the logs of a gap that fails, by its own clock."""
        clock = self._api.clock
        over = gap.end < clock.at(self._clock()) - RETENTION
        return over and clock.may_give_up(self._clock())

    def _retry(self, scans: Scans, gap: Gap) -> Scan[None]:
        self._timetable.trying(self._steady())
        try:
            answered = yield from scans.errors.retry(gap)
        except (StoreError, GeneratorExit):
            # The store failed, or another replica took the account. The gap did not fail.
            self._timetable.try_ended_early(self._steady())
            raise
        self._timetable.tried(answered=answered)
