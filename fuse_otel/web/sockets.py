"""The listening sockets. They are kept from one server to the next: a client that connects between
two servers waits in the system's queue, and no other program can take the port.
"""

from __future__ import annotations

import errno
import os
import socket

from fuse_otel.errors import CannotListen

_BACKLOG = 128
_EVERY_ADDRESS = "::"
_IN_USE = " If another fuse-otel runs there, choose another port with FUSE_OTEL_LISTEN."
# IPv6 can be missing in the kernel, or be switched off for all interfaces.
_WITHOUT_IPV6 = (errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL)


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
        if host == _EVERY_ADDRESS:
            return _listen_everywhere(port)
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, _, _, _, address = found[0]
        return socket.create_server(address, family=family, backlog=_BACKLOG)
    except OSError as error:
        reason = _reason(error)
        hint = _IN_USE if error.errno == errno.EADDRINUSE else ""
        raise CannotListen(f"Cannot listen on {host}:{port}: {reason}.{hint}") from error


def _listen_everywhere(port: int) -> socket.socket:
    """IPv6 and IPv4 on one socket, or IPv4 alone on a system without IPv6."""
    if socket.has_dualstack_ipv6():
        try:
            return socket.create_server(
                (_EVERY_ADDRESS, port),
                family=socket.AF_INET6,
                dualstack_ipv6=True,
                backlog=_BACKLOG,
            )
        except OSError as error:
            if error.errno not in _WITHOUT_IPV6:
                raise
    return socket.create_server(("0.0.0.0", port), backlog=_BACKLOG)  # noqa: S104 - as configured


def _reason(error: OSError) -> str:
    """The system's message. The text that ``socket`` adds to it repeats the address."""
    if isinstance(error, socket.gaierror) or error.errno is None:
        return str(error.strerror or error)
    return os.strerror(error.errno)
