"""One time limit for a whole request. httpx's ``timeout`` limits each single read and write, so a
server that sends a byte a second blocks a client endlessly. Here each wait is limited to the time
left.
"""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import httpcore
import httpx

_WRITE_SIZE = 4096  # bytes that a writable socket takes at once; each such write has its own limit

_limit: ContextVar[float | None] = ContextVar("limit", default=None)

SocketOption = (
    tuple[int, int, int] | tuple[int, int, bytes | bytearray] | tuple[int, int, None, int]
)


class DeadlinePassed(httpx.TimeoutException):
    """The whole request took longer than its deadline."""


@contextmanager
def deadline(seconds: float) -> Iterator[None]:
    """Limit all requests of this thread inside the block, including the reading of streamed bodies.
    The wait that reaches the limit raises ``DeadlinePassed``. An outer deadline stays in force.

    The system's name resolution cannot be interrupted: it may take longer.
    """
    outer = _limit.get()
    inner = time.monotonic() + seconds
    token = _limit.set(inner if outer is None else min(inner, outer))
    try:
        yield
    finally:
        _limit.reset(token)


def left(seconds: float) -> float:
    """``seconds``, or the rest of the thread's deadline if that is less; 0 after its end."""
    limit = _limit.get()
    return seconds if limit is None else max(0.0, min(seconds, limit - time.monotonic()))


@contextmanager
def _clipped(timeout: float | None) -> Iterator[float | None]:
    """``timeout`` or the time left, whichever is less. The end of the latter has its own error."""
    limit = _limit.get()
    if limit is None:
        yield timeout
        return
    remaining = limit - time.monotonic()
    if remaining <= 0:
        raise DeadlinePassed("the deadline passed")
    if timeout is not None and timeout < remaining:
        yield timeout
        return
    try:
        yield remaining
    except httpcore.TimeoutException as error:
        raise DeadlinePassed("the deadline passed") from error


def clip_pool_wait(request: httpx.Request) -> None:
    """An httpx request hook: the wait for a free connection counts too."""
    timeouts = request.extensions.get("timeout", {})
    limit = _limit.get()
    if limit is not None and timeouts.get("pool") is not None:
        remaining = max(limit - time.monotonic(), 0.0)
        pool = min(timeouts["pool"], remaining)
        request.extensions["timeout"] = {**timeouts, "pool": pool}


class _Stream(httpcore.NetworkStream):
    def __init__(self, inner: httpcore.NetworkStream) -> None:
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        with _clipped(timeout) as clipped:
            return self._inner.read(max_bytes, clipped)

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        for start in range(0, len(buffer), _WRITE_SIZE):
            with _clipped(timeout) as clipped:
                self._inner.write(buffer[start : start + _WRITE_SIZE], clipped)

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        with _clipped(timeout) as clipped:
            return _Stream(self._inner.start_tls(ssl_context, server_hostname, clipped))

    def get_extra_info(self, info: str) -> object:
        return self._inner.get_extra_info(info)


class DeadlineBackend(httpcore.NetworkBackend):
    """A network backend of httpcore that keeps the deadline of the calling thread."""

    def __init__(self, inner: httpcore.NetworkBackend) -> None:
        self._inner = inner

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[SocketOption] | None = None,
    ) -> httpcore.NetworkStream:
        """Tries the addresses of ``host`` in turn. The socket library would give each of them the
        whole time.
        """
        options = None if socket_options is None else list(socket_options)
        failure: Exception | None = None
        for address in _addresses(host, port):
            try:
                with _clipped(timeout) as clipped:
                    return _Stream(
                        self._inner.connect_tcp(address, port, clipped, local_address, options)
                    )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure or httpcore.ConnectError(f"no address of {host} is usable")


def _addresses(host: str, port: int) -> list[str]:
    """The addresses in the system's order, each once."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError as error:
        raise httpcore.ConnectError(f"{host} is not a host name") from error
    except OSError as error:
        raise httpcore.ConnectError(str(error)) from error
    return list(dict.fromkeys(str(info[4][0]) for info in found))
