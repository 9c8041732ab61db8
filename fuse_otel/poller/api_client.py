"""The API as one account uses it: request budget, back-off per endpoint, requests in flight."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from fuse_otel.core.timing.backoff import Backoff, Random
from fuse_otel.core.timing.windows import HOUR
from fuse_otel.errors import (
    InternalError,
    SourceError,
    Throttled,
    TimedOut,
    TooLarge,
    Unauthorized,
    Unexpected,
    Unreachable,
)
from fuse_otel.events import ApiThrottled, Emit, LoopFailed
from fuse_otel.poller.api_clock import ApiClock
from fuse_otel.poller.budget import Budget
from fuse_otel.poller.endpoint import EndpointState, endpoints_of
from fuse_otel.poller.evidence import IN_A_ROW
from fuse_otel.poller.flight import Flight, result_of
from fuse_otel.poller.health import AccountHealth
from fuse_otel.poller.options import PollerOptions
from fuse_otel.poller.requests import (
    Answers,
    EndpointQueue,
    ListPage,
    LogsPage,
    Outcome,
    ReadCalls,
    Request,
    RequestRunner,
    WindowPoisoned,
    work_of,
)
from fuse_otel.poller.scheduler import Slot, Task, endpoint_of
from fuse_otel.ports import Source

UNAUTHORIZED_EVERY = 60.0  # seconds between tries after a 401
FARTHEST_PROBE = 8  # doublings of an hour: a little more than ten days
BULK_DOWN_AFTER = 4  # failures of bulk requests in a row, of any windows


class ApiClient:
    """``runner`` begins requests. ``wake`` is called from any thread when one has its answer."""

    def __init__(
        self,
        options: PollerOptions,
        source: Source,
        runner: RequestRunner,
        emit: Emit,
        random: Random,
        clock: Callable[[], float],
    ) -> None:
        self._options = options
        self._source = source
        self._runner = runner
        self._emit = emit
        self._random = random
        self._clock = clock
        self.budget = Budget(options.requests_per_second)
        self._throttle = Backoff(first=1.0, most=60.0)
        self._blocked_until = 0.0
        self._waits: list[tuple[EndpointState | Task | None, float]] = []
        self.health = AccountHealth()
        self.endpoints = endpoints_of(self.health)
        self.clock = ApiClock()
        self._flights: list[Flight] = []
        self._requests = 0
        self._timed_out = False  # the last list that was at fault
        # Lists in a row that got a 401. Before the first other answer one is enough.
        self._refusals = IN_A_ROW
        self.wake: Callable[[], None] = lambda: None

    def requests_made(self) -> int:
        return self._requests

    def begin(self, now: float) -> None:
        """A step begins. Waits after a failure count from here: the request may have taken longer
        than its wait, and would be repeated at once.
        """
        for waiting, wait in self._waits:
            if waiting is None:
                self._blocked_until = max(self._blocked_until, now + wait)
            elif isinstance(waiting, Task):
                waiting.until = max(waiting.until, now + wait) if waiting.failures else 0.0
            elif waiting.backoff.failures:
                waiting.backoff.until = max(waiting.backoff.until, now + wait)
        self._waits.clear()

    def blocked_until(self, cost: int, now: float) -> float:
        """0.0 if a request of that cost may go now. Its cost is then taken from the budget."""
        if now < self._blocked_until:
            return self._blocked_until
        return self.budget.take(cost, now)

    @property
    def taken(self) -> Collection[Slot]:
        """The slots that have a request in flight."""
        return {flight.slot for flight in self._flights}

    def start(self, task: Task, request: Request) -> None:
        """Begin the task's request, or one that shows whether the API answers others."""
        endpoint = self.endpoints[request.queue]
        slot, probe = task.slot, False
        if isinstance(request, ListPage) and self._needs_probe(task, endpoint):
            # Further back each time: the interval that fails may be longer than an hour.
            back = HOUR << min(task.failures // 2, FARTHEST_PROBE)
            request, probe = request.probe(back), True
        patience = endpoint.patience_for(request, task.failures)
        self._requests += request.cost
        task.in_flight = True
        futures = self._runner(work_of(request, self._source), patience)
        self._flights.append(Flight(task, request, slot, futures, probe))
        for future in futures:
            future.add_done_callback(lambda _: self.wake())

    def landed(self) -> Flight | None:
        """A request that has its answer. It is in flight no more."""
        flight = next((each for each in self._flights if each.done), None)
        if flight is not None:
            self._flights.remove(flight)
        return flight

    def finish(self, flight: Flight, now: float) -> None:
        """Pass the task its answer, or a failure that it can act on. The answer to a task that was
        closed meanwhile is dropped. Errors of the store pass through and end the task.
        """
        task, request = flight.task, flight.request
        task.in_flight = False
        endpoint = self.endpoints[request.queue]
        outcomes = self._checked(request, flight.outcomes())
        self._learn(endpoint, outcomes)
        answer, error = result_of(request, outcomes)
        if error is None:
            self._succeeded(request, answer, endpoint, now)
        else:
            wait = self._failed(request, error, endpoint, now)
            task.until = now + wait
            self._waits.append((task, wait))
        if task.done:
            return
        if flight.probe:
            task.probed()
        elif error is None:
            task.answer(answer)
        else:
            self._after_failure(task, endpoint, answer, error)

    def blame(self, tasks: Iterable[Task]) -> Iterable[Task]:
        """Tell tasks that another answer has shown that their own request is at fault. Yields them
        afterwards.
        """
        for task in list(tasks):
            if task.request and task.blamed_since(endpoint_of(task, self.endpoints)):
                self._timed_out = True
                try:
                    task.throw(WindowPoisoned(task.error or InternalError("no error")))
                finally:
                    yield task

    def searched(self, found: bool) -> None:
        """A search of windows that failed has ended. If it ``found`` nothing that fails, and the
        failure was a time-out, long lists take longer than they were given.
        """
        patience = self.endpoints[EndpointQueue.CALLS].patience
        if found:
            patience.longer = 1.0
        elif self._timed_out:
            patience.lengthen()
        self._timed_out = False

    def _checked(self, request: Request, outcomes: Sequence[Outcome]) -> Sequence[Outcome]:
        """An exception that is no error of the source is isolated like a request that fails. So is
        a 401 while the login is accepted for other requests.
        """
        checked = []
        for outcome in outcomes:
            answer = outcome.answer
            if isinstance(answer, Unauthorized) and self._refusals < IN_A_ROW:
                # Lists show whether the login is wrong: they are often requested.
                self._refusals += isinstance(request, ListPage) and not request.doubt.suspect
                answer = Unexpected(str(answer), retry_after=answer.retry_after)
            elif isinstance(answer, Exception) and not isinstance(answer, SourceError):
                self._emit(LoopFailed.of(self._options.loop, answer))
                answer = InternalError.of(answer)
            checked.append(Outcome(answer, outcome.seconds))
        return checked

    def _learn(self, endpoint: EndpointState, outcomes: Sequence[Outcome]) -> None:
        if endpoint is self.endpoints[EndpointQueue.FAILING_CALL]:
            endpoint = self.endpoints[EndpointQueue.CALL]
        for outcome in outcomes:
            if not isinstance(outcome.answer, SourceError):
                endpoint.patience.learn(outcome.seconds)

    def _succeeded(
        self, request: Request, answer: object, endpoint: EndpointState, now: float
    ) -> None:
        self.clock.answered(self._clock(), self._source.clock_skew)
        self._refusals = 0
        endpoint.backoff.succeed()
        if endpoint is self.endpoints[EndpointQueue.FAILING_CALL]:
            self.endpoints[EndpointQueue.CALL].backoff.succeed()
        self._throttle.succeed()
        if isinstance(request, ListPage):
            self.health.listed()
            return
        self.health.logs_read()
        if isinstance(request, LogsPage):
            endpoint.evidence.answer()
        elif isinstance(answer, Mapping):
            self._heed(answer, now)

    def _failed(
        self, request: Request, error: SourceError, endpoint: EndpointState, now: float
    ) -> float:
        """Returns the seconds until the request may be repeated."""
        if not isinstance(error, Unreachable | TimedOut | InternalError):
            self.clock.answered(self._clock(), self._source.clock_skew)
        if isinstance(request, ListPage):
            if not request.doubt.suspect or isinstance(error, Unauthorized | TooLarge):
                self.health.list_failed(request.window, error)
        else:
            self.health.logs_failed(_first_tries(request), error)
        if isinstance(request, LogsPage):
            endpoint.evidence.fail(request.window, error)
        if isinstance(error, Unauthorized | Throttled):
            return self._block(error, now)
        wait = endpoint.backoff.fail(now, self._random, error.retry_after)
        self._waits.append((endpoint, wait))
        return wait

    def _heed(self, answers: Answers, now: float) -> None:
        """A 401 or 429 for one of several calls concerns all requests."""
        errors = [a for a in answers.values() if isinstance(a, Unauthorized | Throttled)]
        if errors:
            self._block(max(errors, key=lambda error: error.retry_after or 0.0), now)

    def _block(self, error: Unauthorized | Throttled, now: float) -> float:
        if isinstance(error, Unauthorized):
            wait = UNAUTHORIZED_EVERY
        else:
            # Not sooner than the back-off: `Retry-After: 0.05` would mean 20 requests a second.
            wait = self._throttle.fail(now, self._random, error.retry_after)
        self._blocked_until = max(self._blocked_until, now + wait)
        self._waits.append((None, wait))
        if isinstance(error, Throttled):
            self._emit(ApiThrottled(self._options.account, wait))
        return wait

    def _after_failure(
        self, task: Task, endpoint: EndpointState, answer: object, error: SourceError
    ) -> None:
        """Pass the failure to the task if it can act on it. Else the task repeats its request."""
        if isinstance(error, Unauthorized):
            return  # no information about this request
        task.failed(endpoint, error)
        if isinstance(error, TooLarge):
            endpoint.backoff.succeed()
            task.throw(error)
        elif not task.at_fault(endpoint, error):
            return
        elif isinstance(answer, Mapping):
            task.answer(answer)
        else:
            task.throw(WindowPoisoned(error))

    def bulk_works(self, now: float) -> bool:
        """Whether to try bulk requests."""
        bulk = self.endpoints[EndpointQueue.ALL_LOGS]
        return not self._bulk_is_down(bulk) or bulk.backoff.ready(now)

    def _bulk_is_down(self, endpoint: EndpointState) -> bool:
        """Single requests can replace bulk requests, so no scan waits long for a dead endpoint."""
        return endpoint.backoff.failures >= BULK_DOWN_AFTER

    def _needs_probe(self, task: Task, endpoint: EndpointState) -> bool:
        """Whether the endpoint has no other request that shows if it is the API that fails."""
        return task.failures % 2 == 1 and task.doubtful(endpoint)


def _first_tries(request: LogsPage | ReadCalls) -> Sequence[str]:
    """The calls whose details fail for the first time. A call that keeps failing counts once, so
    that a few bad calls cannot take the account down again with every retry.
    """
    return () if isinstance(request, LogsPage) or request.again else request.session_ids
