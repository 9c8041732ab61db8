"""An answer of the API, and what its status means where it is not the thing asked for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus

from fuse_otel.core.decode import NotUnderstood, decode_error
from fuse_otel.core.personal import without_personal
from fuse_otel.errors import (
    Malformed,
    ServerFailed,
    SourceError,
    Throttled,
    Unauthorized,
    Unexpected,
)
from fuse_otel.ports import Endpoint

_SAYABLE = 200  # characters of the API's own words


@dataclass(frozen=True, slots=True)
class Answer:
    """``retry_after``: seconds to wait, if the API asked for it."""

    status: int
    body: bytes
    retry_after: float | None = None

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300  # noqa: PLR2004 - the range of HTTP's successes


def refusal(endpoint: Endpoint, answer: Answer, secrets: Sequence[str]) -> SourceError:
    """The error that an answer other than a success stands for."""
    kind, sentence = _meaning(endpoint, answer.status)
    message = sentence + _in_its_words(answer.body, secrets)
    return kind(message, retry_after=answer.retry_after)


def misunderstanding(
    endpoint: Endpoint, answer: Answer, problem: NotUnderstood, secrets: Sequence[str]
) -> Malformed:
    """The error that a success with the wrong content stands for."""
    start = answer.body[:64].lstrip()
    reason = str(problem)
    if not start:
        reason = "it is empty"
    elif start.startswith(b"<"):
        reason = "it is a web page or XML; is a proxy in between, or the API URL wrong?"
    words = _in_its_words(answer.body, secrets)
    return Malformed(f"The Fuse API's answer to /{endpoint} was not understood: {reason}{words}")


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


def _in_its_words(body: bytes, secrets: Sequence[str]) -> str:
    """The API's own reason, unless it may hold what must not be shown."""
    reason = " ".join(decode_error(body).split()) if body else ""
    if not reason or len(reason) > _SAYABLE or not reason.isprintable():
        return ""
    if any(secret and secret in reason for secret in secrets) or _is_personal(reason):
        return ""
    return f' (it says: "{reason}")'


def _is_personal(reason: str) -> bool:
    return without_personal(reason, kept=lambda _number: False, redactions=Counter()) != reason
