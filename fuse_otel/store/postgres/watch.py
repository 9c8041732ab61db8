"""Ends a query whose answer never comes: libpq waits for it without a limit, also on a wire that
somebody cut.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Event, Lock, Thread
from typing import Any

import psycopg

LOOK = 0.5  # seconds


class Watch:
    """``seconds``: a query that takes longer loses its connection, and so raises an error."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._waiting: dict[psycopg.Connection[Any], float] = {}
        self._lock = Lock()
        self._stop = Event()
        self._thread = Thread(target=self._run, name="database watch", daemon=True)
        self._thread.start()

    @contextmanager
    def query(self, connection: psycopg.Connection[Any]) -> Iterator[None]:
        with self._lock:
            self._waiting[connection] = time.monotonic() + self._seconds
        try:
            yield
        finally:
            with self._lock:
                self._waiting.pop(connection, None)

    def close(self) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(LOOK):
            now = time.monotonic()
            with self._lock:
                late = [each for each, end in self._waiting.items() if end < now]
                for connection in late:
                    del self._waiting[connection]
                    _cut(connection)


def _cut(connection: psycopg.Connection[Any]) -> None:
    """The thread that waits reads the end of the stream. The connection stays libpq's to close."""
    with suppress(OSError, psycopg.OperationalError):  # it may have ended by itself
        wire = socket.socket(fileno=os.dup(connection.fileno()))
        with wire:
            wire.shutdown(socket.SHUT_RDWR)
