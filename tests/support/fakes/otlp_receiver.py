"""A real OTLP/HTTP back end on loopback: it inflates, decodes with OpenTelemetry's own protobuf
classes, keeps what it took and answers as it is told.
"""

from __future__ import annotations

import socket
import ssl
import sys
import threading
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

from google.protobuf.message import DecodeError

from support.fakes.otlp_answer import ACCEPTED, Answer
from support.fakes.otlp_request import Request, decoded, inflated_of
from support.fakes.receiver import Receiver


class OtlpReceiver(Receiver[Answer]):
    """``with OtlpReceiver() as receiver``: listens at ``receiver.url`` until the block ends. With
    ``port`` a receiver that was stopped comes back.
    """

    def __init__(
        self,
        *answers: Answer,
        decide: Callable[[Request], Answer | None] = lambda _: None,
        port: int = 0,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        super().__init__(answers, decide, ACCEPTED)
        self.stopping = threading.Event()
        self._server = _Server(("127.0.0.1", port), self, tls)
        self._scheme = "https" if tls else "http"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    # --- what a test asks ---

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        return f"{self._scheme}://127.0.0.1:{self.port}"

    @property
    def connections(self) -> int:
        """How many were opened so far."""
        return self._server.opened

    # --- running ---

    def start(self) -> Self:
        self._thread.start()
        return self

    def stop(self) -> None:
        self.stopping.set()
        if self._thread.ident is not None:
            self._server.shutdown()
            self._thread.join()
        self._server.hang_up()
        self._server.server_close()
        if self._server.failures:
            raise ExceptionGroup("the receiver failed", self._server.failures)

    def take(self, path: str, headers: Mapping[str, str], content: bytes) -> Answer:
        """Decode and keep a request; the answer to it."""
        inflated = inflated_of(headers, content)
        return self._take(
            Request(path, headers, content, inflated, decoded(path, inflated), kept=True)
        )


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(
        self, address: tuple[str, int], receiver: OtlpReceiver, tls: ssl.SSLContext | None
    ) -> None:
        super().__init__(address, _Handler)
        self.receiver = receiver
        self.failures: list[Exception] = []
        self._tls = tls
        self._open: set[socket.socket] = set()
        self.opened = 0

    def finish_request(self, request: object, client_address: object) -> None:
        """In the thread of the connection, so that a slow handshake stops nobody else."""
        assert isinstance(request, socket.socket)
        connection = self._tls.wrap_socket(request, server_side=True) if self._tls else request
        self._open.add(connection)
        self.opened += 1
        try:
            super().finish_request(connection, client_address)
        finally:
            self._open.discard(connection)
            connection.close()

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is what many tests want; anything else is a fault of ours."""
        error = sys.exception()
        if isinstance(error, Exception) and not isinstance(error, OSError):
            self.failures.append(error)

    def hang_up(self) -> None:
        for connection in tuple(self._open):
            with suppress(OSError):  # it may be gone by itself
                connection.shutdown(socket.SHUT_RDWR)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length", -1))
        content = self.rfile.read(max(0, length))
        if len(content) != length:  # the client was killed amid its request
            self.close_connection = True
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        receiver = self.server.receiver
        try:
            answer = receiver.take(self.path, headers, content)
        except LookupError:
            answer = Answer(404)
        except (ValueError, DecodeError, zlib.error):
            answer = Answer(400, {"Content-Type": "text/plain"}, b"this is no OTLP")
        receiver.stopping.wait(answer.delay)
        if answer.hang_up:
            self.close_connection = True
        elif answer.raw is not None:
            self.wfile.write(answer.raw)
            self.close_connection = True
        else:
            self._write(answer)

    def _write(self, answer: Answer) -> None:
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if answer.status != 204:
            self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        for piece in _pieces(answer):
            self.wfile.write(piece)
            if self.server.receiver.stopping.wait(answer.dribble):
                break
        if answer.cut is not None:
            self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        """The tests read ``requests`` instead."""


def _pieces(answer: Answer) -> Iterator[bytes]:
    body = answer.body[: answer.cut]
    if not answer.dribble:
        yield body
        return
    for place in range(len(body)):
        yield body[place : place + 1]
