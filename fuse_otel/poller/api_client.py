"""The API as one account sees it: budget, back-off per endpoint, and what blocks all of them.

How many requests the API is asked: a token bucket.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from fuse_otel.core.model.call import CallPage, LogPage
from fuse_otel.core.timing.backoff import Backoff, Random
from fuse_otel.core.timing.windows import HOUR
from fuse_otel.errors import SourceError, Throttled, TooLarge, Unauthorized
from fuse_otel.events import ApiThrottled, Emit
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

# UNIX times as floats are exact to a quarter of a microsecond only: without it the wait could end
# a hair too early, and come to nothing when it is added to the time once more.
ENOUGH = 1e-5


@dataclass(slots=True)
class Budget:
    """``rate`` requests a second on average; a second's worth may go at once."""

    rate: float
    tokens: float = 1.0
    at: float = 0.0

    def take(self, cost: int, now: float) -> float:
        """Take ``cost`` requests. Returns 0.0, or the time at which they may be asked again for.

        A cost above a second's worth goes when the bucket is full and leaves a debt.
        """
        # A clock that was set back must not stop reading: the time before counts as nothing.
        passed = max(0.0, now - self.at)
        full = max(1.0, self.rate)
        self.tokens = min(full, self.tokens + passed * self.rate)
        self.at = now
        needed = min(float(cost), full)
        if self.tokens + ENOUGH >= needed:
            self.tokens -= cost
            return 0.0
        return now + (needed - self.tokens) / self.rate


UNAUTHORIZED_EVERY = 60.0
FARTHEST_PROBE = 8  # doublings of an hour: a little more than ten days
BULK_DOWN_AFTER = 4  # failures of bulk requests in a row, whatever they asked for
PROBE_AFTER = 2  # failures of the only request there is: ask the endpoint something harmless


class ApiClient:
    def __init__(
        self,
        options: PollerOptions,
        source: Source,
        read_many: ReadMany,
        emit: Emit,
        random: Random,
    ) -> None:
        self._options = options
        self._source = source
        self._read_many = read_many
        self._emit = emit
        self._random = random
        self._budget = Budget(options.requests_per_second)
        self._throttle = Backoff(first=1.0, most=60.0)
        self._blocked_until = 0.0
        self.endpoints = {track: EndpointState() for track in EndpointQueue}
        self.requests = 0
        self.up = False
        self.error: SourceError | None = None

    @property
    def unauthorized(self) -> bool:
        return isinstance(self.error, Unauthorized)

    def blocked_until(self, cost: int, now: float) -> float:
        """0.0 if a request of that cost may go now (it is taken from the budget then)."""
        if now < self._blocked_until:
            return self._blocked_until
        return self._budget.take(cost, now)

    def ask(self, task: Task, request: Request, now: float) -> None:
        """Make the task's request and hand the answer, or what it must know of a failure, to it.

        Errors other than the API's (the store's) pass through: they end the task.
        """
        endpoint = self.endpoints[request.track]
        if not isinstance(request, ReadCalls) and self._needs_witness(task, endpoint):
            self._probe(task, request, endpoint, now)
            return
        outcome = self._try(request, endpoint, now)
        if not isinstance(outcome, SourceError):
            task.answer(outcome)
            return
        self._after_failure(task, endpoint, outcome)

    def _try(
        self, request: Request, endpoint: EndpointState, now: float
    ) -> CallPage | LogPage | Answers | SourceError:
        self.requests += request.cost
        try:
            answer = make(request, self._source, self._read_many)
        except SourceError as error:
            self._failed(error, endpoint, now)
            return error
        self._succeeded(endpoint)
        if isinstance(request, ReadCalls) and isinstance(answer, Mapping):
            self._heed(answer, now)
        return answer

    def _heed(self, answers: Answers, now: float) -> None:
        """One of several answers may say what concerns all requests."""
        told = [a for a in answers.values() if isinstance(a, Unauthorized | Throttled)]
        if told:
            self._block(max(told, key=lambda error: error.retry_after or 0.0), now)

    def _succeeded(self, endpoint: EndpointState) -> None:
        endpoint.succeed()
        if endpoint is self.endpoints[EndpointQueue.FAILING_CALL]:
            self.endpoints[EndpointQueue.CALL].succeed()
        self._throttle.succeed()
        self.up = True
        self.error = None

    def _failed(self, error: SourceError, endpoint: EndpointState, now: float) -> None:
        self.error = error
        if isinstance(error, Unauthorized | Throttled):
            self._block(error, now)
        else:
            endpoint.backoff.fail(now, self._random, error.retry_after)
        # The API answers, it is merely busy with others or with this request.
        self.up = isinstance(error, Throttled | TooLarge)

    def _block(self, error: Unauthorized | Throttled, now: float) -> None:
        if isinstance(error, Unauthorized):
            wait = UNAUTHORIZED_EVERY
        elif error.retry_after:
            wait = error.retry_after
        else:
            wait = self._throttle.fail(now, self._random)
        self._blocked_until = max(self._blocked_until, now + wait)
        if isinstance(error, Throttled):
            self._emit(ApiThrottled(self._options.account, wait))

    def _after_failure(self, task: Task, endpoint: EndpointState, error: SourceError) -> None:
        """Tell the task what it can act on; otherwise it asks the same again later."""
        if isinstance(error, Unauthorized | Throttled):
            return  # says nothing about this request
        task.failed(endpoint)
        if isinstance(error, TooLarge):
            endpoint.succeed()
            task.throw(error)
        elif task.unanswerable(endpoint, error) or self._bulk_is_down(endpoint):
            task.throw(WindowPoisoned())

    def bulk_works(self, now: float) -> bool:
        """Whether it is worth a try to read logs in bulk."""
        bulk = self.endpoints[EndpointQueue.ALL_LOGS]
        return not self._bulk_is_down(bulk) or bulk.backoff.ready(now)

    def _bulk_is_down(self, endpoint: EndpointState) -> bool:
        """All details can be had one by one: nothing waits long for an endpoint that is down."""
        bulk = endpoint is self.endpoints[EndpointQueue.ALL_LOGS]
        return bulk and endpoint.backoff.failures >= BULK_DOWN_AFTER

    def _needs_witness(self, task: Task, endpoint: EndpointState) -> bool:
        """The only request to an endpoint keeps failing: is it to blame, or the API?."""
        return task.failures >= PROBE_AFTER and task.failures % 2 == 0 and task.doubtful(endpoint)

    def _probe(
        self, task: Task, request: ListPage | LogsPage, endpoint: EndpointState, now: float
    ) -> None:
        # Further back each time: what cannot be read may be longer than an hour.
        back = HOUR << min(task.failures // 2 - 1, FARTHEST_PROBE)
        self._try(request.probe(back), endpoint, now)
        task.probed()
