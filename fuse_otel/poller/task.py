"""A reading on its way: the request it waits for, and how often that one failed."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from enum import IntEnum

from fuse_otel.core.backoff import Backoff
from fuse_otel.errors import Malformed, ServerFailed, SourceError, TimedOut
from fuse_otel.poller.request import Reading, Request, Track

UNANSWERED_AFTER = 2  # failures of one request while its endpoint answers others


class Priority(IntEnum):
    LIVE = 0
    PENDING = 1
    RESCAN = 2
    GAP = 3
    BACKFILL = 4


class EndpointState:
    """Whether an endpoint answers: back-off over all requests to it, and a count of answers."""

    def __init__(self) -> None:
        self.backoff = Backoff(first=1.0, most=60.0)
        self.answered = 0

    def succeed(self) -> None:
        self.answered += 1
        self.backoff.succeed()


class Task:
    """``name`` tells tasks apart that must not run twice at once."""

    def __init__(self, priority: Priority, name: str, reading: Reading[None]) -> None:
        self.priority = priority
        self.name = name
        self._reading = reading
        self.request: Request | None = None
        self.failures = 0
        self._answered = 0

    @property
    def done(self) -> bool:
        return self.request is None

    def start(self) -> None:
        """Run to the first request."""
        self._go_on(lambda: next(self._reading))

    def answer(self, answer: object) -> None:
        self._go_on(lambda: self._reading.send(answer))

    def throw(self, error: Exception) -> None:
        self._go_on(lambda: self._reading.throw(error))

    def _go_on(self, advance: Callable[[], Request]) -> None:
        # Cleared first: a reading that ends with an error is done too.
        self.request = None
        self.failures = 0
        with suppress(StopIteration):
            self.request = advance()

    def failed(self, endpoint: EndpointState) -> None:
        if self.failures == 0:
            self._answered = endpoint.answered
        self.failures += 1

    def probed(self) -> None:
        """Something else was asked on this task's turn: its own request is next."""
        self.failures += 1

    def doubtful(self, endpoint: EndpointState) -> bool:
        """It failed, and nothing of its endpoint was answered since: others go first."""
        return self.failures > 0 and endpoint.answered == self._answered

    def unanswerable(self, endpoint: EndpointState, error: SourceError) -> bool:
        """The request is to blame, not the API: its endpoint answers others meanwhile. Single
        calls that fail never hold up what waits behind them.
        """
        if self.failures < UNANSWERED_AFTER:
            return False
        if not isinstance(error, ServerFailed | Malformed | TimedOut):
            return False
        request = self.request
        single = request is not None and request.track in {Track.CALL, Track.FAILING_CALL}
        return single or endpoint.answered > self._answered
