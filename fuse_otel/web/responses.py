"""Answers of one plain sentence, and the headers of every answer: a browser fetches nothing from
elsewhere, runs no script but the one file of the pages, frames no page and keeps no copy.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from starlette.datastructures import MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fuse_otel.web.access import CurrentAccess


def plain(code: int, sentence: str, headers: Mapping[str, str] | None = None) -> PlainTextResponse:
    return PlainTextResponse(f"{sentence}\n", code, dict(headers or {}))


def probe(problems: Sequence[str], well: str) -> PlainTextResponse:
    """200, or 503 with a line a problem."""
    return plain(503, "\n".join(problems)) if problems else plain(200, well)


def accepts_gzip(accept_encoding: str) -> bool:
    """Whether an ``Accept-Encoding`` header names gzip with a weight above 0 (RFC 9110, 12.5.3)."""
    for part in accept_encoding.lower().split(","):
        coding, *parameters = (each.strip() for each in part.split(";"))
        if coding in {"gzip", "x-gzip"}:
            return not any(re.fullmatch(r"q\s*=\s*0(\.0*)?", each) for each in parameters)
    return False


_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; "
    "frame-ancestors 'none'; form-action"
)
_POLICY_OF_OTHERS = f"{_POLICY} 'none'"
# Only a page has a form and a script. `nosniff` keeps every other answer of ours from being run as
# one.
_POLICY_OF_PAGES = f"{_POLICY} 'self'; script-src 'self'; connect-src 'self'"
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class SecurityHeaders:
    """Ours, and those of the web configuration file."""

    def __init__(self, app: ASGIApp, access: CurrentAccess) -> None:
        self._app = app
        self._access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(_HEADERS)
                is_page = headers.get("content-type", "").startswith("text/html")
                headers["Content-Security-Policy"] = (
                    _POLICY_OF_PAGES if is_page else _POLICY_OF_OTHERS
                )
                for name, text in self._access().headers.items():
                    # A second policy makes the first one stricter, never looser.
                    headers.append(name, text)
            await send(message)

        await self._app(scope, receive, with_headers)
