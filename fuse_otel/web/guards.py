"""Guards before the pages: allowed hosts and origins, and a limit of answers sent at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping
from ipaddress import ip_address
from math import inf
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fuse_otel.web.connections import STATE, ClientConnection
from fuse_otel.web.responses import plain

_PIECE = 64 * 1024  # bytes handed to the connection at once
_WAIT = 10.0  # seconds to wait for another answer to end
_LOOK = 0.1


class AnswerSlots:
    """At most ``most`` answers are made and sent at once: a page of 10 MB stays in memory until its
    reader has it. While others wait, the answer that has been sent longest is cut off.
    """

    def __init__(
        self, most: int, fair_share: float, large_ones_sent: Callable[[], None] | None = None
    ) -> None:
        """``fair_share``: seconds of sending, after which an answer gives way to one that waits.
        ``large_ones_sent`` is called when large answers were sent and none is left.
        """
        self._most = most
        self._large_ones_sent = large_ones_sent
        self._sent_large = False
        self._fair_share = fair_share
        self._taken: list[_Answer] = []

    def limit(self, app: ASGIApp) -> ASGIApp:
        async def limited(scope: Scope, receive: Receive, send: Send) -> None:
            answer = _Answer(scope.get("state", {}).get(STATE), send)
            if not await self._take(answer):
                busy = plain(503, "Too many answers are on their way.", {"Retry-After": "5"})
                await busy(scope, receive, send)
                return
            try:
                await app(scope, receive, answer.send)
            finally:
                self._taken.remove(answer)
                self._note_end(answer)

        return limited

    def _note_end(self, answer: _Answer) -> None:
        self._sent_large |= answer.large
        if self._sent_large and not self._taken and self._large_ones_sent is not None:
            self._sent_large = False
            self._large_ones_sent()

    async def _take(self, answer: _Answer) -> bool:
        for _ in range(int(_WAIT / _LOOK)):
            if answer.useless:
                return False
            if len(self._taken) < self._most:
                self._taken.append(answer)
                return True
            self._cut_off_longest()
            await asyncio.sleep(_LOOK)
        return False

    def _cut_off_longest(self) -> None:
        before = asyncio.get_running_loop().time() - self._fair_share
        sending = [each for each in self._taken if each.sending_since < before]
        if sending:
            min(sending, key=lambda each: each.sending_since).cut_off()


class _Answer:
    """Sends in pieces: the server waits for the peer between two of them."""

    def __init__(self, connection: ClientConnection | None, send: Send) -> None:
        self._connection = connection
        self._send = send
        self.sending_since = inf
        self.large = False

    @property
    def useless(self) -> bool:
        return self._connection is not None and self._connection.leaving

    async def send(self, message: Message) -> None:
        self.sending_since = min(self.sending_since, asyncio.get_running_loop().time())
        body = message.get("body", b"")
        if len(body) <= _PIECE:
            await self._send(message)
            return
        self.large = True
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
    form. Another site cannot own an address or ``localhost``.
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
