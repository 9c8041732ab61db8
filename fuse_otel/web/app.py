"""The routes, and the answers to requests that fail."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from importlib import resources
from typing import cast

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from fuse_otel.errors import StoreError, WrongQuery
from fuse_otel.web.context import PageContext
from fuse_otel.web.guards import AnswerSlots, host_check
from fuse_otel.web.hook import METHODS, Hook
from fuse_otel.web.login import HOOK, Login, Passwords
from fuse_otel.web.page import not_found
from fuse_otel.web.pages import Pages
from fuse_otel.web.responses import SecurityHeaders, plain

_ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><g fill="#2a78c8">'
    '<rect width="16" height="4" rx="1"/><rect x="2" y="6" width="6" height="4" rx="1"/>'
    '<rect x="8" y="12" width="8" height="4" rx="1"/></g></svg>'
)
# Answers sent at once, and the seconds that each may take while others wait. A page can be 10 MB.
# A scrape takes a second, and gives up after ten.
_PAGES, _METRICS = (4, 5.0), (16, 2.0)
_SENTENCES = {
    404: "There is no such page.",
    405: "This page does not take that method.",
}


def create_app(site: PageContext) -> ASGIApp:
    """All pages of the site. Every response has the security headers, also a refused login and the
    answer to an unexpected error.
    """
    pages, passwords = Pages(site), Passwords()

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        yield
        pages.close()
        passwords.close()

    app = Starlette(
        routes=_routes(site, pages),
        exception_handlers={
            HTTPException: _refused,
            StoreError: _store_failed,
            WrongQuery: _wrong_query,
            Exception: _failed,
        },
        lifespan=lifespan,
    )
    return SecurityHeaders(Login(app, site.access, passwords, site.emit), site.access)


def _routes(site: PageContext, pages: Pages) -> list[Route]:
    page = _guarded(
        host_check(site.allowed_hosts), AnswerSlots(*_PAGES, pages.give_back_memory).limit
    )
    files = resources.files(__package__)
    style, flow_style, script = (
        files.joinpath(name).read_text(encoding="utf-8")
        for name in ("style.css", "flow.css", "page.js")
    )
    return [
        Route("/", pages.landing, middleware=page),
        Route("/metrics", pages.metrics, middleware=_guarded(AnswerSlots(*_METRICS).limit)),
        Route("/-/healthy", pages.healthy),
        Route("/-/ready", pages.ready),
        Route(
            "/-/reload",
            pages.reload,
            methods=["POST"],
            middleware=_guarded(host_check(site.allowed_hosts)),
        ),
        Route("/status", pages.status, middleware=page),
        Route("/calls/", pages.calls, middleware=page),
        Route("/calls/{session_id:path}", pages.call, middleware=page),
        Route("/flow/", pages.flows, middleware=page),
        Route("/flow/{application:path}", pages.flow, middleware=page),
        Route(HOOK, Hook(site).answer, methods=METHODS),
        Route("/style.css", _fixed(style, "text/css")),
        Route("/flow.css", _fixed(flow_style, "text/css")),
        Route("/page.js", _fixed(script, "text/javascript")),
        Route("/icon.svg", _fixed(_ICON, "image/svg+xml")),
    ]


def _guarded(*guards: Callable[[ASGIApp], ASGIApp]) -> list[Middleware]:
    return [Middleware(guard) for guard in guards]


def _fixed(content: str, media_type: str) -> Callable[[Request], Awaitable[Response]]:
    async def answer(_request: Request) -> Response:
        return Response(content, media_type=media_type)

    return answer


async def _refused(request: Request, error: Exception) -> Response:
    refusal = cast("HTTPException", error)  # what it is registered for
    if refusal.status_code == 404:  # noqa: PLR2004
        return not_found(request, _SENTENCES[404])
    sentence = _SENTENCES.get(refusal.status_code, "This request cannot be answered.")
    return plain(refusal.status_code, sentence, refusal.headers)


async def _wrong_query(_request: Request, error: Exception) -> Response:
    return plain(400, str(error))


async def _store_failed(_request: Request, _error: Exception) -> Response:
    return plain(503, "The store cannot be read at the moment.")


async def _failed(_request: Request, _error: Exception) -> Response:
    """The server logs the error after this."""
    return plain(500, "This page failed. The log of the daemon names the error.")
