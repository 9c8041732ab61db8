"""The guard before all pages: a password (HTTP Basic) or a bearer token, where the web
configuration file asks for one.

Passwords are checked against bcrypt hashes, which is slow on purpose. Right and wrong answers are
remembered, and wrong ones are bounded, so that guessing takes no more than part of one core.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hmac
import secrets
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from concurrent.futures import ThreadPoolExecutor
from ipaddress import IPv6Address, ip_address
from operator import itemgetter
from typing import Generic, TypeVar

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from fuse_otel.events import Emit, LoginRefused
from fuse_otel.web.access import PROBES, Access, CurrentAccess
from fuse_otel.web.responses import plain

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")

_REMEMBERED = 256  # of the right and of the wrong answers each
_WAITING = 16  # checks at once; they take turns
_REST = 3.0  # a wrong password keeps the next check waiting for so many times its own duration
_CLIENTS = 1024
_BURST, _REFILL = 10, 6.0  # wrong passwords of a client at once; seconds until it has one more
_LONGEST = 72  # bytes that bcrypt takes; htpasswd and Go ignore the rest as well
RETRY_AFTER = int(_REFILL)
_COST = itemgetter(slice(4, 6))  # the two digits in ``$2y$10$…``


class Passwords:
    """For one event loop."""

    def __init__(self) -> None:
        # Digests under this key stand for passwords in the memory. They tell nothing without it.
        self._key = secrets.token_bytes(32)
        self._right: _Newest[bytes, bool] = _Newest(_REMEMBERED)
        self._wrong: _Newest[bytes, bool] = _Newest(_REMEMBERED)
        self._running: dict[bytes, asyncio.Future[bool]] = {}
        self._tries = _Tries()
        self._turn = asyncio.Lock()
        self._thread = ThreadPoolExecutor(1, "web-login")

    def close(self) -> None:
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def check(
        self, users: Mapping[str, str], name: str, password: bytes, client: str
    ) -> bool | None:
        """Whether it is right. ``None``: there were too many tries; ask again later.

        ``users``: name → bcrypt hash, not empty. ``client``: its address, or empty.
        """
        # An unknown name takes as long as a known one, so that the time does not tell them apart.
        known, hashed = name in users, users.get(name) or max(users.values(), key=_COST)
        digest = self._digest(name, hashed, password)
        if digest in self._right:
            return True
        if digest in self._wrong:
            return False
        if digest not in self._running:
            if len(self._running) >= _WAITING or not self._tries.take(client):
                return None
            work = self._verify(digest, hashed, password, client, known=known)
            self._running[digest] = asyncio.ensure_future(work)
        return await asyncio.shield(self._running[digest])

    def _digest(self, name: str, hashed: str, password: bytes) -> bytes:
        """Of the hash as well: what is remembered of a password ends when it is changed."""
        user = name.encode("utf-8", "surrogatepass")
        return hmac.digest(
            self._key, b"%d %b %b%b" % (len(user), user, hashed.encode(), password), "sha256"
        )

    async def _verify(
        self, digest: bytes, hashed: str, password: bytes, client: str, *, known: bool
    ) -> bool:
        loop = asyncio.get_running_loop()
        try:
            async with self._turn:
                begun = loop.time()
                right = await loop.run_in_executor(self._thread, _matches, password, hashed)
                right = right and known
                if not right:
                    await asyncio.sleep(_REST * (loop.time() - begun))
        finally:
            del self._running[digest]
        (self._right if right else self._wrong)[digest] = True
        if right:
            self._tries.give_back(client)
        return right


def _matches(password: bytes, hashed: str) -> bool:
    import bcrypt  # noqa: PLC0415 - only where the port has users

    return bcrypt.checkpw(password[:_LONGEST], hashed.encode())


class _Newest(Generic[Key, Value]):
    """A dictionary of the newest entries."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._entries: OrderedDict[Key, Value] = OrderedDict()

    def __contains__(self, key: Key) -> bool:
        return key in self._entries

    def get(self, key: Key, default: Value) -> Value:
        return self._entries.get(key, default)

    def __setitem__(self, key: Key, value: Value) -> None:
        self._entries[key] = value
        self._entries.move_to_end(key)
        if len(self._entries) > self._most:
            self._entries.popitem(last=False)


class _Tries:
    """How many passwords each client may still try. Addresses of one IPv6 network count as one."""

    def __init__(self, clock: Callable[[], float] | None = None) -> None:
        self._clock = clock or (lambda: asyncio.get_running_loop().time())
        self._left: _Newest[str, tuple[float, float]] = _Newest(_CLIENTS)

    def take(self, client: str) -> bool:
        network, now = _network(client), self._clock()
        left, at = self._left.get(network, (_BURST, now))
        left = min(_BURST, left + (now - at) / _REFILL)
        if left < 1:
            return False
        self._left[network] = (left - 1, now)
        return True

    def give_back(self, client: str) -> None:
        network = _network(client)
        left, at = self._left.get(network, (_BURST, self._clock()))
        self._left[network] = (min(_BURST, left + 1), at)


def _network(client: str) -> str:
    try:
        address = ip_address(client.partition("%")[0])
    except ValueError:
        return client
    if isinstance(address, IPv6Address) and address.ipv4_mapped is None:
        return address.exploded[:19]  # the first 64 bits
    return str(address)


HOOK = "/hooks/post-call"
"""Has a token of its own."""


class Login:
    """Every wrong login is counted, by an event. A request without one is not a wrong login:
    browsers begin like that.
    """

    def __init__(
        self, app: ASGIApp, access: CurrentAccess, passwords: Passwords, emit: Emit
    ) -> None:
        self._emit = emit
        self._app = app
        self._access = access
        self._passwords = passwords

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        access, path = self._access(), scope.get("path", "")
        is_open = not access.needs_login or path == HOOK or path in access.open_paths
        if is_open or scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get("authorization", "")
        allowed = await self._allowed(access, scope, given)
        answer = self._app if allowed else _too_many() if allowed is None else _refusal(access)
        if given and not allowed:
            self._emit(LoginRefused(429 if allowed is None else 401))
        await answer(scope, receive, send)

    async def _allowed(self, access: Access, scope: Scope, header: str) -> bool | None:
        """``None``: there were too many tries."""
        scheme, _, given = header.partition(" ")
        if scheme.lower() == "bearer":
            return _is_token(access, scope["path"], given.strip().encode("latin-1"))
        pair = _name_and_password(given) if scheme.lower() == "basic" else None
        if pair is None or not access.users:
            return False
        client = scope.get("client") or ("", 0)
        return await self._passwords.check(access.users, *pair, client[0])


def _is_token(access: Access, path: str, given: bytes) -> bool:
    """Compared in constant time, so that the delay does not show how far a guess was right."""
    if access.token and hmac.compare_digest(given, access.token.encode()):
        return True
    return path in PROBES and hmac.compare_digest(given, access.probe_token.encode())


def _name_and_password(given: str) -> tuple[str, bytes] | None:
    try:
        name, colon, password = base64.b64decode(given.strip(), validate=True).partition(b":")
    except (binascii.Error, ValueError):
        return None
    return (name.decode("utf-8", "replace"), password) if colon else None


def _refusal(access: Access) -> ASGIApp:
    challenge = 'Basic realm="fuse-otel", charset="UTF-8"' if access.users else "Bearer"
    return plain(401, "This page needs a login.", {"WWW-Authenticate": challenge})


def _too_many() -> ASGIApp:
    return plain(429, "Too many logins failed. Try again later.", {"Retry-After": str(RETRY_AFTER)})
