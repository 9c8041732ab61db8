"""What became of an export request over HTTP: from the response, or from httpx's error."""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterator
from http import HTTPStatus
from urllib.parse import urlsplit

import httpx
from msgspec import Struct

from fuse_otel.core.batching.export_result import (
    ExportResult,
    PermanentFailure,
    RequestTooLarge,
    Retry,
    Suspended,
)
from fuse_otel.destinations.otlp_response import (
    TAKES_SIGNAL,
    TOO_LONG,
    Foreign,
    about_one_record,
    partial_success,
    result_of_success,
    sentence,
    words,
)
from fuse_otel.net import words_of

# The configuration is wrong, not the data.
_SUSPENDED = {
    HTTPStatus.UNAUTHORIZED: "check the credentials in the headers",
    HTTPStatus.FORBIDDEN: "check the credentials in the headers and what they may do",
    # Jaeger, which stores traces only, answers 404 to log records.
    HTTPStatus.NOT_FOUND: f"check the path of the endpoint, and {TAKES_SIGNAL}",
    HTTPStatus.METHOD_NOT_ALLOWED: "check the endpoint: it takes no export requests",
    HTTPStatus.PROXY_AUTHENTICATION_REQUIRED: "check the credentials of the proxy",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "check the endpoint: it takes no OTLP protobuf",
}
_RETRY = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS}

_PHRASES = {status.value: status.phrase for status in HTTPStatus}

# The messages of Go, nginx and Apache if their port expects TLS.
_TLS_PORT = ("http request to an https server", "plain http request was sent to https port",
             "speaking plain http to an ssl-enabled server port")  # fmt: skip
# VictoriaLogs answers 400, not 404 or 401, where the endpoint or a header is configured wrongly.
_MISCONFIGURED = {
    "unsupported path requested": "check the path of the endpoint",
    "cannot parse common params from request": "check the headers",
}
# Servers in Go, such as the Collector, answer 400 to a request above their limit.
_TOO_LARGE = "request body too large"


class HttpResponse(Struct, frozen=True):
    """``body`` is ``None`` where it could not be read as HTTP says (damaged, ``too_long``).

    ``after``: the seconds the back end asks to wait. ``odd_wait``: its wait cannot
    be read.
    """

    status: int
    content_type: str = ""
    body: bytes | None = b""
    after: float | None = None
    odd_wait: bool = False
    too_long: bool = False
    location: str = ""

    @property
    def code(self) -> str:
        return str(self.status)

    @property
    def words(self) -> str:
        return words(self.content_type, self.body or b"")


def result_of(response: HttpResponse, items: int) -> ExportResult:
    """``items``: spans or log records that were sent. The reason may quote the back end."""
    status = response.status
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return _success(response, items)
    if status < HTTPStatus.BAD_REQUEST:
        return _redirect(response)
    if status in _SUSPENDED:
        return Suspended(response.code, _sentence(response, _SUSPENDED[HTTPStatus(status)]))
    if status in _RETRY or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        hint = "its Retry-After cannot be read" if response.odd_wait else ""
        return Retry(response.code, _sentence(response, hint), response.after)
    if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return RequestTooLarge(response.code, _sentence(response))
    return _refusal(response)


def refused_by_proxy(status: int) -> Suspended | Retry:
    """A proxy would not connect us to the back end: nothing is wrong with the data."""
    result = result_of(HttpResponse(status), 0)
    kind = Suspended if isinstance(result, Suspended) else Retry
    return kind(str(status), f"the proxy refused to connect: {status}")


def _success(response: HttpResponse, items: int) -> ExportResult:
    if response.too_long:
        return Suspended(response.code, _sentence(response, TOO_LONG))
    if response.body is None:
        return _foreign(response)
    try:
        found = partial_success(response.content_type, response.body)
    except Foreign:
        return _foreign(response)
    return result_of_success(response.code, found, items)


def _foreign(response: HttpResponse) -> Suspended:
    """A proxy, a login page or another service answers in the back end's place."""
    return Suspended(
        response.code, _sentence(response, "check the endpoint: this is no answer of OTLP")
    )


def _redirect(response: HttpResponse) -> Suspended:
    """Not followed: data and credentials go only where the configuration says."""
    reason = f"{response.status}: redirected{_origin(response.location)}; check the endpoint"
    return Suspended(response.code, reason)


def _origin(location: str) -> str:
    """Scheme and host alone: the rest of an address may hold a token."""
    try:
        target = urlsplit(location)
        host = target.hostname
    except ValueError:
        return ""
    return f" to {target.scheme}://{host}" if host else ""


def _refusal(response: HttpResponse) -> ExportResult:
    text = response.words
    if any(phrase in text.lower() for phrase in _TLS_PORT):
        return Suspended(response.code, "plain HTTP was spoken to a TLS port; write https://")
    for phrase, hint in _MISCONFIGURED.items():
        if text.startswith(phrase):
            return Suspended(response.code, _sentence(response, hint))
    if _TOO_LARGE in text.lower():
        return RequestTooLarge(response.code, _sentence(response))
    return PermanentFailure(response.code, _sentence(response), one_record=about_one_record(text))


def _sentence(response: HttpResponse, hint: str = "") -> str:
    status = f"{response.status} {_PHRASES.get(response.status, '')}".strip()
    return sentence(status, response.words, hint)


# A TLS connection that broke, not a TLS mismatch.
_BROKEN = (ssl.SSLEOFError, ssl.SSLZeroReturnError, ssl.SSLSyscallError)
# h11's messages for a first line that is not HTTP/1.1: a TLS alert, a gRPC preface, a mail server.
_NO_STATUS_LINE = ("illegal request line", "illegal status line")
_STATUS = re.compile(r"\d{3}")


def result_of_failure(error: httpx.HTTPError, timeout: float) -> ExportResult:
    """``timeout``: the seconds the exchange was given. The reason may quote the back end."""
    if isinstance(error, httpx.ProxyError):
        return _proxy(error)
    return _disagreement(error) or _misconfigured(error) or _passing(error, timeout)


def _disagreement(error: httpx.HTTPError) -> Suspended | None:
    """Both sides were connected but did not agree on TLS."""
    cause = next((cause for cause in _causes(error) if isinstance(cause, ssl.SSLError)), None)
    if cause is None or isinstance(cause, _BROKEN):
        return None
    if isinstance(cause, ssl.SSLCertVerificationError):
        return Suspended(
            "tls", f"the back end's certificate is not trusted: {cause.verify_message}"
        )
    hint = "check the certificates, and that the endpoint speaks TLS (else write http://)"
    return Suspended("tls", f"TLS failed: {cause.reason or 'no common ground'}; {hint}")


def _misconfigured(error: httpx.HTTPError) -> Suspended | None:
    if isinstance(error, httpx.LocalProtocolError):
        # h11's message would quote the header, which may be a credential.
        return Suspended("headers", "a configured header cannot be sent")
    if isinstance(error, httpx.RemoteProtocolError) and str(error).startswith(_NO_STATUS_LINE):
        hint = "check the port: TLS needs https://, gRPC (often 4317) is another protocol"
        return Suspended("protocol", f"what answers speaks no HTTP; {hint}")
    return None


def _passing(error: httpx.HTTPError, timeout: float) -> Retry:
    if isinstance(error, httpx.TimeoutException):
        return Retry("timeout", f"no complete answer within {timeout:.3g} s")
    if isinstance(error, httpx.RemoteProtocolError):
        return Retry("network", "the back end closed the connection before its answer was whole")
    return Retry("network", words_of(error) or "the connection broke")


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _proxy(error: httpx.ProxyError) -> ExportResult:
    """The proxy's refusal to connect begins with its status; one that speaks SOCKS has none."""
    found = _STATUS.match(str(error))
    if found is None:
        return Retry("proxy", "the proxy refused to connect")
    return refused_by_proxy(int(found[0]))
