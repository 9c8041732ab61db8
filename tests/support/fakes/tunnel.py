"""A proxy that connects each CONNECT to one port, whatever host it names."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress

from support.fakes.raw_http import Peer, RawServer


class Tunnel(RawServer):
    def __init__(self, port: int) -> None:
        super().__init__(self._connect)
        self._to = port

    def _connect(self, peer: Peer, _head: str) -> None:
        near = peer.connection
        with socket.create_connection(("127.0.0.1", self._to)) as far:
            peer.send(b"HTTP/1.1 200 Connected\r\n\r\n")
            answers = threading.Thread(target=_carry, args=(far, near))
            answers.start()
            _carry(near, far)
            answers.join()


def _carry(source: socket.socket, drain: socket.socket) -> None:
    with suppress(OSError):  # either side may go at any time
        while data := source.recv(65536):
            drain.sendall(data)
    with suppress(OSError):
        drain.shutdown(socket.SHUT_WR)
