"""The check of the whole file after a start, beside the first polls."""

from __future__ import annotations

import sqlite3
from contextlib import AbstractContextManager, ExitStack
from threading import Thread

from fuse_otel.errors import Corrupt, StoreError
from fuse_otel.store.sqlite.damaged_file import look_over


class StartCheck:
    """Runs once in a thread of its own, for which SQLite releases Python's lock: it takes a second
    for a ledger of a million calls.
    """

    def __init__(self) -> None:
        self.begun = False
        self._thread: Thread | None = None
        self._damage = ""

    def start(self, reading: AbstractContextManager[sqlite3.Connection], name: str) -> None:
        """The transaction begins here, so that it is there when the store is closed at once."""
        held = ExitStack()
        connection = held.enter_context(reading)
        self._thread = Thread(
            target=self._run, args=(held, connection, name), name="store check", daemon=True
        )
        self._thread.start()

    def _run(self, held: ExitStack, connection: sqlite3.Connection, name: str) -> None:
        try:
            with held:
                look_over(connection, name)
        except Corrupt as error:
            self._damage = str(error)
        except StoreError:
            # A file that cannot be read now: each transaction meets that itself, and reports it.
            return

    def raise_damage(self) -> None:
        """For every transaction. Raises ``Corrupt`` once the check has found damage."""
        if self._damage:
            raise Corrupt(self._damage)

    def wait(self) -> None:
        """Until the check has ended: also a process that ends at once has checked its file."""
        if self._thread is not None:
            self._thread.join()
