"""An HTTP answer to an export request → what became of the request."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import urlsplit

from fuse_otel.core.outcome import Held, Outcome, Refused, Retry, TooLarge
from fuse_otel.destinations.answers import Foreign, partial_success, words
from fuse_otel.destinations.export_answer import about_one_record, outcome_of_success

# Ours to mend: nothing is wrong with the data.
_HELD = {
    HTTPStatus.UNAUTHORIZED: "check the credentials in the headers",
    HTTPStatus.FORBIDDEN: "check the credentials in the headers and what they may do",
    HTTPStatus.NOT_FOUND: "check the path of the endpoint",
    HTTPStatus.METHOD_NOT_ALLOWED: "check the endpoint: it takes no export requests",
    HTTPStatus.PROXY_AUTHENTICATION_REQUIRED: "check the credentials of the proxy",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "check the endpoint: it takes no OTLP protobuf",
}
_RETRY = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS}

_PHRASES = {status.value: status.phrase for status in HTTPStatus}

# How Go, nginx and Apache say that their port speaks TLS.
_TLS_PORT = ("http request to an https server", "plain http request was sent to https port",
             "speaking plain http to an ssl-enabled server port")  # fmt: skip
# How Go's servers, the Collector among them, refuse what is past their limit: by a 400.
_TOO_LARGE = "request body too large"


@dataclass(frozen=True, slots=True)
class Answer:
    """``body`` is ``None`` where it could not be read as HTTP says (damaged, far too long).

    ``after``: the seconds the back end asks to wait.
    """

    status: int
    content_type: str = ""
    body: bytes | None = b""
    after: float | None = None
    location: str = ""

    @property
    def code(self) -> str:
        return str(self.status)

    @property
    def words(self) -> str:
        return words(self.content_type, self.body or b"")


def outcome_of(answer: Answer, items: int) -> Outcome:
    """``items``: spans or log records that were sent. The reason may quote the back end."""
    status = answer.status
    if status < HTTPStatus.MULTIPLE_CHOICES:
        return _success(answer, items)
    if status < HTTPStatus.BAD_REQUEST:
        return _redirect(answer)
    if status in _HELD:
        return Held(answer.code, _sentence(answer, _HELD[HTTPStatus(status)]))
    if status in _RETRY or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Retry(answer.code, _sentence(answer), answer.after)
    if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return TooLarge(answer.code, _sentence(answer))
    return _refusal(answer)


def refused_by_proxy(status: int) -> Held | Retry:
    """A proxy would not connect us to the back end: nothing is wrong with the data."""
    outcome = outcome_of(Answer(status), 0)
    reason = f"the proxy refused to connect: {status}"
    return Held(outcome.code, reason) if isinstance(outcome, Held) else Retry(str(status), reason)


def _success(answer: Answer, items: int) -> Outcome:
    if answer.body is None:
        return _foreign(answer)
    try:
        told = partial_success(answer.content_type, answer.body)
    except Foreign:
        return _foreign(answer)
    return outcome_of_success(answer.code, told, items)


def _foreign(answer: Answer) -> Held:
    """A proxy, a login page or another service answers in the back end's place."""
    return Held(answer.code, _sentence(answer, "check the endpoint: this is no answer of OTLP"))


def _redirect(answer: Answer) -> Held:
    """Not followed: data and credentials go only where the configuration says."""
    reason = f"{answer.status}: redirected{_origin(answer.location)}; check the endpoint"
    return Held(answer.code, reason)


def _origin(location: str) -> str:
    """Scheme and host alone: the rest of an address may hold a token."""
    try:
        target = urlsplit(location)
    except ValueError:
        return ""
    return f" to {target.scheme}://{target.hostname}" if target.hostname else ""


def _refusal(answer: Answer) -> Outcome:
    told = answer.words
    if any(words in told.lower() for words in _TLS_PORT):
        return Held(answer.code, "plain HTTP was spoken to a TLS port; write https://")
    if _TOO_LARGE in told.lower():
        return TooLarge(answer.code, _sentence(answer))
    return Refused(answer.code, _sentence(answer), one_record=about_one_record(told))


def _sentence(answer: Answer, hint: str = "") -> str:
    """The hint comes before the foreign words: those may be long."""
    status = f"{answer.status} {_PHRASES.get(answer.status, '')}".strip()
    ours = f"{status}; {hint}" if hint else status
    return f"{ours}: {answer.words}" if answer.words else ours
