"""An httpx client whose requests end at the deadline, through a proxy as well."""

from __future__ import annotations

import logging
import ssl
from collections.abc import Mapping
from http.cookiejar import DefaultCookiePolicy

import httpx

from fuse_otel.errors import ConfigurationError
from fuse_otel.net._deadline import DeadlineBackend, clip_pool_wait

_KEEP_ALIVE = 15.0  # seconds: shorter than what servers usually grant an idle connection

_BAD_PROXY = (
    "HTTP_PROXY, HTTPS_PROXY or ALL_PROXY names a proxy that cannot be used: "
    "give an http:// or https:// address"
)


def client(
    *,
    headers: Mapping[str, str] | None = None,
    verify: ssl.SSLContext | bool = True,
    timeout: float = 10.0,
    max_connections: int = 4,
) -> httpx.Client:
    """A client for many threads that follows no redirect, keeps no cookie, asks for gzip at most.

    ``timeout`` bounds each connect, read and write in seconds; ``deadline`` bounds the whole. The
    environment's proxies apply. Raises ``ConfigurationError`` if those cannot be used.
    """
    _silence_addresses()
    made = _build(
        headers=_with_gzip(headers),
        verify=verify,
        timeout=timeout,
        limits=httpx.Limits(
            max_connections=max_connections,
            max_keepalive_connections=max_connections,
            keepalive_expiry=_KEEP_ALIVE,
        ),
    )
    for transport in (made._transport, *made._mounts.values()):  # noqa: SLF001
        _hold_deadlines(transport)
    # A session cookie would make PHP answer one request at a time.
    made.cookies.jar.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    made.event_hooks = {"request": [clip_pool_wait], "response": []}
    return made


def _build(
    *,
    headers: httpx.Headers,
    verify: ssl.SSLContext | bool,
    timeout: float,
    limits: httpx.Limits,
) -> httpx.Client:
    try:
        return httpx.Client(
            headers=headers,
            verify=verify,
            timeout=timeout,
            limits=limits,
            follow_redirects=False,
        )
    except (ImportError, ValueError, httpx.InvalidURL):
        # The reason is left out, also as a cause: it may quote the proxy's password.
        raise ConfigurationError([_BAD_PROXY]) from None


def _with_gzip(headers: Mapping[str, str] | None) -> httpx.Headers:
    """The one encoding that is inflated under a bound is the one to ask for."""
    merged = httpx.Headers({"Accept-Encoding": "gzip"})
    merged.update(headers or {})
    return merged


def _hold_deadlines(transport: httpx.BaseTransport | None) -> None:
    """Neither httpx nor its proxy transports take a backend, so it is put in before the first
    request. A release that moves these names fails here, loudly.
    """
    if transport is None:  # a host that NO_PROXY names: the direct transport serves it
        return
    pool = transport._pool  # type: ignore[attr-defined]  # noqa: SLF001
    pool._network_backend = DeadlineBackend(pool._network_backend)  # noqa: SLF001


def _silence_addresses() -> None:
    """Keep the addresses that httpx logs at INFO and the headers that httpcore logs at DEBUG
    out of every log: they may hold a phone number or a credential.
    """
    for name in ("httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.WARNING)
