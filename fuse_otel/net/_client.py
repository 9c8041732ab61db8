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
    """A client for many threads. It follows no redirect, keeps no cookie and accepts only gzip.

    ``timeout`` limits each connect, read and write in seconds; ``deadline`` limits the whole
    request. The environment's proxies apply. Raises ``ConfigurationError`` for unusable ones.
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
    """Gzip is the one encoding that ``read_limited`` inflates under a bound."""
    merged = httpx.Headers({"Accept-Encoding": "gzip"})
    merged.update(headers or {})
    return merged


def _hold_deadlines(transport: httpx.BaseTransport | None) -> None:
    """Neither httpx nor its proxy transports take a network backend as a parameter, so it is
    replaced before the first request. A release that renames these attributes fails here.
    """
    if transport is None:  # a host in NO_PROXY: the direct transport serves it
        return
    pool = transport._pool  # type: ignore[attr-defined]  # noqa: SLF001
    pool._network_backend = DeadlineBackend(pool._network_backend)  # noqa: SLF001


def _silence_addresses() -> None:
    """Httpx logs addresses at INFO and httpcore logs headers at DEBUG. They may contain a phone
    number or a credential and must not reach a log.
    """
    for name in ("httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.WARNING)
