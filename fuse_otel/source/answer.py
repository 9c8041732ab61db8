"""The options of the API client, its answers, and the errors that unusable answers become."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus

from fuse_otel import __version__
from fuse_otel.core.decoding.answers import NotUnderstood, decode_error
from fuse_otel.core.model.tally import Tally
from fuse_otel.core.redaction.personal_data import without_personal
from fuse_otel.errors import (
    Malformed,
    ServerFailed,
    SourceError,
    Throttled,
    Unauthorized,
    Unexpected,
)
from fuse_otel.humanize import in_quotes
from fuse_otel.ports import Endpoint

LONGEST_REASON = 64 * 1024  # bytes of an error's body
_LONGEST_QUOTE = 200  # characters of the API's text in a message


@dataclass(frozen=True, slots=True)
class ApiOptions:
    """``url`` is the base of the three endpoints. ``deadline``: seconds for a whole request;
    ``max_bytes``: the limit of a decoded answer. ``reread_key`` reads the key again from its file,
    if it has one, and raises ``ValueError`` if the file holds none.
    """

    url: str
    email: str = field(repr=False)
    developer_key: str = field(repr=False)
    reread_key: Callable[[], str] | None = field(default=None, repr=False)
    deadline: float = 60.0
    max_bytes: int = 32 * 1024 * 1024
    user_agent: str = f"fuse-otel/{__version__}"


@dataclass(frozen=True, slots=True)
class ApiResponse:
    """``retry_after``: the wait in seconds that the API requests; ``date``: its clock in UNIX
    seconds. ``None`` where the headers have none.
    """

    status: int
    body: bytes
    retry_after: float | None = None
    date: float | None = None

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300  # noqa: PLR2004 - the range of HTTP's successes


def error_of(endpoint: Endpoint, answer: ApiResponse, secrets: Sequence[str]) -> SourceError:
    """The error for an answer whose status is no success."""
    kind, sentence = _meaning(endpoint, answer.status)
    if kind is Unauthorized and any(map(in_quotes, secrets)):
        sentence += "; remove the quotes around them"
    message = sentence + _quote(answer.body, secrets)
    return kind(message, retry_after=answer.retry_after)


def malformed(
    endpoint: Endpoint, answer: ApiResponse, problem: NotUnderstood, secrets: Sequence[str]
) -> Malformed:
    """The error for a success with unusable content."""
    start = answer.body[:64].lstrip()
    reason = str(problem)
    if not start:
        reason = "it is empty"
    elif start.startswith(b"<"):
        reason = f"{reason}; is a proxy in between, or the API URL wrong?"
    quote = _quote(answer.body, secrets)
    return Malformed(f"The Fuse API's answer to /{endpoint} was not understood: {reason}{quote}")


def _meaning(endpoint: Endpoint, status: int) -> tuple[type[SourceError], str]:
    if status == HTTPStatus.UNAUTHORIZED:
        return Unauthorized, (
            "The Fuse API refused the login (401): check the email and the developer key, "
            "and that the account is active"
        )
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return Throttled, f"The Fuse API asks for fewer requests (429 on /{endpoint})"
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return ServerFailed, f"The Fuse API failed ({status} on /{endpoint})"
    hint = "; check the API URL, and any proxy in between"
    return Unexpected, f"The Fuse API answered {status} on /{endpoint}{hint}"


def _quote(body: bytes, secrets: Sequence[str]) -> str:
    """The API's own reason, unless it may contain private data. Never raises: a hint that cannot be
    made must not replace the error that it explains.
    """
    if not body or len(body) > LONGEST_REASON:
        return ""
    try:
        reason = " ".join(decode_error(body).split())
        private = any(secret and secret in reason for secret in secrets) or _is_personal(reason)
    except Exception:  # noqa: BLE001 - see above
        return ""
    if private or not reason or len(reason) > _LONGEST_QUOTE or not reason.isprintable():
        return ""
    return f' (it says: "{reason}")'


def _is_personal(reason: str) -> bool:
    return without_personal(reason, kept=lambda _number: False, tally=Tally()) != reason
