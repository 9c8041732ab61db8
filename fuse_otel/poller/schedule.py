"""Which task goes next, and when there will be one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from fuse_otel.poller.request import Track
from fuse_otel.poller.task import EndpointState, Priority, Task

LOWER_SHARE = 4  # one request in so many goes to a lower priority while it has work


class Turns:
    """Live calls first, but no priority below is starved."""

    def __init__(self) -> None:
        self._count = 0
        self._served: dict[Priority, int] = dict.fromkeys(Priority, 0)

    def choose(
        self, tasks: Iterable[Task], endpoints: Mapping[Track, EndpointState], now: float
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
        """The chosen task has made its request. One that had to wait is no turn."""
        self._count += 1
        self._served[task.priority] = self._count


def _witnesses_first(ready: list[Task], endpoints: Mapping[Track, EndpointState]) -> list[Task]:
    """A request that failed lets one go first that can show whether its endpoint answers."""
    doubtful = [task for task in ready if task.doubtful(_endpoint(task, endpoints))]
    others = [task for task in ready if task not in doubtful]
    witnessed = {id(_endpoint(task, endpoints)) for task in others}
    return others + [t for t in doubtful if id(_endpoint(t, endpoints)) not in witnessed]


def next_ready(tasks: Iterable[Task], endpoints: Mapping[Track, EndpointState]) -> float | None:
    """When the first of the waiting tasks may go."""
    times = [_endpoint(task, endpoints).backoff.until for task in tasks if task.request]
    return min(times, default=None)


def _endpoint(task: Task, endpoints: Mapping[Track, EndpointState]) -> EndpointState:
    if task.request is None:
        raise ValueError("a task without a request has no endpoint")
    return endpoints[task.request.track]
