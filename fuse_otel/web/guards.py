"""What stands before a page: who may ask for it, and how many answers are on their way at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fuse_otel.web.connections import STATE, Connection
from fuse_otel.web.responses import plain

_PIECE = 64 * 1024  # bytes handed to the connection at once
_WAIT = 10.0  # seconds to wait for another answer to end
_LOOK = 0.5
_FAIR_SHARE = 5.0  # seconds of sending, after which an answer gives way to one that waits


class AnswerSlots:
    """At most ``most`` answers are made and sent at once: a page of 10 MB stays in memory until its
    reader has it. While others wait, the answer that has been sent longest is cut off.
    """

    def __init__(self, most: int) -> None:
        self._free = asyncio.Semaphore(most)
        self._taken: list[_Answer] = []

    def limit(self, app: ASGIApp) -> ASGIApp:
        async def limited(scope: Scope, receive: Receive, send: Send) -> None:
            connection = scope.get("state", {}).get(STATE)
            if not await self._take(connection):
                busy = plain(503, "Too many answers are on their way.", {"Retry-After": "5"})
                await busy(scope, receive, send)
                return
            answer = _Answer(connection, send)
            self._taken.append(answer)
            try:
                await app(scope, receive, answer.send)
            finally:
                self._taken.remove(answer)
                self._free.release()

        return limited

    async def _take(self, connection: Connection | None) -> bool:
        for _ in range(int(_WAIT / _LOOK)):
            if connection is not None and connection.leaving:
                return False
            with suppress(TimeoutError):
                async with asyncio.timeout(_LOOK):
                    await self._free.acquire()
                return True
            self._cut_off_longest()
        return False

    def _cut_off_longest(self) -> None:
        sending = [each for each in self._taken if each.sending_since is not None]
        if sending:
            longest = min(sending, key=lambda each: each.sending_since or 0.0)
            if asyncio.get_running_loop().time() - (longest.sending_since or 0.0) > _FAIR_SHARE:
                longest.cut_off()


class _Answer:
    """Sends in pieces: the server waits for the peer between two of them."""

    def __init__(self, connection: Connection | None, send: Send) -> None:
        self._connection = connection
        self._send = send
        self.sending_since: float | None = None

    async def send(self, message: Message) -> None:
        if self.sending_since is None:
            self.sending_since = asyncio.get_running_loop().time()
        body = message.get("body", b"")
        if len(body) <= _PIECE:
            await self._send(message)
            return
        for start in range(0, len(body), _PIECE):
            more = start + _PIECE < len(body) or message.get("more_body", False)
            piece = bytes(body[start : start + _PIECE])
            await self._send({**message, "body": piece, "more_body": more})

    def cut_off(self) -> None:
        if self._connection is not None:
            self._connection.abort()


def host_check(allowed: Collection[str]) -> Callable[[ASGIApp], ASGIApp]:
    """For what shows data or changes something: a foreign web page must not reach it through its
    visitor's browser, neither under a name of its own that leads here (DNS rebinding) nor by a
    form. Addresses and ``localhost`` are no names that anybody else can own.
    """

    def check(app: ASGIApp) -> ASGIApp:
        async def checked(scope: Scope, receive: Receive, send: Send) -> None:
            reason = _refusal(scope["method"], Headers(scope=scope), allowed)
            answer = plain(403, reason) if reason else app
            await answer(scope, receive, send)

        return checked

    return check


def _refusal(method: str, headers: Mapping[str, str], allowed: Collection[str]) -> str:
    """A sentence, or nothing. Browsers always send ``Host``, and ``Origin`` with a POST."""
    host = headers.get("host")
    if host is not None and not _is_ours(_name_of(f"//{host}"), allowed):
        return "The pages do not answer to this host name: add it to FUSE_OTEL_ALLOWED_HOSTS."
    origin = headers.get("origin")
    if method != "POST" or origin is None:
        return ""
    named = _name_of(origin) in allowed
    same = host is not None and origin.partition("//")[2].lower() == host.lower()
    return "" if named or same else "A page of another site may not do this."


def _name_of(url: str) -> str:
    """The host of a URL, without a final dot; empty for what is none."""
    try:
        return (urlsplit(url).hostname or "").rstrip(".")
    except ValueError:
        return ""


def _is_ours(name: str, allowed: Collection[str]) -> bool:
    if name == "localhost" or name in allowed:
        return True
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
