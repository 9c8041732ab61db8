"""Tasks (scans under way with the request each waits for), and which of them goes next."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from enum import IntEnum

from fuse_otel.core.timing.backoff import Backoff
from fuse_otel.errors import SourceError
from fuse_otel.poller.health import BY_THE_DATA
from fuse_otel.poller.requests import EndpointQueue, Request, Scan

UNANSWERED_AFTER = 2  # failures of one request while its endpoint answers others


class Priority(IntEnum):
    LIVE = 0
    PENDING = 1
    RESCAN = 2
    GAP = 3
    BACKFILL = 4


class EndpointState:
    """The back-off of all requests to an endpoint, and how many it has answered."""

    def __init__(self) -> None:
        self.backoff = Backoff(first=1.0, most=60.0)
        self.answered = 0

    def succeed(self) -> None:
        self.answered += 1
        self.backoff.succeed()


class Task:
    """A scan and the request it waits for. No two tasks with the same ``name`` run at once."""

    def __init__(self, priority: Priority, name: str, scan: Scan[None]) -> None:
        self.priority = priority
        self.name = name
        self._scan = scan
        self.request: Request | None = None
        self.failures = 0
        self._answered = 0

    @property
    def done(self) -> bool:
        return self.request is None

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
        with suppress(StopIteration):
            self.request = advance()

    def failed(self, endpoint: EndpointState) -> None:
        if self.failures == 0:
            self._answered = endpoint.answered
        self.failures += 1

    def probed(self) -> None:
        """A probe took this task's turn. Its own request is next."""
        self.failures += 1

    def doubtful(self, endpoint: EndpointState) -> bool:
        """Its request failed and its endpoint has answered nothing since: other tasks go first."""
        return self.failures > 0 and endpoint.answered == self._answered

    def unanswerable(self, endpoint: EndpointState, error: SourceError) -> bool:
        """Whether the request is the cause of the failures and not the API: the endpoint answers
        other requests. A request for single calls counts as the cause at once, so that failing
        calls do not delay the ones behind them.
        """
        if self.failures < UNANSWERED_AFTER or not isinstance(error, BY_THE_DATA):
            return False
        request = self.request
        single = request is not None and request.queue in {
            EndpointQueue.CALL,
            EndpointQueue.FAILING_CALL,
        }
        return single or endpoint.answered > self._answered


LOWER_SHARE = 4  # one request in four goes to a lower priority while it has work


class Scheduler:
    """Live calls go first; every fourth request goes to a lower priority that has work."""

    def __init__(self) -> None:
        self._count = 0
        self._served: dict[Priority, int] = dict.fromkeys(Priority, 0)

    def choose(
        self, tasks: Iterable[Task], endpoints: Mapping[EndpointQueue, EndpointState], now: float
    ) -> Task | None:
        ready = [t for t in tasks if t.request and _endpoint(t, endpoints).backoff.ready(now)]
        ready = _witnesses_first(ready, endpoints)
        if not ready:
            return None
        ready.sort(key=lambda task: task.priority)
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
    doubtful = [task for task in ready if task.doubtful(_endpoint(task, endpoints))]
    others = [task for task in ready if task not in doubtful]
    witnessed = {id(_endpoint(task, endpoints)) for task in others}
    return others + [t for t in doubtful if id(_endpoint(t, endpoints)) not in witnessed]


def next_ready(
    tasks: Iterable[Task], endpoints: Mapping[EndpointQueue, EndpointState]
) -> float | None:
    """When the first of the waiting tasks may go."""
    times = [_endpoint(task, endpoints).backoff.until for task in tasks if task.request]
    return min(times, default=None)


def _endpoint(task: Task, endpoints: Mapping[EndpointQueue, EndpointState]) -> EndpointState:
    if task.request is None:
        raise ValueError("a task without a request has no endpoint")
    return endpoints[task.request.queue]
