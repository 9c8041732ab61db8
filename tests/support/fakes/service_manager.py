"""A service manager: a real datagram socket that keeps what a daemon reports to it.

A thread reads: the system keeps only some ten datagrams that nobody reads.
"""

from __future__ import annotations

import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import SimpleQueue
from threading import Thread

from support.patience import PATIENCE

_END = b"end"


class FakeServiceManager:
    def __init__(self, receiver: socket.socket, address: str) -> None:
        self.environ = {"NOTIFY_SOCKET": address}
        self._receiver = receiver
        self._reports: SimpleQueue[bytes] = SimpleQueue()
        self._thread = Thread(target=self._read)
        self._thread.start()

    def _read(self) -> None:
        while (report := self._receiver.recv(4096)) != _END:
            self._reports.put(report)

    def next(self) -> str:
        """The next report, as soon as it is there."""
        return self._reports.get(timeout=PATIENCE).decode()

    def wait_for(self, start: str) -> str:
        """The next report that begins so; others are left out."""
        while not (found := self.next()).startswith(start):
            pass
        return found

    def end(self) -> list[str]:
        """No more is read. Returns the reports that nobody has taken."""
        if self._thread.is_alive():
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
                sender.sendto(_END, self.environ["NOTIFY_SOCKET"])
        self._thread.join(PATIENCE)
        return [self._reports.get().decode() for _ in range(self._reports.qsize())]


@contextmanager
def service_manager() -> Iterator[FakeServiceManager]:
    # Not pytest's folder: the path of a socket has at most some hundred characters.
    with (
        tempfile.TemporaryDirectory() as folder,
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver,
    ):
        address = str(Path(folder) / "notify")
        receiver.bind(address)
        made = FakeServiceManager(receiver, address)
        try:
            yield made
        finally:
            made.end()
