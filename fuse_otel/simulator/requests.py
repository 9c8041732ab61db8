"""The requests that the simulator receives: read, understood and recorded."""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs, unquote, urlsplit

from fuse_otel.simulator.switches import is_number

LARGEST_LIMIT = 10_000
_RECORDED = 10_000


@dataclass(frozen=True, slots=True)
class ReceivedRequest:
    """The keys of ``headers`` are lower case."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class ApiQuery:
    """``endpoint`` is ``calls``, ``all_logs``, ``call`` or ``other``. A list has a window (UNIX
    seconds), a call has a session id. ``limit`` is ``None`` where the default applies.
    """

    endpoint: str
    start: int = 0
    end: int = 0
    session_id: str = ""
    number: str = ""
    offset: int = 0
    limit: int | None = None
    xml: bool = False


OTHER = ApiQuery("other")


def parse_query(request: ReceivedRequest, base: str) -> ApiQuery:
    """What the request wants from the API, whose paths begin with ``base``."""
    url = urlsplit(request.target)
    if not url.path.startswith(f"{base}/"):
        return OTHER
    match [unquote(part) for part in url.path.removeprefix(base).split("/")]:
        case ["", "call", session_id] if session_id:
            return ApiQuery("call", session_id=session_id, xml=_accepts_xml(request))
        case ["", ("calls" | "all_logs") as endpoint, start, end] if is_number(start) and is_number(
            end
        ):
            parameters = {name: values[-1] for name, values in parse_qs(url.query).items()}
            return ApiQuery(
                endpoint,
                start=int(start),
                end=int(end),
                number=parameters.get("number", ""),
                offset=_count(parameters.get("offset")) or 0,
                limit=_count(parameters.get("limit")),
                xml=_accepts_xml(request),
            )
    return OTHER


def _count(text: str | None) -> int | None:
    """Any text that is no number counts as absent, as in PHP."""
    return int(text) if text is not None and is_number(text) else None


def _accepts_xml(request: ReceivedRequest) -> bool:
    return "application/xml" in request.headers.get("accept", "")


@dataclass(frozen=True, slots=True)
class RecordedRequest:
    """``status`` is set also if a fault kept the response from arriving."""

    query: ApiQuery
    user_agent: str
    status: int


class RequestRecorder:
    """Thread-safe. Counts all requests and keeps the last 10,000."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()
        self._last: deque[RecordedRequest] = deque(maxlen=_RECORDED)

    def add(self, recorded: RecordedRequest) -> None:
        with self._lock:
            self._counts[recorded.query.endpoint] += 1
            self._last.append(recorded)

    def counts(self) -> Counter[str]:
        with self._lock:
            return self._counts.copy()

    def last(self) -> tuple[RecordedRequest, ...]:
        with self._lock:
            return tuple(self._last)
