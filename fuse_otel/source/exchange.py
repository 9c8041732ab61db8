"""One HTTP request to the API with the account's login: an answer, or the error that says why there
is none.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from threading import Lock

import httpx

from fuse_otel import net
from fuse_otel.errors import (
    ConfigurationError,
    Malformed,
    SourceError,
    TimedOut,
    TooLarge,
    Unreachable,
)
from fuse_otel.events import ApiAnswered, ClockSkewSeen, Emit
from fuse_otel.humanize import size
from fuse_otel.ports import Endpoint
from fuse_otel.source.fuse_api import LONGEST_REASON, ApiOptions, ApiResponse

_CONNECT = 10.0  # seconds: a host that accepts no connection fails earlier than a slow one


class Exchange:
    """Many threads may use it at once; ``emit`` must allow that too."""

    def __init__(
        self, account: str, options: ApiOptions, emit: Emit, clock: Callable[[], float]
    ) -> None:
        self._account = account
        self._options = options
        self._emit = emit
        self._clock = clock
        self._base = _base(options.url)
        self.credentials = Credentials(options)
        self._timeout = httpx.Timeout(options.deadline, connect=min(_CONNECT, options.deadline))
        self._client = net.client(
            headers={"Accept": "application/json", "User-Agent": options.user_agent}
        )

    def get(self, endpoint: Endpoint, path: str, query: Mapping[str, str]) -> ApiResponse:
        """The answer with any status. ``path`` is encoded already. Raises ``SourceError``."""
        auth = self.credentials.auth
        answer = self._get(endpoint, path, query, auth)
        if answer.status == HTTPStatus.UNAUTHORIZED and self.credentials.renewed(auth):
            return self._get(endpoint, path, query, self.credentials.auth)
        return answer

    def _get(
        self, endpoint: Endpoint, path: str, query: Mapping[str, str], auth: httpx.Auth
    ) -> ApiResponse:
        with (
            _mapped_errors(self._options),
            net.deadline(self._options.deadline),
            self._answered(endpoint, path, query, auth) as response,
        ):
            now = self._clock()
            wait = net.retry_after(response.headers, now)
            date = net.http_date(response.headers.get("Date"))
            if date is not None:
                self._emit(ClockSkewSeen(self._account, date - now))
            return ApiResponse(response.status_code, self._body(response), wait, date)

    def close(self) -> None:
        self._client.close()

    @contextmanager
    def _answered(
        self, endpoint: Endpoint, path: str, query: Mapping[str, str], auth: httpx.Auth
    ) -> Iterator[httpx.Response]:
        """The response. Emits its event after the body is read."""
        began = time.monotonic()
        with self._client.stream(
            "GET", f"{self._base}/{path}", params=query, auth=auth, timeout=self._timeout
        ) as response:
            try:
                yield response
            finally:
                seconds = time.monotonic() - began
                answered = ApiAnswered(self._account, endpoint, response.status_code, seconds)
                self._emit(answered)

    def _body(self, response: httpx.Response) -> bytes:
        if response.is_success:
            return net.read_limited(response, self._options.max_bytes)
        try:
            return net.read_limited(response, LONGEST_REASON)
        except (httpx.HTTPError, net.BodyTooLarge):
            return b""  # the status is enough


def _base(url: str) -> str:
    try:
        _ = httpx.URL(url).host
    except (httpx.InvalidURL, UnicodeError):  # of an international name
        raise ConfigurationError(["The API URL is no web address"]) from None
    return url.rstrip("/")


# Errors of httpx, our error for each, and its sentence. The first class that fits counts. A message
# quotes the operating system, but no text that may contain data of the request.
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
def _mapped_errors(options: ApiOptions) -> Iterator[None]:
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
        # The original error has the request, and with it the number and the session id.
        raise kind(sentence.format(error=net.words_of(error), deadline=deadline)) from None


# Half of what the poller waits after a 401, so that each of its tries may read the file, and the
# concurrent requests of one try read it once.
_REREAD = 30.0  # seconds


class Credentials:
    """For any number of threads. ``clock`` gives seconds."""

    def __init__(self, options: ApiOptions, clock: Callable[[], float] = time.monotonic) -> None:
        self._email = options.email
        self._key = options.developer_key
        self._reread = options.reread_key
        self._clock = clock
        self._read_at = float("-inf")
        self._lock = Lock()
        self.auth = httpx.BasicAuth(self._email, self._key)

    @property
    def secrets(self) -> tuple[str, str]:
        """What no message may contain."""
        return self._key, self._email

    def renewed(self, refused: httpx.BasicAuth) -> bool:
        """After a 401: whether ``auth`` has another key now than the refused login had."""
        with self._lock:
            if self.auth is refused:
                self._read_key()
            return self.auth is not refused

    def _read_key(self) -> None:
        if self._reread is None or self._clock() - self._read_at < _REREAD:
            return
        self._read_at = self._clock()
        try:
            key = self._reread()
        except ValueError:  # the file is missing or empty: the answer of the API says what to do
            return
        if key != self._key:
            self._key = key
            self.auth = httpx.BasicAuth(self._email, key)
