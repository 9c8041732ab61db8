"""An httpx client whose requests end at the deadline, through a proxy as well."""

from __future__ import annotations

import logging
import ssl
from collections.abc import Mapping
from http.cookiejar import DefaultCookiePolicy

import httpx

from fuse_otel.net._deadline import DeadlineBackend, clip_pool_wait
from fuse_otel.net._proxies import Proxies, Proxy
from fuse_otel.net._trust import default_trust

_KEEP_ALIVE = 15.0  # seconds: shorter than what servers usually grant an idle connection
_PORTS = {"http": 80, "https": 443}


def client(
    *,
    headers: Mapping[str, str] | None = None,
    verify: ssl.SSLContext | None = None,
    timeout: float = 10.0,
    max_connections: int = 4,
) -> httpx.Client:
    """A client for many threads that follows no redirect, keeps no cookie, asks for gzip at most.

    ``verify``: ``None`` for the default authorities. ``timeout`` bounds each connect, read and
    write in seconds; ``deadline`` bounds the whole. The environment's proxies apply. Raises
    ``ConfigurationError`` if those or the authorities cannot be used.
    """
    _silence_addresses()
    limits = httpx.Limits(
        max_connections=max_connections,
        max_keepalive_connections=max_connections,
        keepalive_expiry=_KEEP_ALIVE,
    )
    made = httpx.Client(
        transport=_Routes(Proxies(), verify or default_trust(), limits),
        headers=_with_gzip(headers),
        timeout=timeout,
        follow_redirects=False,
        trust_env=False,
    )
    # A session cookie would make PHP answer one request at a time.
    made.cookies.jar.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    made.event_hooks = {"request": [clip_pool_wait], "response": []}
    return made


class _Routes(httpx.BaseTransport):
    """Sends each request directly or through its proxy."""

    # httpx's own mounts are patterns of URLs: a network of addresses is none.
    def __init__(self, proxies: Proxies, verify: ssl.SSLContext, limits: httpx.Limits) -> None:
        self._proxies = proxies
        self._transports = {proxy: _transport(proxy, verify, limits) for proxy in (None, *proxies)}

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        url = request.url
        port = url.port or _PORTS.get(url.scheme, 0)
        proxy = self._proxies.of(url.scheme, url.raw_host.decode("ascii"), port)
        return self._transports[proxy].handle_request(request)

    def close(self) -> None:
        for transport in self._transports.values():
            transport.close()


def _transport(
    proxy: Proxy | None, verify: ssl.SSLContext, limits: httpx.Limits
) -> httpx.HTTPTransport:
    way = None
    if proxy is not None:
        # The certificates of a destination are not for the proxy on the way to it.
        way = httpx.Proxy(proxy.url, ssl_context=default_trust() if proxy.is_tls else None)
    transport = httpx.HTTPTransport(verify=verify, limits=limits, proxy=way, trust_env=False)
    _hold_deadlines(transport)
    return transport


def _with_gzip(headers: Mapping[str, str] | None) -> httpx.Headers:
    """Requests only gzip, because only gzip is inflated under a bound."""
    merged = httpx.Headers({"Accept-Encoding": "gzip"})
    merged.update(headers or {})
    return merged


def _hold_deadlines(transport: httpx.HTTPTransport) -> None:
    """Neither httpx nor its proxy transports take a backend, so it is put in before the first
    request. If a release renames them, this raises an error.
    """
    pool = transport._pool  # noqa: SLF001
    pool._network_backend = DeadlineBackend(pool._network_backend)  # noqa: SLF001


def _silence_addresses() -> None:
    """Keep the addresses that httpx logs at INFO and the headers that httpcore logs at DEBUG
    out of every log: they may hold a phone number or a credential.
    """
    for name in ("httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.WARNING)
