"""The listening sockets, kept from one server to the next: who connects while none serves waits in
the system's queue instead of being refused, and nobody else can take the port meanwhile.
"""

from __future__ import annotations

import os
import socket

from fuse_otel.errors import CannotListen

_BACKLOG = 128


class ListeningSockets:
    """``port`` 0 takes a free port, the same one each time it is asked for."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, int], socket.socket] = {}

    def on(self, host: str, port: int) -> socket.socket:
        """A copy, for the caller to close. Raises ``CannotListen``."""
        if (host, port) not in self._kept:
            self._kept[host, port] = _listen(host, port)
        return self._kept[host, port].dup()

    def keep_only(self, host: str, port: int) -> None:
        for other in self._kept.keys() - {(host, port)}:
            self._kept.pop(other).close()

    def close(self) -> None:
        while self._kept:
            self._kept.popitem()[1].close()


def _listen(host: str, port: int) -> socket.socket:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, _, _, _, address = found[0]
        return socket.create_server(address, family=family, backlog=_BACKLOG)
    except OSError as error:
        reason = _reason(error)
        raise CannotListen(f"Cannot listen on {host}:{port}: {reason}.") from error


def _reason(error: OSError) -> str:
    """The system's own words; what ``socket`` adds to them repeats the address."""
    if isinstance(error, socket.gaierror) or error.errno is None:
        return str(error.strerror or error)
    return os.strerror(error.errno)
