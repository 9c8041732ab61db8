"""A wire on loopback between a client and a server, which can be cut without a word."""

from __future__ import annotations

import socket
import threading
from collections.abc import Sequence
from contextlib import suppress
from typing import Self


class Relay:
    """``with Relay(port) as relay``: what connects to ``relay.url`` talks to ``port``."""

    def __init__(self, port: int) -> None:
        self._to = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._accept)
        self._wires: list[_Wire] = []
        self._cut = False
        self._lock = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    @property
    def opened(self) -> int:
        """Connections so far."""
        return len(self._wires)

    def forget(self) -> None:
        """What is connected hears nothing any more; new connections work."""
        for wire in self._wires:
            wire.cut.set()

    def mute(self) -> None:
        """What is connected is heard by the server, and hears no answer any more."""
        for wire in self._wires:
            wire.muted.set()

    def cut(self) -> None:
        """Nothing is heard any more, on new connections neither, until ``mend``."""
        with self._lock:
            self._cut = True
            self.forget()

    def mend(self) -> None:
        """New connections work again."""
        self._cut = False

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listener.close()
        for wire in self._wires:
            wire.close()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:  # closed
                return
            try:
                far = socket.create_connection(("127.0.0.1", self._to))
            except OSError:  # nobody listens there at the moment
                near.close()
                continue
            with self._lock:
                wire = _Wire(near, far)
                if self._cut:
                    wire.cut.set()
                self._wires.append(wire)


class _Wire:
    def __init__(self, near: socket.socket, far: socket.socket) -> None:
        self.cut = threading.Event()
        self.muted = threading.Event()
        self._ends = (near, far)
        self._threads = [
            threading.Thread(target=self._carry, args=way)
            for way in ((near, far, (self.cut,)), (far, near, (self.cut, self.muted)))
        ]
        for thread in self._threads:
            thread.start()

    def _carry(
        self, source: socket.socket, drain: socket.socket, silent: Sequence[threading.Event]
    ) -> None:
        with suppress(OSError):  # either side may go at any time
            while data := source.recv(65536):
                if not any(each.is_set() for each in silent):
                    drain.sendall(data)
            if not any(each.is_set() for each in silent):
                drain.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        for end in self._ends:
            with suppress(OSError):  # it may be closed by itself
                end.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        for end in self._ends:
            end.close()
