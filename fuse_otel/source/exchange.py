"""One request to the API: an answer, or the error that says why there is none.

An answer of the API, and what its status means where it is not the thing asked for.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus

import httpx

from fuse_otel import __version__, net
from fuse_otel.core.decoding.answers import NotUnderstood, decode_error
from fuse_otel.core.redaction.personal_data import without_personal
from fuse_otel.errors import (
    ConfigurationError,
    Malformed,
    ServerFailed,
    SourceError,
    Throttled,
    TimedOut,
    TooLarge,
    Unauthorized,
    Unexpected,
    Unreachable,
)
from fuse_otel.events import ApiAnswered, ClockSkewSeen, Emit
from fuse_otel.humanize import size
from fuse_otel.ports import Endpoint

_SAYABLE = 200  # characters of the API's own words


@dataclass(frozen=True, slots=True)
class ApiOptions:
    """``url`` is the base of the three endpoints. ``deadline``: seconds a request may take in all;
    ``max_bytes``: how long a decoded answer may be.
    """

    url: str
    email: str = field(repr=False)
    developer_key: str = field(repr=False)
    deadline: float = 60.0
    max_bytes: int = 32 * 1024 * 1024
    user_agent: str = f"fuse-otel/{__version__}"


@dataclass(frozen=True, slots=True)
class ApiResponse:
    """``retry_after``: seconds to wait, if the API asked for it."""

    status: int
    body: bytes
    retry_after: float | None = None

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300  # noqa: PLR2004 - the range of HTTP's successes


def refusal(endpoint: Endpoint, answer: ApiResponse, secrets: Sequence[str]) -> SourceError:
    """The error that an answer other than a success stands for."""
    kind, sentence = _meaning(endpoint, answer.status)
    message = sentence + _in_its_words(answer.body, secrets)
    return kind(message, retry_after=answer.retry_after)


def misunderstanding(
    endpoint: Endpoint, answer: ApiResponse, problem: NotUnderstood, secrets: Sequence[str]
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


_CONNECT = 10.0  # seconds: a host that does not even accept is given up earlier than a slow one
_MAX_REASON = 64 * 1024  # bytes of an error's body


class Exchange:
    """May be used by many threads at once; so must ``emit``."""

    def __init__(
        self, account: str, options: ApiOptions, emit: Emit, clock: Callable[[], float]
    ) -> None:
        self._account = account
        self._options = options
        self._emit = emit
        self._clock = clock
        self._base = _base(options.url)
        self._auth = httpx.BasicAuth(options.email, options.developer_key)
        self._timeout = httpx.Timeout(options.deadline, connect=min(_CONNECT, options.deadline))
        self._client = net.client(
            headers={"Accept": "application/json", "User-Agent": options.user_agent}
        )

    def get(self, endpoint: Endpoint, path: str, query: Mapping[str, str]) -> ApiResponse:
        """Whatever the status. ``path`` is encoded already. Raises ``SourceError``."""
        with (
            _foreign_errors(self._options),
            net.deadline(self._options.deadline),
            self._answered(endpoint, path, query) as response,
        ):
            wait = net.retry_after(response.headers, self._clock())
            return ApiResponse(response.status_code, self._body(response), wait)

    def close(self) -> None:
        self._client.close()

    @contextmanager
    def _answered(
        self, endpoint: Endpoint, path: str, query: Mapping[str, str]
    ) -> Iterator[httpx.Response]:
        """The response, announced when it is read."""
        began = time.monotonic()
        with self._client.stream(
            "GET", f"{self._base}/{path}", params=query, auth=self._auth, timeout=self._timeout
        ) as response:
            self._compare_clocks(response.headers.get("Date"))
            try:
                yield response
            finally:
                seconds = time.monotonic() - began
                answered = ApiAnswered(self._account, endpoint, response.status_code, seconds)
                self._emit(answered)

    def _compare_clocks(self, date: str | None) -> None:
        theirs = net.http_date(date)
        if theirs is not None:
            self._emit(ClockSkewSeen(self._account, theirs - self._clock()))

    def _body(self, response: httpx.Response) -> bytes:
        if response.is_success:
            return net.read_limited(response, self._options.max_bytes)
        try:
            return net.read_limited(response, _MAX_REASON)
        except (httpx.HTTPError, net.BodyTooLarge):
            return b""  # the status says enough


def _base(url: str) -> str:
    try:
        httpx.URL(url)
    except httpx.InvalidURL:
        raise ConfigurationError(["The API URL is no web address"]) from None
    return url.rstrip("/")


# What httpx raises, what it is to us, and the sentence. The first kind that fits counts. Foreign
# words are passed on where they are the operating system's own, never where they may quote data.
_TRANSLATIONS: tuple[tuple[type[httpx.HTTPError], type[SourceError], str], ...] = (
    (net.DeadlinePassed, TimedOut, "The Fuse API did not answer in full within {deadline:.3g} s"),
    (httpx.ConnectTimeout, TimedOut, "The Fuse API's host did not accept a connection in time"),
    (httpx.TimeoutException, TimedOut, "The Fuse API did not answer within {deadline:.3g} s"),
    (httpx.DecodingError, Malformed, "The Fuse API's answer was not understood: {error}"),
    (httpx.ConnectError, Unreachable, "The Fuse API cannot be reached: {error}"),
    (httpx.NetworkError, Unreachable, "The connection to the Fuse API broke: {error}"),
    (httpx.ProxyError, Unreachable, "The proxy before the Fuse API refused to connect"),
    (httpx.UnsupportedProtocol, Unreachable, "The API URL must begin with http:// or https://"),
    (httpx.HTTPError, Unreachable, "The Fuse API's host closed early, or speaks no HTTP"),
)


@contextmanager
def _foreign_errors(options: ApiOptions) -> Iterator[None]:
    deadline = net.left(options.deadline)
    try:
        yield
    except net.BodyTooLarge:
        raise TooLarge(f"The Fuse API's answer is longer than {size(options.max_bytes)}") from None
    except httpx.HTTPError as error:
        kind, sentence = next(
            (kind, sentence)
            for foreign, kind, sentence in _TRANSLATIONS
            if isinstance(error, foreign)
        )
        # The foreign error knows the request, and with it the number and the session id.
        raise kind(sentence.format(error=net.words_of(error), deadline=deadline)) from None
