"""Connections with time limits, so that no client can keep one open endlessly.

uvicorn closes a connection that is idle between two requests. It waits without end for the first
request of a connection, and for a peer that does not read its answer.
"""

from __future__ import annotations

import asyncio
import socket
from abc import ABC, abstractmethod
from collections.abc import Collection
from typing import Any

import uvicorn
from starlette.types import Scope
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

MOST_CONNECTIONS = 128  # some systems allow a process 256 open files
HEAD_TIMEOUT = 10.0  # seconds for a complete request head
STALL_TIMEOUT = 10.0  # seconds in which a peer reads nothing of its answer
ANSWER_TIMEOUT = 60.0  # seconds for a whole answer: 10 MB at 1.4 Mbit/s
_SETTLED = 0.05  # seconds
_WAITING = "waits for the next server"
STATE = "connection"
"""The key of the connection in the state of an ASGI scope."""


class Peer(ABC):
    """What the server knows of each open connection. ``since``: when its present wait or answer
    began, in the loop's time.
    """

    since: float

    @property
    @abstractmethod
    def answering(self) -> bool: ...

    @property
    def waits_for_next(self) -> bool:
        """Whether its answer depends on the start of the next server."""
        return False

    @abstractmethod
    def overdue(self, now: float) -> bool:
        """Whether the peer has made us wait too long. ``now`` is the loop's time. Looked at once a
        second.
        """

    @abstractmethod
    def abort(self) -> None:
        """End it at once and drop unsent bytes."""


def make_room(newest: Peer, connections: Collection[object]) -> None:
    """The newest connection always gets in, so that health and metrics do. If there are too many,
    the one that has waited longest for a request goes, or else the one that has answered longest.
    """
    others = [each for each in connections if isinstance(each, Peer) and each is not newest]
    if len(others) >= MOST_CONNECTIONS:
        min(others, key=lambda each: (each.answering, each.since)).abort()


class ClientConnection(H11Protocol, Peer):
    """Knows since when its peer has made it wait. ``leaving``: no answer is begun any more."""

    def __init__(
        self,
        config: uvicorn.Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, {**app_state, STATE: self}, _loop)
        # Since when it waits for a request head, or answers a request.
        self.since = self.loop.time()
        self._sending_since: float | None = None
        self.leaving = False
        self._waits_for_next = False
        self._unsent, self._moved_at = 0, self.since

    @property
    def answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    @property
    def waits_for_next(self) -> bool:
        return self._waits_for_next

    def wait_for_next(self) -> None:
        self._waits_for_next = True

    def shutdown(self) -> None:
        self.leaving = True
        super().shutdown()

    def connection_lost(self, exc: Exception | None) -> None:
        self.leaving = True
        super().connection_lost(exc)

    def abort(self) -> None:
        self.connections.discard(self)
        self.transport.abort()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        make_room(self, self.connections)

    def data_received(self, data: bytes) -> None:
        before = self.cycle
        super().data_received(data)
        if self.cycle is not before:
            self._begin_wait()

    def on_response_complete(self) -> None:
        self._waits_for_next = False
        self._begin_wait()
        super().on_response_complete()

    def _begin_wait(self) -> None:
        self.since, self._sending_since = self.loop.time(), None

    def overdue(self, now: float) -> bool:
        if not self.answering:
            # What is left of the last answer is lost with the connection.
            return now - self.since > HEAD_TIMEOUT
        if not self.cycle.response_started:
            return False
        unsent = self.transport.get_write_buffer_size()
        if self._sending_since is None:
            self._sending_since = self._moved_at = now
        if unsent != self._unsent or not unsent:
            self._unsent, self._moved_at = unsent, now
        return now - self._moved_at > STALL_TIMEOUT or now - self._sending_since > ANSWER_TIMEOUT


def wait_for_next_server(scope: Scope) -> None:
    """The end of this server need not wait for the answer to the request."""
    connection, task = scope.get("state", {}).get(STATE), asyncio.current_task()
    if isinstance(connection, ClientConnection) and task is not None:
        connection.wait_for_next()
        # The task outlives the connection of a client that leaves.
        task.set_name(_WAITING)


class PageServer(uvicorn.Server):
    """Ends overdue connections once a second, and all that are left when it stops."""

    _loop: asyncio.AbstractEventLoop | None = None
    _accepting = True

    @property
    def busy(self) -> bool:
        """Whether there can be another answer than those that depend on the next server. For any
        thread.
        """
        connections = map(_is_of_now, list(self.server_state.connections))
        tasks = (task.get_name() != _WAITING for task in list(self.server_state.tasks))
        return self._accepting or any(connections) or any(tasks)

    @property
    def awaits_next(self) -> bool:
        """Whether a request waits for the next server. For any thread."""
        return any(task.get_name() == _WAITING for task in list(self.server_state.tasks))

    def abort_busy(self) -> None:
        """End these connections. For any thread."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._abort_busy)

    def _abort_busy(self) -> None:
        for each in list(self.server_state.connections):
            if isinstance(each, Peer) and _is_of_now(each):
                each.abort()

    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        self._loop = asyncio.get_running_loop()
        await super().serve(sockets)

    async def on_tick(self, counter: int) -> bool:
        if counter % 10 == 0:
            now = asyncio.get_running_loop().time()
            for each in list(self.server_state.connections):
                if isinstance(each, Peer) and each.overdue(now):
                    each.abort()
        return await super().on_tick(counter)

    def _end_accepting(self) -> None:
        self._accepting = False

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        # What was accepted before is a connection by then.
        asyncio.get_running_loop().call_later(_SETTLED, self._end_accepting)
        await super().shutdown(sockets)
        for each in list(self.server_state.connections):
            if isinstance(each, Peer):
                each.abort()
        await asyncio.sleep(0)  # the loop closes them before it ends


def _is_of_now(connection: object) -> bool:
    return not (isinstance(connection, Peer) and connection.waits_for_next)
