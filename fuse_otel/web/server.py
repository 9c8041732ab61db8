"""The pages on a port: uvicorn in its own thread, without its signals and its access log."""

from __future__ import annotations

import asyncio
import time
from threading import Thread
from typing import cast

import uvicorn
from starlette.types import ASGIApp

from fuse_otel.web.access import CurrentAccess
from fuse_otel.web.connections import PageServer
from fuse_otel.web.sockets import ListeningSockets
from fuse_otel.web.tls import Doors

_FORCED = 1.0  # seconds for a forced end
_LOOK = 0.02


class WebServer:
    """Start once, stop once. The caller closes ``listening``."""

    def __init__(
        self,
        app: ASGIApp,
        listening: ListeningSockets,
        host: str,
        port: int,
        access: CurrentAccess | None = None,
    ) -> None:
        self._app = app
        self._doors = Doors(access or CurrentAccess())
        self._listening = listening
        self._host = host
        self._port = port
        self._server: PageServer | None = None
        self._thread: Thread | None = None

    @property
    def running(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def start(self) -> tuple[str, int]:
        """Returns the address of the pages. From now on connections are accepted. Raises
        ``CannotListen``.
        """
        listener = self._listening.on(self._host, self._port)
        host, port = listener.getsockname()[:2]
        self._server = PageServer(
            uvicorn.Config(
                self._app,
                http=cast(
                    "type[asyncio.Protocol]", self._doors
                ),  # it calls this for each connection
                loop="asyncio",
                ws="none",
                lifespan="on",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
            )
        )
        self._thread = Thread(target=self._server.run, args=([listener],), name="web", daemon=True)
        self._thread.start()
        return host, port

    def drain(self, timeout: float) -> None:
        """Accept no connection any more, let running requests end within ``timeout`` seconds, and
        end those that are left. Requests that wait for the next server go on waiting.
        """
        if self._server is None:
            return
        self._server.should_exit = True
        if self._idle_within(timeout):
            return
        if self._server.awaits_next:
            self._server.abort_busy()
        else:
            self.stop(0)

    def _idle_within(self, seconds: float) -> bool:
        end = time.monotonic() + seconds
        while self._server is not None and self.running and self._server.busy:
            if time.monotonic() >= end:
                return False
            time.sleep(_LOOK)
        return True

    def stop(self, timeout: float) -> bool:
        """Let running requests end within ``timeout`` seconds. Whether the thread has ended."""
        if self._server is None or self._thread is None:
            return True
        self._server.should_exit = True
        self._thread.join(timeout)
        self._server.force_exit = True
        self._thread.join(_FORCED)
        return not self._thread.is_alive()
