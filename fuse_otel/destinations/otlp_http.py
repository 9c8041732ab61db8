"""OTLP over HTTP: protobuf, gzip, an overall deadline an attempt. No retry inside."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from urllib.parse import unquote

import httpx
from msgspec import Struct
from msgspec.structs import replace

from fuse_otel import __version__, net
from fuse_otel.core.batching.export_result import Accepted, ExportResult, PermanentFailure
from fuse_otel.core.batching.gzip_member import inflate
from fuse_otel.core.model.telemetry import Signal
from fuse_otel.destinations.http_result import HttpResponse, result_of, result_of_failure
from fuse_otel.destinations.options import TIMEOUT, OtlpOptions, tls_context
from fuse_otel.destinations.otlp_response import LONGEST_SUCCESS, scrub, secrets_of, unexpected
from fuse_otel.errors import ConfigurationError

_LONGEST_ERROR = 64 * 1024  # bytes of an error, inflated: only the message is read
_PUBLIC = {"content-type", "content-encoding", "user-agent"}
_LANES = 2  # each signal's lane sends one request at a time


class _Endpoint(Struct, frozen=True):
    """What all requests of one signal have in common."""

    url: httpx.URL
    headers: httpx.Headers
    timeout: float
    compressed: bool


class OtlpHttp:
    """May be used by the lanes of both signals at once. ``clock`` is read for ``Retry-After``
    dates only. Raises ``ConfigurationError`` when it is made.
    """

    def __init__(self, options: OtlpOptions, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._endpoints = {signal: _endpoint(options, signal) for signal in options.urls}
        self._secrets = tuple(_secrets(self._endpoints.values()))
        self._client = net.client(
            verify=tls_context(options),
            timeout=max(
                (endpoint.timeout for endpoint in self._endpoints.values()), default=TIMEOUT
            ),
            max_connections=_LANES,
        )

    def send(self, signal: Signal, data: bytes, items: int) -> ExportResult:
        endpoint = self._endpoints[signal]
        try:
            content = data if endpoint.compressed else inflate(data)
        except ValueError as error:
            return PermanentFailure("damaged", f"the stored batch is damaged: {error}")
        timeout = net.left(endpoint.timeout)
        try:
            result = result_of(self._exchange(endpoint, content), items)
        except httpx.HTTPError as error:
            result = result_of_failure(error, timeout)
        except Exception as error:  # noqa: BLE001 - whatever a peer makes the libraries raise
            result = unexpected(error)
        if isinstance(result, Accepted):
            return result
        return replace(result, reason=scrub(result.reason, self._secrets))

    def close(self) -> None:
        self._client.close()

    def _exchange(self, endpoint: _Endpoint, content: bytes) -> HttpResponse:
        with (
            net.deadline(endpoint.timeout),
            self._client.stream(
                "POST", endpoint.url, headers=endpoint.headers, content=content
            ) as response,
        ):
            headers = response.headers
            after = net.retry_after(headers, self._clock())
            body, too_long = _body(response)
            return HttpResponse(
                status=response.status_code,
                content_type=headers.get("Content-Type", ""),
                body=body,
                too_long=too_long,
                after=after,
                odd_wait=after is None and "Retry-After" in headers,
                location=headers.get("Location", ""),
            )


def _body(response: httpx.Response) -> tuple[bytes | None, bool]:
    """``body`` and ``too_long`` of an ``HttpResponse``. For a success the body must be complete.
    For an error the status is enough.
    """
    limit = LONGEST_SUCCESS if response.is_success else _LONGEST_ERROR
    try:
        return net.read_limited(response, limit), False
    except net.BodyTooLarge:
        return None, True
    except httpx.DecodingError:
        return None, False
    except httpx.TransportError:
        if response.is_success:
            raise
        return None, False


def _endpoint(options: OtlpOptions, signal: Signal) -> _Endpoint:
    compressed = options.compressed(signal)
    return _Endpoint(
        url=_url(options.urls[signal], f"{options.name}, {signal}"),
        headers=_headers(options, signal, compressed),
        timeout=options.seconds(signal),
        compressed=compressed,
    )


def _url(text: str, owner: str) -> httpx.URL:
    try:
        url = httpx.URL(text)
        usable = url.scheme in {"http", "https"} and bool(url.host)
    except (httpx.InvalidURL, UnicodeError):  # the second of an international name
        usable = False
    if not usable:
        # The address is not repeated: it may hold a password.
        raise ConfigurationError([f"The endpoint of {owner} is no http:// or https:// address"])
    return url


def _headers(options: OtlpOptions, signal: Signal, compressed: bool) -> httpx.Headers:
    ours = {"Content-Type": "application/x-protobuf"}
    if compressed:
        ours["Content-Encoding"] = "gzip"
    try:
        headers = httpx.Headers({"User-Agent": f"fuse-otel/{__version__}"})
        headers.update(options.headers.get(signal, {}))
    except UnicodeEncodeError:
        owner = f"{options.name}, {signal}"
        raise ConfigurationError([f"A header of {owner} holds more than ASCII"]) from None
    headers.update(ours)
    return headers


def _secrets(ways: Iterable[_Endpoint]) -> Iterator[str]:
    """Parts of our request that an answer may quote and the log must not contain."""
    for endpoint in ways:
        yield from (endpoint.url.password, unquote(endpoint.url.query.decode("ascii")))
        yield from secrets_of(
            (name, value) for name, value in endpoint.headers.items() if name.lower() not in _PUBLIC
        )
