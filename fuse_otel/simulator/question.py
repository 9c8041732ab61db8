"""What a request asks of the API."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs, unquote, urlsplit

from fuse_otel.simulator.quantities import is_number

LARGEST_LIMIT = 10_000


@dataclass(frozen=True, slots=True)
class Request:
    """An HTTP request. The keys of ``headers`` are lower case."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Question:
    """``endpoint`` is ``calls``, ``all_logs``, ``call`` or ``other``; a list has a window, a
    call a session id. ``limit`` is ``None`` where the default applies.
    """

    endpoint: str
    start: int = 0
    end: int = 0
    session_id: str = ""
    number: str = ""
    offset: int = 0
    limit: int | None = None
    xml: bool = False


OTHER = Question("other")


def understand(request: Request, base: str) -> Question:
    """The question behind a request; ``base`` is the path the API lives under."""
    url = urlsplit(request.target)
    if not url.path.startswith(f"{base}/"):
        return OTHER
    match [unquote(part) for part in url.path.removeprefix(base).split("/")]:
        case ["", "call", session_id] if session_id:
            return Question("call", session_id=session_id, xml=_wants_xml(request))
        case ["", ("calls" | "all_logs") as endpoint, start, end] if is_number(start) and is_number(
            end
        ):
            query = {name: values[-1] for name, values in parse_qs(url.query).items()}
            return Question(
                endpoint,
                start=int(start),
                end=int(end),
                number=query.get("number", ""),
                offset=_count(query.get("offset")) or 0,
                limit=_count(query.get("limit")),
                xml=_wants_xml(request),
            )
    return OTHER


def _count(text: str | None) -> int | None:
    """A number as PHP's cast takes it: nonsense counts as absent."""
    return int(text) if text is not None and is_number(text) else None


def _wants_xml(request: Request) -> bool:
    return "application/xml" in request.headers.get("accept", "")
