"""The simulated Fuse API as a running server."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from typing import Self

from fuse_otel.simulator.call import RawEntry, SimulatedCall
from fuse_otel.simulator.content import Content, WorldContent
from fuse_otel.simulator.endpoints import BASE, SimulatedEndpoints
from fuse_otel.simulator.faults import Faults
from fuse_otel.simulator.hook import PostCallHook
from fuse_otel.simulator.quirks import Quirks
from fuse_otel.simulator.requests import RecordedRequest, RequestRecorder
from fuse_otel.simulator.samples import SamplesWorld
from fuse_otel.simulator.server import Server
from fuse_otel.simulator.world import World

EMAIL = "owner@example.com"
DEVELOPER_KEY = "simulated-key"


class SimulatedApi:
    """A context manager: the server runs inside the ``with``, on ``url``.

    ``clock`` gives UNIX seconds and decides which calls have ended; a test may move it. ``port``
    0 takes a free one. With ``hook_url`` every call that ends while the server runs is announced
    there. Raises ``OSError`` if it cannot listen there.
    """

    def __init__(  # noqa: PLR0913 - options of a server, all by name
        self,
        world: World | SamplesWorld,
        *,
        quirks: Quirks | None = None,
        faults: Faults | None = None,
        email: str = EMAIL,
        developer_key: str = DEVELOPER_KEY,
        clock: Callable[[], float] = time.time,
        host: str = "127.0.0.1",
        port: int = 0,
        hook_url: str = "",
        hook_token: str = "",
    ) -> None:
        self.email = email
        self.developer_key = developer_key
        self.quirks = quirks or Quirks()
        self.faults = faults or Faults()
        self._clock = clock
        self._address = (host, port)
        self._recorder = RequestRecorder()
        self._content: Content = (
            world if isinstance(world, SamplesWorld) else WorldContent(world, self.quirks)
        )
        self.hook = (
            PostCallHook(
                hook_url, hook_token, self.quirks.hook_encoding, self._content.ended, clock
            )
            if hook_url
            else None
        )
        self._running = ExitStack()
        self._port = port

    def __enter__(self) -> Self:
        endpoints = SimulatedEndpoints(
            self._content,
            self.faults,
            self._recorder,
            email=self.email,
            developer_key=self.developer_key,
            quirks=self.quirks,
            clock=self._clock,
        )
        server = Server(self._address, endpoints.respond, self._date)
        self._port = self._running.enter_context(server.running())
        if self.hook is not None:
            self._running.enter_context(self.hook.running())
        return self

    def __exit__(self, *_: object) -> None:
        self._running.close()

    @property
    def origin(self) -> str:
        """``http://host:port``."""
        host = self._address[0]
        return f"http://[{host}]:{self._port}" if ":" in host else f"http://{host}:{self._port}"

    @property
    def url(self) -> str:
        """The base URL of the API."""
        return self.origin + BASE

    @property
    def requests(self) -> Counter[str]:
        """Requests so far: ``calls``, ``all_logs``, ``call``, ``other``."""
        return self._recorder.counts()

    @property
    def recorded(self) -> tuple[RecordedRequest, ...]:
        """The last 10,000 requests, the oldest first."""
        return self._recorder.last()

    def truth(self, start: float, end: float) -> tuple[SimulatedCall, ...]:
        """Every call that has ended by now with its end in ``[start, end)``, by end."""
        now = self._clock()
        calls = (call for call in self._content.ended(start, end) if call.end <= now)
        return tuple(sorted(calls, key=lambda call: (call.end, call.session_id)))

    def entries(self, session_id: str) -> tuple[RawEntry, ...]:
        """A call's complete log, also if the API does not show it. Raises ``KeyError``."""
        return self._content.entries(session_id)

    def _date(self) -> float:
        return self._clock() + self.quirks.clock_skew
