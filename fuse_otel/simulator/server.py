"""HTTP/1.1 over sockets, with keep-alive, that can close the connection at any byte."""

from __future__ import annotations

import socket
import socketserver
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler
from typing import Any, Final

from fuse_otel.simulator.faults import FaultKind
from fuse_otel.simulator.requests import ReceivedRequest
from fuse_otel.simulator.responses import SimulatedResponse
from fuse_otel.simulator.switches import is_number

_FLOOD_CHUNK: Final = b" " * 65_536
_FLOOD_CHUNKS: Final = 1_024
_RESET_ON_CLOSE: Final = struct.pack("ii", 1, 0)


class Server(socketserver.ThreadingMixIn, socketserver.TCPServer):
    """A thread a connection. ``date`` gives the seconds for the ``Date`` header."""

    allow_reuse_address = True
    daemon_threads = False
    request_queue_size = 128

    def __init__(
        self,
        address: tuple[str, int],
        respond: Callable[[ReceivedRequest], SimulatedResponse],
        date: Callable[[], float],
    ) -> None:
        if ":" in address[0]:
            self.address_family = socket.AF_INET6
        self.respond = respond
        self.date = date
        self.stopping = threading.Event()
        self._connections: set[socket.socket] = set()
        self._lock = threading.Lock()
        super().__init__(address, _Connection)

    @contextmanager
    def running(self) -> Iterator[int]:
        """Serves inside the ``with``; gives the port. On leaving no thread and no socket stays."""
        thread = threading.Thread(target=self.serve_forever, args=(0.05,), name="simulator")
        thread.start()
        try:
            yield self.server_address[1]
        finally:
            self.shutdown()
            thread.join()
            self._break_off()
            self.server_close()

    def process_request(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - the base's
        with self._lock:
            self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:  # noqa: ANN401 - the base's
        """Only close: a shutdown before it would turn a reset into a normal end."""
        with self._lock:
            self._connections.discard(request)
        self.close_request(request)

    def _break_off(self) -> None:
        self.stopping.set()
        with self._lock:
            waiting = tuple(self._connections)
        for connection in waiting:
            with suppress(OSError):  # the client may have closed it meanwhile
                connection.shutdown(socket.SHUT_RDWR)


class _Connection(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Server

    def handle_one_request(self) -> None:
        try:
            super().handle_one_request()
        except ConnectionError:  # the client closed the connection
            self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        """Nothing: the recorder keeps the requests."""

    def _serve(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        length = headers.get("content-length", "")
        body = self.rfile.read(int(length) if is_number(length) else 0)
        response = self.server.respond(ReceivedRequest(self.command, self.path, headers, body))
        if response.latency and self.server.stopping.wait(response.latency):
            self.close_connection = True
            return
        self._deliver(response)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_PATCH = do_OPTIONS = _serve  # noqa: N815 - the base's

    def _deliver(self, response: SimulatedResponse) -> None:
        match response.delivery:
            case None if self.command == "HEAD":
                self._send(self._head(response, len(response.body)))
            case None:
                self._send(self._head(response, len(response.body)) + response.body)
            case FaultKind.DRIBBLE:
                self._send(self._head(response, len(response.body)))
                self._dribble(response)
            case FaultKind.CUT:
                half = response.body[: len(response.body) // 2]
                self._send(self._head(response, len(response.body)) + half)
                self.close_connection = True
            case FaultKind.BAD_CHUNKS:
                self._send(self._head(response, None) + b'10\r\n{"calls": [{}, {}]\r\nfew\r\n')
                self.close_connection = True
            case FaultKind.FLOOD:
                self._flood(response)
            case FaultKind.DOWN:
                self.close_connection = True
            case FaultKind.RESET:
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
                self.close_connection = True

    def _head(self, response: SimulatedResponse, length: int | None) -> bytes:
        reason = self.responses.get(response.status, ("Unknown", ""))[0]
        headers = {
            "Date": formatdate(self.server.date(), usegmt=True),
            "Server": "Apache",
            "Content-Type": response.content_type,
            **response.headers,
        }
        headers |= {"Connection": "close"} if length is None else {"Content-Length": f"{length}"}
        if response.delivery is FaultKind.BAD_CHUNKS:
            headers["Transfer-Encoding"] = "chunked"
        lines = [f"{self.protocol_version} {response.status} {reason}"]
        lines += [f"{name}: {value}" for name, value in headers.items() if value]
        return "\r\n".join([*lines, "", ""]).encode("latin-1")

    def _send(self, data: bytes) -> None:
        self.connection.sendall(data)

    def _dribble(self, response: SimulatedResponse) -> None:
        for place in range(len(response.body)):
            if self.server.stopping.wait(response.pace):
                self.close_connection = True
                return
            self._send(response.body[place : place + 1])

    def _flood(self, response: SimulatedResponse) -> None:
        self.close_connection = True
        self._send(self._head(response, None) + b'{"calls": [')
        for _ in range(_FLOOD_CHUNKS):
            self._send(_FLOOD_CHUNK)
        self._send(b"]}")
