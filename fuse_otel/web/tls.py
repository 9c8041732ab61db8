"""The beginning of a connection to a port with TLS, until the handshake is done.

uvicorn takes one TLS context for as long as it runs, leaves handshakes out of its connections, and
drops a peer that speaks plain http without a word.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Collection, Mapping
from typing import Any, cast

import uvicorn
from uvicorn.server import ServerState

from fuse_otel.web.access import Access, CurrentAccess
from fuse_otel.web.connections import HEAD_TIMEOUT, ClientConnection, Peer, make_room

_CLOSING = 5.0  # seconds for the peer to answer the end of TLS
_HANDSHAKE = 0x16  # the type of the first record, RFC 8446, 5.1
_PLAIN = "This port speaks TLS. Use https.\n"
_ANSWER_TO_PLAIN = (
    "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\n"
    f"Content-Length: {len(_PLAIN)}\r\nConnection: close\r\n\r\n{_PLAIN}"
).encode()


class Doors:
    """Makes the protocol of each new connection, as the access says at that moment."""

    def __init__(self, access: CurrentAccess) -> None:
        self._access = access

    def __call__(
        self,
        config: uvicorn.Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> asyncio.Protocol:
        inner = ClientConnection(config, server_state, app_state, _loop)
        access = self._access()
        return inner if access.tls is None else Handshake(inner, access, access.tls)


class Handshake(asyncio.Protocol, Peer):
    """Waits for the first bytes, upgrades the connection to TLS and hands it over to ``inner``."""

    def __init__(self, inner: ClientConnection, access: Access, context: ssl.SSLContext) -> None:
        self._inner = inner
        self._access = access
        self._context = context
        self._early = b""
        self._upgrade: asyncio.Task[None] | None = None
        self._beginning = self._aborted = False
        self.since = inner.loop.time()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._connections = cast("set[object]", self._inner.connections)
        self._connections.add(self)
        make_room(self, self._connections)

    def data_received(self, data: bytes) -> None:
        if self._upgrade is not None:
            self._early += data  # a request that came with the end of the handshake
        elif data[0] == _HANDSHAKE:
            self._transport.pause_reading()  # what comes next is for TLS
            self._beginning = True
            self._upgrade = self._inner.loop.create_task(self._to_tls(data))
        else:
            self._transport.write(_ANSWER_TO_PLAIN)
            self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        self._connections.discard(self)

    @property
    def answering(self) -> bool:
        return False

    def overdue(self, now: float) -> bool:
        return now - self.since > HEAD_TIMEOUT

    def abort(self) -> None:
        self._connections.discard(self)
        self._aborted = True
        # asyncio's TLS leaks a transport that is lost before it has begun on it. While it begins
        # nothing is read, so that only this can lose it.
        if not self._beginning:
            self._transport.abort()

    shutdown = abort  # uvicorn's name, for its end

    async def _to_tls(self, first: bytes) -> None:
        try:
            secure = await self._secure(first)
        except OSError:  # the peer broke off, was too slow, or has no certificate that we know
            secure = None
        if secure is None or not _is_allowed(secure, self._access.client_names):
            self.abort()
            return
        self._connections.discard(self)
        secure.set_protocol(self._inner)
        self._inner.connection_made(secure)
        if self._early:
            self._inner.data_received(self._early)

    async def _secure(self, first: bytes) -> asyncio.Transport | None:
        loop = self._inner.loop
        upgrade = loop.create_task(
            loop.start_tls(
                self._transport,
                self,
                self._context,
                server_side=True,
                ssl_handshake_timeout=HEAD_TIMEOUT,
                ssl_shutdown_timeout=_CLOSING,
            )
        )
        # In the first round of the loop start_tls gives the connection to a protocol of its own, in
        # the second that one begins. Then it takes the bytes that have come already.
        try:
            for _ in range(2):
                await asyncio.sleep(0)
        finally:
            self._beginning = False
        if self._aborted:
            self._transport.abort()
        else:
            _feed(cast("asyncio.BufferedProtocol", self._transport.get_protocol()), first)
        # Nothing is returned for a connection that is aborted during the handshake.
        return await upgrade


def _feed(protocol: asyncio.BufferedProtocol, data: bytes) -> None:
    while data:
        buffer = memoryview(cast("bytearray", protocol.get_buffer(len(data))))
        size = min(len(buffer), len(data))
        buffer[:size] = data[:size]
        protocol.buffer_updated(size)
        data = data[size:]


def _is_allowed(secure: asyncio.Transport, names: Collection[str]) -> bool:
    """Whether the client's certificate has one of the names; any is good if none is listed."""
    certificate: Mapping[str, Any] = secure.get_extra_info("peercert") or {}
    return not names or any(name in names for _, name in certificate.get("subjectAltName", ()))
