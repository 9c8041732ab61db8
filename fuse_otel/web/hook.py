"""The post-call webhook: the platform announces that a call ended, and the daemon polls at once.

The API, not the announcement, is the source of truth: the body is received and ignored.
"""

from __future__ import annotations

import asyncio
import hmac

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from fuse_otel.events import HookAnswered
from fuse_otel.web.context import PageContext
from fuse_otel.web.responses import plain

METHODS = ("GET", "POST", "PUT", "DELETE")
LARGEST = 64 * 1024
_PATIENCE = 10.0  # seconds for the body to arrive


class Hook:
    """Every answer is counted, by an event."""

    def __init__(self, site: PageContext) -> None:
        self._site = site

    async def answer(self, request: Request) -> Response:
        response = await self._answer(request)
        self._site.emit(HookAnswered(response.status_code))
        return response

    async def _answer(self, request: Request) -> Response:
        if self._site.hook is None or not self._site.hook_token:
            return plain(404, "The webhook is off: no FUSE_OTEL_HOOK_TOKEN is set.")
        if not _may(request, self._site.hook_token):
            return plain(
                401,
                "The token is missing or wrong: send it as a bearer token or as ?token=.",
                {"WWW-Authenticate": "Bearer"},
            )
        try:
            async with asyncio.timeout(_PATIENCE):
                received = await _received(request)
        except TimeoutError:
            return plain(408, f"The body did not arrive within {_PATIENCE:.0f} s.")
        except ClientDisconnect:
            return plain(400, "The body broke off.")
        if not received:
            return plain(413, f"The body is larger than {LARGEST // 1024} KiB.")
        self._site.hook()
        return plain(202, "Accepted: the account is polled now.")


def _may(request: Request, token: str) -> bool:
    """Compared in constant time, so that the delay does not show how far a guess was right."""
    return hmac.compare_digest(_given(request), token.encode())


def _given(request: Request) -> bytes:
    scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return bearer.strip().encode("latin-1")  # as it was decoded: the bytes that were sent
    return request.query_params.get("token", "").encode("utf-8", "replace")


async def _received(request: Request) -> bool:
    """Take the body, so that its sender is not cut off. False as soon as it is too large."""
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > LARGEST:
            return False
    return True
