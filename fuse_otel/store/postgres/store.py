"""One PostgreSQL database with the five interfaces."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack

from fuse_otel.errors import Broken, MissingStore, StoreError
from fuse_otel.events import Emit, StoreFailed, unheard
from fuse_otel.store.postgres.calls import PostgresCalls
from fuse_otel.store.postgres.clock import DatabaseClock
from fuse_otel.store.postgres.connection import own_queries
from fuse_otel.store.postgres.database import Database
from fuse_otel.store.postgres.ledger import PostgresLedger
from fuse_otel.store.postgres.replica import Replica, new_id
from fuse_otel.store.postgres.schema import VERSION, bring_forward, version_of
from fuse_otel.store.relational.capacity import Capacity
from fuse_otel.store.relational.control import RelationalControl
from fuse_otel.store.relational.database import Connection
from fuse_otel.store.relational.flows import RelationalFlows
from fuse_otel.store.relational.outbox import RelationalOutbox

CONNECTIONS = 10  # of a replica at most
_KEPT = "The leases of this replica were not given back, and end by time."
_OUTBOX = own_queries("outbox")


class PostgresOutbox(RelationalOutbox):
    """Several replicas may serve one lane: each sends what it has claimed."""

    def _claimed(
        self, connection: Connection, lane_id: int, batches: Sequence[int]
    ) -> Sequence[int]:
        if not batches:
            return batches
        which = {"lane": lane_id, "batches": list(batches), "owner": self._database.owner}
        claimed = {batch for (batch,) in connection.execute(_OUTBOX["claim"], which).fetchall()}
        return [batch for batch in batches if batch in claimed]


class PostgresStore:
    """``capacity`` is the cap in bytes, of all replicas together. ``exports`` as ``Replica``'s."""

    shared = True

    def __init__(
        self, database: Database, capacity: int, emit: Emit = unheard, *, exports: bool = True
    ) -> None:
        self._database = database
        self._emit = emit
        self._clock = DatabaseClock()
        with database.read() as connection:
            self._clock.measure(connection)
        self._replica = Replica(database, self._clock, emit, exports=exports)
        room = Capacity(capacity, _unknown, database.name, emit)
        self.ledger = PostgresLedger(database, room, self._replica.join_as_reader)
        self.outbox = PostgresOutbox(database, room)
        replica = self._replica
        self.control = RelationalControl(
            database, capacity, replica.join, replica.other, _unknown, replica.replicas
        )
        self.calls = PostgresCalls(database)
        self.flows = RelationalFlows(database)

    def clock(self, own: Callable[[], float]) -> Callable[[], float]:
        del own  # it may be wrong
        return self._clock

    def leave(self) -> None:
        """Idempotent. If the database does not answer, the leases end by time."""
        try:
            self._replica.leave()
        except StoreError as error:
            self._emit(StoreFailed(error.error_type, f"{_KEPT} {error}"))

    def close(self) -> None:
        """Idempotent. Leaves first."""
        self.leave()
        self._database.close()


def open_postgres(
    url: str, *, capacity: int, read_only: bool, create: bool, emit: Emit, exports: bool = True
) -> PostgresStore:
    """Raises ``Broken``. Creates missing tables in the first schema of the search path if
    ``create`` and not ``read_only``.
    """
    with ExitStack() as stack:
        database = Database(url, new_id(), size=CONNECTIONS, read_only=read_only)
        stack.callback(database.close)
        if read_only or not create:
            _refuse_older(database, than=VERSION if read_only else 1)
        if not read_only:
            bring_forward(database)
        store = PostgresStore(database, capacity, emit, exports=exports)
        stack.pop_all()
    return store


def _refuse_older(database: Database, than: int) -> None:
    with database.read() as connection:
        version = version_of(connection, database.name)
    if version < than:
        raise (Broken if version else MissingStore)(
            f"The store {database.name} is empty or older than this program: `fuse-otel run`"
            " or `once` brings it up to date."
        )


def _unknown() -> int:
    """The room on the server's disk is not known."""
    return sys.maxsize
