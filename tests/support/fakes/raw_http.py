"""A server of raw sockets on loopback, for answers that no decent HTTP server would give."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Callable, Mapping
from typing import Self

_PATIENCE = 60.0  # seconds until a test that hangs is torn down


def answer(
    body: bytes = b"", status: str = "200 OK", headers: Mapping[str, str] | None = None
) -> bytes:
    """A whole HTTP/1.1 answer; ``Content-Length`` is there unless ``headers`` names another."""
    fields = {"Content-Length": str(len(body)), **(headers or {})}
    lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"HTTP/1.1 {status}\r\n{lines}\r\n".encode() + body


class Peer:
    """One connection of the client under test."""

    def __init__(self, connection: socket.socket, stopped: threading.Event) -> None:
        self.connection = connection
        self._stopped = stopped

    def read_head(self) -> str:
        """The next request without its body, empty once the client has gone."""
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            byte = self.connection.recv(1)
            if not byte:
                return ""
            head += byte
        return head.decode()

    def read(self, size: int) -> bytes:
        """Exactly so many bytes. Raises ``OSError`` once the client has gone."""
        data = b""
        while len(data) < size:
            more = self.connection.recv(size - len(data))
            if not more:
                raise ConnectionError("the client has gone")
            data += more
        return data

    def send(self, data: bytes) -> None:
        self.connection.sendall(data)

    def dribble(self, data: bytes, pause: float = 0.05) -> None:
        """A byte at a time until the client leaves: each read succeeds, the whole never ends."""
        for byte in data:
            if self._stopped.wait(pause):
                return
            self.connection.sendall(bytes([byte]))

    def hold(self) -> None:
        """Say nothing until the test is over."""
        self._stopped.wait(_PATIENCE)

    def close(self) -> None:
        self.connection.close()

    def reset(self) -> None:
        """Close with RST instead of FIN."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()


Respond = Callable[[Peer, str], None]


class RawServer:
    """Calls ``respond(peer, head)`` for each request of each connection, in a thread each.

    ``connected`` is called for each connection before anything is read.
    """

    def __init__(self, respond: Respond, connected: Callable[[Peer], None] | None = None) -> None:
        self._respond = respond
        self._connected = connected
        self._stopped = threading.Event()
        self._threads: list[threading.Thread] = []
        self.heads: list[str] = []
        self.connections = 0

    def __enter__(self) -> Self:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._start(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(_PATIENCE)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def port(self) -> int:
        return int(self._listener.getsockname()[1])

    def _start(self, run: Callable[[], None]) -> None:
        thread = threading.Thread(target=run, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self._stopped.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:  # closed by __exit__
                return
            self.connections += 1
            self._start(lambda taken=connection: self._serve(taken))

    def _serve(self, connection: socket.socket) -> None:
        connection.settimeout(_PATIENCE)
        # Whatever the client does to the connection is its right, and what the tests are about.
        with connection, contextlib.suppress(OSError):
            peer = Peer(connection, self._stopped)
            if self._connected:
                self._connected(peer)
            while head := peer.read_head():
                self.heads.append(head)
                self._respond(peer, head)


def always(data: bytes) -> Respond:
    """Each request gets the same bytes."""
    return lambda peer, _: peer.send(data)
