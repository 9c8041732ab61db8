"""The requests of the scans, and what is run for each of them."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from concurrent.futures import Future
from enum import StrEnum
from functools import partial
from typing import Any, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from fuse_otel.core.model.call import CallLog, CallPage, LogPage
from fuse_otel.core.timing.windows import OVERLAP, Window
from fuse_otel.errors import SourceError
from fuse_otel.ports import Source


class EndpointQueue(StrEnum):
    """Requests that share a back-off: those to one endpoint. Calls whose details failed before have
    a queue of their own, so that one bad call delays no other.
    """

    CALLS = "calls"
    ALL_LOGS = "all_logs"
    CALL = "call"
    FAILING_CALL = "failing_call"


class Doubt(Struct, frozen=True):
    """What is known of the window of a list request. ``suspect``: it failed before, though the API
    answered for others, so a failure shows nothing more of the API. ``patient``: it may take as
    long as any request.
    """

    suspect: bool = False
    patient: bool = False


NO_DOUBT, SEARCHED, RETRIED = Doubt(), Doubt(suspect=True), Doubt(suspect=True, patient=True)


class ListPage(Struct, frozen=True):
    window: Window
    number: str
    offset: int
    limit: int
    doubt: Doubt = NO_DOUBT
    queue = EndpointQueue.CALLS
    cost = 1

    @property
    def divisible(self) -> bool:
        """Whether it covers more than a single second and its neighbours."""
        return self.window.seconds > 1 + 2 * OVERLAP

    def probe(self, back: int) -> ListPage:
        """A small request that shows whether the endpoint answers at all. It asks for one second,
        ``back`` seconds before the window.
        """
        return replace(self, window=_before(self.window, back), offset=0, limit=1, doubt=NO_DOUBT)


class LogsPage(Struct, frozen=True):
    """``wanted``: the session ids whose logs are read; ``None``: those of all calls."""

    window: Window
    number: str
    offset: int
    limit: int
    wanted: frozenset[str] | None = None
    queue = EndpointQueue.ALL_LOGS
    cost = 1


class ReadCalls(Struct, frozen=True):
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


class Outcome(Struct, frozen=True):
    """What became of a piece of work. ``answer`` is an exception if it raised one. ``seconds``: how
    long it took.
    """

    answer: object
    seconds: float


Work = Callable[[], object]
RequestRunner = Callable[[Sequence[Work], float], Sequence[Future[Outcome]]]
"""Begins the pieces of work, all at once. None of them takes longer than so many seconds. The
futures raise nothing."""

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


def work_of(request: Request, source: Source) -> Sequence[Work]:
    """What to run for a request: one piece, or one for each of several calls."""
    if isinstance(request, ReadCalls):
        return [partial(source.read_call, session_id) for session_id in request.session_ids]
    start, end = request.window
    number, offset, limit = request.number, request.offset, request.limit
    if isinstance(request, ListPage):
        read = source.list_calls
        return [partial(read, start, end, number=number, offset=offset, limit=limit)]
    logs = partial(source.read_logs, start, end, wanted=request.wanted)
    return [partial(logs, number=number, offset=offset, limit=limit)]


def _before(window: Window, back: int) -> Window:
    start = max(0, window.start - back)
    return Window(start, start + 1)
