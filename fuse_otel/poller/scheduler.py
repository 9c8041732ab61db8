"""Tasks (scans under way with the request each waits for), and which of them goes next."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import suppress
from enum import IntEnum

from fuse_otel.errors import SourceError, Throttled, TimedOut
from fuse_otel.poller.endpoint import EndpointState
from fuse_otel.poller.evidence import FAILURES, IN_A_ROW
from fuse_otel.poller.requests import EndpointQueue, ListPage, Request, Scan


class Priority(IntEnum):
    LIVE = 0
    PENDING = 1
    RESCAN = 2
    GAP = 3
    BACKFILL = 4


Slot = tuple[EndpointQueue, str]


class Task:
    """A scan and the request it waits for. No two tasks with the same ``name`` run at once. Of live
    scans the one with the highest ``number`` is the newest. ``alone``: its lists may take long, and
    have a slot of their own.
    """

    def __init__(
        self,
        priority: Priority,
        name: str,
        scan: Scan[None],
        number: int = 0,
        *,
        alone: bool = False,
    ) -> None:
        self.priority = priority
        self.number = number
        self._lane = name if alone else "live" if priority is Priority.LIVE else ""
        self.name = name
        self._scan = scan
        self.request: Request | None = None
        self.in_flight = False
        self.failures = 0
        self.error: SourceError | None = None
        self.until = 0.0  # its request is not repeated before, whatever others show meanwhile
        self._answered = 0

    @property
    def done(self) -> bool:
        return self.request is None

    @property
    def lists(self) -> bool:
        """Whether it waits for a list."""
        return isinstance(self.request, ListPage)

    @property
    def slot(self) -> Slot:
        """Requests that share a slot go one after the other. Live calls have slots of their own,
        and so has each endpoint: no log keeps a list waiting, and no history a live call.
        """
        if self.request is None:
            raise ValueError("a task without a request has no slot")
        shared = "" if self._lane != "live" and not self.lists else self._lane
        return self.request.queue, shared

    def start(self) -> None:
        """Run to the first request."""
        self._go_on(lambda: next(self._scan))

    def answer(self, answer: object) -> None:
        self._go_on(lambda: self._scan.send(answer))

    def throw(self, error: Exception) -> None:
        self._go_on(lambda: self._scan.throw(error))

    def _go_on(self, advance: Callable[[], Request]) -> None:
        # Cleared first: a scan that ends with an error is done too.
        self.request = None
        self.failures = 0
        self.error = None
        self.until = 0.0
        with suppress(StopIteration):
            self.request = advance()

    def close(self) -> None:
        """End the scan. An answer that still comes is dropped."""
        self.request = None
        self._scan.close()

    def failed(self, endpoint: EndpointState, error: SourceError) -> None:
        if self.failures == 0:
            self._answered = endpoint.evidence.answered
        self.failures += 1
        self.error = error

    def probed(self) -> None:
        """A probe took this task's turn. Its own request is next."""
        self.failures += 1

    def doubtful(self, endpoint: EndpointState) -> bool:
        """Its request failed and its endpoint has answered nothing since: other tasks go first."""
        return self.failures > 0 and endpoint.evidence.answered == self._answered

    def at_fault(self, endpoint: EndpointState, error: SourceError) -> bool:
        """Whether the request is the cause of its failures, and not the API."""
        evidence, request = endpoint.evidence, self.request
        if isinstance(request, ListPage):
            if request.doubt.suspect and request.divisible and endpoint.backoff.failures < IN_A_ROW:
                return True  # it has had its witness; only a single second is tried twice
            return evidence.blames(self.failures, self._answered, error)
        # Logs need no witness: single requests replace a bulk request, and a call whose log fails
        # is pending from then on.
        return not isinstance(error, Throttled) or self.failures >= FAILURES

    def blamed_since(self, endpoint: EndpointState) -> bool:
        """Whether an answer to another request has shown, without another try, that this one is at
        fault.
        """
        if self.in_flight or self.error is None:
            return False
        late = isinstance(self.error, TimedOut) and isinstance(self.request, ListPage)
        return late and endpoint.evidence.blames(self.failures, self._answered, self.error)


LOWER_SHARE = 4  # one request in four goes to a lower priority while it has work


class Scheduler:
    """Live calls go first; every fourth request goes to a lower priority that has work."""

    def __init__(self) -> None:
        self._count = 0
        self._served: dict[Priority, int] = dict.fromkeys(Priority, 0)

    def choose(
        self,
        tasks: Iterable[Task],
        endpoints: Mapping[EndpointQueue, EndpointState],
        now: float,
        taken: Collection[Slot] = (),
    ) -> Task | None:
        """``taken`` slots have a request in flight."""
        free = [t for t in tasks if t.request and not t.in_flight and t.slot not in taken]
        ready = [t for t in free if now >= _ready_at(t, endpoints)]
        ready = _witnesses_first(ready, endpoints)
        if not ready:
            return None
        # A list takes a moment, and shows new calls. Those of the newest list come first.
        ready.sort(key=lambda task: (task.priority, not task.lists, -task.number))
        lower = [task for task in ready if task.priority > ready[0].priority]
        if lower and self._count % LOWER_SHARE == LOWER_SHARE - 1:
            return min(lower, key=lambda task: (self._served[task.priority], task.priority))
        return ready[0]

    def took(self, task: Task) -> None:
        """Count the turn of a chosen task that made its request (one that had to wait has none)."""
        self._count += 1
        self._served[task.priority] = self._count


def _witnesses_first(
    ready: list[Task], endpoints: Mapping[EndpointQueue, EndpointState]
) -> list[Task]:
    """A failed request waits for another one that can show whether the endpoint answers."""
    doubtful = [task for task in ready if task.doubtful(endpoint_of(task, endpoints))]
    others = [task for task in ready if task not in doubtful]
    witnessed = {id(endpoint_of(task, endpoints)) for task in others}
    return others + [t for t in doubtful if id(endpoint_of(t, endpoints)) not in witnessed]


def next_ready(
    tasks: Iterable[Task], endpoints: Mapping[EndpointQueue, EndpointState]
) -> float | None:
    """When the first of the waiting tasks may go; an answer to a request in flight wakes anyway."""
    waiting = (task for task in tasks if task.request and not task.in_flight)
    return min((_ready_at(task, endpoints) for task in waiting), default=None)


def _ready_at(task: Task, endpoints: Mapping[EndpointQueue, EndpointState]) -> float:
    return max(task.until, endpoint_of(task, endpoints).ready_at(task.failures))


def endpoint_of(task: Task, endpoints: Mapping[EndpointQueue, EndpointState]) -> EndpointState:
    if task.request is None:
        raise ValueError("a task without a request has no endpoint")
    return endpoints[task.request.queue]
