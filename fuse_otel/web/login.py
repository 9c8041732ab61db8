"""The guard before all pages: a password (HTTP Basic) or a bearer token, where the web
configuration file asks for one.
"""

from __future__ import annotations

import base64
import binascii
import hmac

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from fuse_otel.events import Emit, LoginRefused
from fuse_otel.web.access import PROBES, Access, CurrentAccess
from fuse_otel.web.passwords import RETRY_AFTER, Passwords
from fuse_otel.web.responses import plain

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
