"""The API as one account uses it: request budget, back-off per endpoint, common waits."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from fuse_otel.core.model.call import CallPage, LogPage
from fuse_otel.core.timing.backoff import Backoff, Random
from fuse_otel.core.timing.windows import HOUR
from fuse_otel.errors import (
    InternalError,
    SourceError,
    Throttled,
    TimedOut,
    TooLarge,
    Unauthorized,
    Unreachable,
)
from fuse_otel.events import ApiThrottled, Emit, LoopFailed
from fuse_otel.poller.api_clock import ApiClock
from fuse_otel.poller.health import AccountHealth
from fuse_otel.poller.options import PollerOptions
from fuse_otel.poller.requests import (
    Answers,
    EndpointQueue,
    ListPage,
    LogsPage,
    ReadCalls,
    ReadMany,
    Request,
    WindowPoisoned,
    make,
)
from fuse_otel.poller.scheduler import EndpointState, Task
from fuse_otel.ports import Source

# UNIX times as floats are exact to a quarter of a microsecond only. Without this tolerance a wait
# could end a little too early and the next one be too short to change the time.
TOLERANCE = 1e-5


@dataclass(slots=True)
class Budget:
    """A token bucket: ``rate`` requests a second on average, one second's worth at once."""

    rate: float
    tokens: float = 1.0
    at: float = 0.0

    def take(self, cost: int, now: float) -> float:
        """Take ``cost`` requests. Returns 0.0, or the time at which to try again.

        A cost above one second's worth goes when the bucket is full and leaves a debt.
        """
        # A clock that was set back must not stop reading.
        passed = max(0.0, now - self.at)
        full = max(1.0, self.rate)
        self.tokens = min(full, self.tokens + passed * self.rate)
        self.at = now
        needed = min(float(cost), full)
        if self.tokens + TOLERANCE >= needed:
            self.tokens -= cost
            return 0.0
        return now + (needed - self.tokens) / self.rate


UNAUTHORIZED_EVERY = 60.0  # seconds between tries after a 401
FARTHEST_PROBE = 8  # doublings of an hour: a little more than ten days
BULK_DOWN_AFTER = 4  # failures of bulk requests in a row, of any windows
PROBE_AFTER = 2  # failures of a task's request without any other request to its endpoint: probe


class ApiClient:
    def __init__(
        self,
        options: PollerOptions,
        source: Source,
        read_many: ReadMany,
        emit: Emit,
        random: Random,
        clock: Callable[[], float],
    ) -> None:
        self._options = options
        self._source = source
        self._read_many = read_many
        self._emit = emit
        self._random = random
        self._clock = clock
        self._budget = Budget(options.requests_per_second)
        self._throttle = Backoff(first=1.0, most=60.0)
        self._blocked_until = 0.0
        self._waits: list[tuple[EndpointState | None, float]] = []
        self.endpoints = {queue: EndpointState() for queue in EndpointQueue}
        self.health = AccountHealth()
        self.clock = ApiClock()
        self._requests = 0

    def requests_made(self) -> int:
        return self._requests

    def begin(self, now: float) -> None:
        """A step begins. Waits after a failure count from here: the request may have taken longer
        than its wait, and would be repeated at once.
        """
        for endpoint, wait in self._waits:
            if endpoint is None:
                self._blocked_until = max(self._blocked_until, now + wait)
            elif endpoint.backoff.failures:
                endpoint.backoff.until = max(endpoint.backoff.until, now + wait)
        self._waits.clear()

    def blocked_until(self, cost: int, now: float) -> float:
        """0.0 if a request of that cost may go now. Its cost is then taken from the budget."""
        if now < self._blocked_until:
            return self._blocked_until
        return self._budget.take(cost, now)

    def ask(self, task: Task, request: Request, now: float) -> None:
        """Make the task's request and pass it the answer, or a failure that it can act on.

        Errors of the store pass through and end the task.
        """
        endpoint = self.endpoints[request.queue]
        if not isinstance(request, ReadCalls) and self._needs_probe(task, endpoint):
            self._probe(task, request, endpoint, now)
            return
        answer = self._try(request, endpoint, now)
        if isinstance(answer, SourceError):
            self._after_failure(task, endpoint, answer)
        else:
            task.answer(answer)

    def _try(
        self, request: Request, endpoint: EndpointState, now: float
    ) -> CallPage | LogPage | Answers | SourceError:
        self._requests += request.cost
        try:
            answer = make(request, self._source, self._read_many)
        except SourceError as error:
            self._failed(request, error, endpoint, now)
            return error
        except Exception as unexpected:  # noqa: BLE001 - isolated like a request that always fails
            self._emit(LoopFailed.of(self._options.loop, unexpected))
            internal = InternalError.of(unexpected)
            self._failed(request, internal, endpoint, now)
            return internal
        self._succeeded(request, answer, endpoint, now)
        return answer

    def _succeeded(
        self, request: Request, answer: object, endpoint: EndpointState, now: float
    ) -> None:
        self.clock.answered(self._clock(), self._source.clock_skew)
        endpoint.succeed()
        if endpoint is self.endpoints[EndpointQueue.FAILING_CALL]:
            self.endpoints[EndpointQueue.CALL].succeed()
        self._throttle.succeed()
        if isinstance(request, ListPage):
            self.health.listed()
        else:
            self.health.details_read()
        if isinstance(request, ReadCalls) and isinstance(answer, Mapping):
            self._heed(answer, now)

    def _failed(
        self, request: Request, error: SourceError, endpoint: EndpointState, now: float
    ) -> None:
        if not isinstance(error, Unreachable | TimedOut | InternalError):
            self.clock.answered(self._clock(), self._source.clock_skew)
        if isinstance(request, ListPage):
            self.health.list_failed(request.window, error)
        else:
            self.health.details_failed(_first_tries(request), error)
        if isinstance(error, Unauthorized | Throttled):
            self._block(error, now)
        else:
            wait = endpoint.backoff.fail(now, self._random, error.retry_after)
            self._waits.append((endpoint, wait))

    def _heed(self, answers: Answers, now: float) -> None:
        """A 401 or 429 for one of several calls concerns all requests."""
        errors = [a for a in answers.values() if isinstance(a, Unauthorized | Throttled)]
        if errors:
            self._block(max(errors, key=lambda error: error.retry_after or 0.0), now)

    def _block(self, error: Unauthorized | Throttled, now: float) -> None:
        if isinstance(error, Unauthorized):
            wait = UNAUTHORIZED_EVERY
        else:
            # Not sooner than the back-off: `Retry-After: 0.05` would mean 20 requests a second.
            wait = self._throttle.fail(now, self._random, error.retry_after)
        self._blocked_until = max(self._blocked_until, now + wait)
        self._waits.append((None, wait))
        if isinstance(error, Throttled):
            self._emit(ApiThrottled(self._options.account, wait))

    def _after_failure(self, task: Task, endpoint: EndpointState, error: SourceError) -> None:
        """Pass the failure to the task if it can act on it. Else the task repeats its request."""
        if isinstance(error, Unauthorized | Throttled):
            return  # no information about this request
        task.failed(endpoint)
        if isinstance(error, TooLarge):
            endpoint.succeed()
            task.throw(error)
        elif task.unanswerable(endpoint, error) or self._bulk_is_down(endpoint):
            task.throw(WindowPoisoned(error))

    def bulk_works(self, now: float) -> bool:
        """Whether to try bulk requests."""
        bulk = self.endpoints[EndpointQueue.ALL_LOGS]
        return not self._bulk_is_down(bulk) or bulk.backoff.ready(now)

    def _bulk_is_down(self, endpoint: EndpointState) -> bool:
        """Single requests can replace bulk requests, so no scan waits long for a dead endpoint."""
        bulk = endpoint is self.endpoints[EndpointQueue.ALL_LOGS]
        return bulk and endpoint.backoff.failures >= BULK_DOWN_AFTER

    def _needs_probe(self, task: Task, endpoint: EndpointState) -> bool:
        """Whether the endpoint has no other request that shows if it is the API that fails."""
        return task.failures >= PROBE_AFTER and task.failures % 2 == 0 and task.doubtful(endpoint)

    def _probe(
        self, task: Task, request: ListPage | LogsPage, endpoint: EndpointState, now: float
    ) -> None:
        # Further back each time: the interval that fails may be longer than an hour.
        back = HOUR << min(task.failures // 2 - 1, FARTHEST_PROBE)
        self._try(request.probe(back), endpoint, now)
        task.probed()


def _first_tries(request: LogsPage | ReadCalls) -> Sequence[str]:
    """The calls whose details fail for the first time. A call that keeps failing counts once, so
    that a few bad calls cannot take the account down again with every retry.
    """
    return () if isinstance(request, LogsPage) or request.again else request.session_ids
