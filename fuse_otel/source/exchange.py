"""One request to the API: an answer, or the error that says why there is none."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import httpx

from fuse_otel import net
from fuse_otel.core.written import size
from fuse_otel.errors import (
    ConfigurationError,
    Malformed,
    SourceError,
    TimedOut,
    TooLarge,
    Unreachable,
)
from fuse_otel.events import ApiAnswered, ClockSkewSeen, Emit
from fuse_otel.ports import Endpoint
from fuse_otel.source.answer import Answer
from fuse_otel.source.options import ApiOptions

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

    def get(self, endpoint: Endpoint, path: str, query: Mapping[str, str]) -> Answer:
        """Whatever the status. ``path`` is encoded already. Raises ``SourceError``."""
        with (
            _foreign_errors(self._options),
            net.deadline(self._options.deadline),
            self._answered(endpoint, path, query) as response,
        ):
            wait = net.retry_after(response.headers, self._clock())
            return Answer(response.status_code, self._body(response), wait)

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
