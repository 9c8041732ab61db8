"""How this process is one of the replicas: its heartbeat keeps all its leases."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping, Sequence
from threading import Event, Lock, Thread
from typing import Any
from uuid import uuid4

from msgspec.structs import replace
from psycopg_pool import PoolTimeout

from fuse_otel import __version__
from fuse_otel.core.model.lane import Lane, LoopName
from fuse_otel.core.model.telemetry import Signal
from fuse_otel.errors import Broken, StoreError
from fuse_otel.events import Emit, LoopFailed, unheard
from fuse_otel.ports import ReplicaStatus, ReportedState
from fuse_otel.store.postgres.clock import DatabaseClock
from fuse_otel.store.postgres.connection import own_queries
from fuse_otel.store.postgres.database import Database
from fuse_otel.store.relational.database import Connection
from fuse_otel.store.relational.rows import word

LEASE = 12.0  # seconds after its last beat until a replica counts as dead
_OTHERS = ("forget_replicas", "end_dead", "free_dead", "free_surplus", "fold_counters")
_SQL = own_queries("replicas")


def new_id() -> str:
    return uuid4().hex


class Replica:
    """Joins at the first lease. Until then the process only reads, or adds jobs. Each beat measures
    ``clock``.

    ``lease``: seconds for which a beat keeps the leases. There are four beats in that time.
    ``exports``: the process has metrics.
    """

    def __init__(
        self,
        database: Database,
        clock: DatabaseClock,
        emit: Emit = unheard,
        lease: float = LEASE,
        *,
        exports: bool = True,
    ) -> None:
        self._database = database
        self._clock = clock
        self._emit = emit
        self._lease = lease
        self._exports = exports
        self._stop = Event()
        self._joining = Lock()
        self._thread: Thread | None = None
        self._reads = False
        self._announced = False

    def join_as_reader(self) -> None:
        """As ``join``, and take a share of the accounts."""
        if not self._announced:
            self._reads = True
            self.join()
            self._beat()
            self._announced = True

    def join(self) -> None:
        """Idempotent. Raises ``StoreError``."""
        with self._joining:
            if self._stop.is_set():
                raise Broken(f"The store {self._database.name} is closed.")
            if self._thread is None:
                self._database.check_writable()
                self._beat()
                self._thread = Thread(target=self._run, name="replica", daemon=True)
                self._thread.start()

    def leave(self) -> None:
        """Give everything back at once, so that no other replica waits for it. Idempotent."""
        with self._joining:
            thread, self._thread = self._thread, None
        if thread is None:
            return
        self._stop.set()
        thread.join()
        try:
            self._give_back()
        except StoreError as error:
            if isinstance(error.__cause__, PoolTimeout):
                raise
            # Another replica may have ended this connection with one of a dead transaction.
            self._give_back()

    def _give_back(self) -> None:
        with self._database.write() as connection:
            me = {"id": self._database.owner}
            for name in ("leave_accounts", "leave_deliveries", "leave_gaps", "leave"):
                connection.execute(_SQL[name], me)

    def other(self) -> str | None:
        """A living replica other than this one, for people to read."""
        with self._database.read() as connection:
            row = connection.execute(_SQL["other"], {"id": self._database.owner}).fetchone()
            return row[0] if row else None

    def replicas(self, connection: Connection) -> tuple[ReplicaStatus, ...]:
        """Those of the last hour, the oldest first."""
        states: dict[str, dict[Lane, ReportedState]] = {}
        for replica, destination, signal, *reported in connection.execute(_SQL["lane_states"]):
            lane = Lane(destination, word(Signal, signal))
            states.setdefault(replica, {})[lane] = ReportedState(*reported)
        found = connection.execute(_SQL["replicas"], {"id": self._database.owner})
        return tuple(_replica_status(row, states.get(id_, {})) for id_, *row in found)

    def _run(self) -> None:
        while not self._stop.wait(self._lease / 4):
            try:
                self._beat()
            except StoreError:
                # The loops report what the database does not answer; without a beat the leases end.
                continue
            except Exception as error:  # noqa: BLE001 - without a thread all leases end for ever
                self._emit(LoopFailed.of(LoopName("heartbeat"), error))

    def _beat(self) -> None:
        me = {
            "id": self._database.owner,
            "name": f"{socket.gethostname()} process {os.getpid()}",
            "version": __version__,
            "reads": self._reads,
            "exports": self._exports,
            "lease": self._lease,
        }
        with self._database.write() as connection:
            self._clock.measure(connection)
            connection.execute(_SQL["join"], me)
            for name in _OTHERS:
                connection.execute(_SQL[name], me)


def _replica_status(row: Sequence[Any], lanes: Mapping[Lane, ReportedState]) -> ReplicaStatus:
    read = ReplicaStatus(*row)
    return replace(read, accounts=tuple(read.accounts), helps=tuple(read.helps), lanes=lanes)
