"""The product's source, asking the simulated API in this process: real answers, no sockets."""

from __future__ import annotations

import base64
import ssl
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from unittest.mock import patch
from urllib.parse import urlencode

import httpx

from fuse_otel import net
from fuse_otel.errors import Malformed, SourceError, TimedOut, TooLarge, Unreachable
from fuse_otel.events import Emit
from fuse_otel.poller import Outcome, Work
from fuse_otel.ports import Endpoint
from fuse_otel.simulator.content import Content, WorldContent
from fuse_otel.simulator.faults import FaultKind, Faults
from fuse_otel.simulator.quirks import Quirks
from fuse_otel.simulator.requests import ReceivedRequest, RequestRecorder
from fuse_otel.simulator.responses import SimulatedResponse
from fuse_otel.simulator.simulated_api import BASE, SimulatedEndpoints
from fuse_otel.simulator.world import World
from fuse_otel.source import FuseApi
from fuse_otel.source.fuse_api import ApiOptions, ApiResponse

_FAILURES: Mapping[FaultKind, tuple[type[SourceError], float]] = {
    FaultKind.CUT: (Unreachable, 0.0),
    FaultKind.DOWN: (Unreachable, 0.0),
    FaultKind.RESET: (Unreachable, 0.0),
    FaultKind.DRIBBLE: (TimedOut, 60.0),
    FaultKind.FLOOD: (TooLarge, 1.0),
    FaultKind.BAD_CHUNKS: (Unreachable, 0.0),
}


# For a client that opens no connection: to read the machine's authorities takes longer than a run.
_NO_AUTHORITIES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)

# After these the same request gets its whole response again. The others change values, or make a
# log unreadable: a daemon may give such a log up.
PASSING_FAULTS = [
    kind
    for kind in FaultKind
    if kind
    not in {
        FaultKind.LATENCY,
        FaultKind.XML,
        FaultKind.BAD_ENCODING,
        FaultKind.BOMB,
        FaultKind.NESTED,
        FaultKind.GARBLED,
    }
]


class ContentExchange:
    """Takes the place of the source's HTTP exchange. ``passed`` is told how long a request took."""

    def __init__(
        self,
        content: Content,
        faults: Faults,
        clock: Callable[[], float],
        passed: Callable[[float], None],
    ) -> None:
        self.recorder = RequestRecorder()
        self._clock = clock
        self._passed = passed
        self._api = SimulatedEndpoints(
            content,
            faults,
            self.recorder,
            email="e",
            developer_key="k",
            quirks=Quirks(),
            clock=clock,
        )
        self._headers = {"authorization": "Basic " + base64.b64encode(b"e:k").decode()}

    def get(self, endpoint: Endpoint, path: str, query: Mapping[str, str]) -> ApiResponse:
        answer = self._api.respond(
            ReceivedRequest("GET", f"{BASE}/{path}?{urlencode(query)}", self._headers)
        )
        self._passed(answer.latency)
        return self._arrived(answer)

    def close(self) -> None:
        """There is no connection."""

    def _arrived(self, answer: SimulatedResponse) -> ApiResponse:
        if answer.delivery in _FAILURES:
            kind, seconds = _FAILURES[answer.delivery]
            self._passed(seconds)
            raise kind(f"simulated: {answer.delivery}")
        if "Content-Encoding" in answer.headers:
            raise Malformed("simulated: not gzip, or far too much of it")
        wait = net.retry_after(httpx.Headers(dict(answer.headers)), self._clock())
        return ApiResponse(answer.status, answer.body, wait, self._clock())


class InProcessExchange(ContentExchange):
    """Tells the calls of a simulated world."""

    def __init__(
        self,
        world: World,
        quirks: Quirks,
        faults: Faults,
        clock: Callable[[], float],
        passed: Callable[[float], None],
    ) -> None:
        super().__init__(WorldContent(world, quirks), faults, clock, passed)


def in_process_source(exchange: ContentExchange, emit: Emit, clock: Callable[[], float]) -> FuseApi:
    with patch("fuse_otel.net._client.default_trust", return_value=_NO_AUTHORITIES):
        source = FuseApi("a", ApiOptions("http://simulated/api", "e", "k"), emit, clock)
    source.close()
    # The real ones: messages are cleaned of them.
    exchange.credentials = source._exchange.credentials  # type: ignore[attr-defined]
    source._exchange = exchange  # type: ignore[assignment]
    return source


def in_this_thread(works: Sequence[Work], _patience: float) -> Sequence[Future[Outcome]]:
    """A ``RequestRunner`` whose requests are done when it returns."""
    return [_done(work) for work in works]


def _done(work: Work) -> Future[Outcome]:
    future: Future[Outcome] = Future()
    try:
        answer = work()
    except Exception as error:  # noqa: BLE001 - it is the answer
        answer = error
    future.set_result(Outcome(answer, 0.0))
    return future
