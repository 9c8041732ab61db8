"""The requests of the scans, and the code that makes one of them."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, TypeVar

from fuse_otel.core.model.call import TOO_LARGE_LOG, CallLog, CallPage, LogPage
from fuse_otel.core.timing.windows import Window
from fuse_otel.errors import SourceError, TooLarge
from fuse_otel.ports import Source


class EndpointQueue(StrEnum):
    """Requests that share a back-off: those to one endpoint. Calls whose details failed before have
    a queue of their own, so that one bad call delays no other.
    """

    CALLS = "calls"
    ALL_LOGS = "all_logs"
    CALL = "call"
    FAILING_CALL = "failing_call"


@dataclass(frozen=True, slots=True)
class ListPage:
    window: Window
    number: str
    offset: int
    limit: int
    queue = EndpointQueue.CALLS
    cost = 1

    def probe(self, back: int) -> ListPage:
        """A small request that shows whether the endpoint answers at all. It asks for one second,
        ``back`` seconds before the window.
        """
        return replace(self, window=_before(self.window, back), offset=0, limit=1)


@dataclass(frozen=True, slots=True)
class LogsPage:
    window: Window
    number: str
    offset: int
    limit: int
    queue = EndpointQueue.ALL_LOGS
    cost = 1

    def probe(self, back: int) -> LogsPage:
        return replace(self, window=_before(self.window, back), offset=0, limit=1)


@dataclass(frozen=True, slots=True)
class ReadCalls:
    """The details of a few calls, requested at once. ``again``: they failed before."""

    session_ids: tuple[str, ...]
    again: bool = False

    @property
    def queue(self) -> EndpointQueue:
        return EndpointQueue.FAILING_CALL if self.again else EndpointQueue.CALL

    @property
    def cost(self) -> int:
        return len(self.session_ids)


Request = ListPage | LogsPage | ReadCalls
Answers = Mapping[str, CallLog | SourceError]
ReadMany = Callable[[Sequence[str]], Answers]
"""Requests the logs of a few calls at once. An error concerns its own call only."""

Result = TypeVar("Result")
Scan = Generator[Request, Any, Result]
"""Yields requests and is sent their answers. The scheduler may throw ``WindowPoisoned`` or
``TooLarge`` into it."""


class WindowPoisoned(Exception):
    """One request fails with ``error``, others to its endpoint do not. Never leaves the poller."""

    def __init__(self, error: SourceError) -> None:
        super().__init__()
        self.error = error


def list_page(request: ListPage) -> Scan[CallPage]:
    page: CallPage = yield request
    return page


def logs_page(request: LogsPage) -> Scan[LogPage]:
    page: LogPage = yield request
    return page


def read_calls(request: ReadCalls) -> Scan[Answers]:
    answers: Answers = yield request
    return answers


def make(request: Request, source: Source, read_many: ReadMany) -> CallPage | LogPage | Answers:
    """Make the request. Raises ``SourceError``. A request for several calls fails only if all of
    them fail.

    A log that is too large counts as an answer, because a later try would not change it.
    """
    if isinstance(request, ListPage):
        start, end = request.window
        return source.list_calls(
            start, end, number=request.number, offset=request.offset, limit=request.limit
        )
    if isinstance(request, LogsPage):
        start, end = request.window
        return source.read_logs(
            start, end, number=request.number, offset=request.offset, limit=request.limit
        )
    answers = {
        session_id: TOO_LARGE_LOG if isinstance(answer, TooLarge) else answer
        for session_id, answer in read_many(request.session_ids).items()
    }
    errors = [answer for answer in answers.values() if isinstance(answer, SourceError)]
    if errors and len(errors) == len(answers):
        raise errors[0]
    return answers


def _before(window: Window, back: int) -> Window:
    start = max(0, window.start - back)
    return Window(start, start + 1)
