"""Several replicas in this process, as stores on one database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from fuse_otel.store import open_store
from fuse_otel.store.postgres import PostgresStore
from support.rigs.postgres_cluster import Cluster

_DEAD = "update replicas set lives_until = now() where id = ?"


@contextmanager
def replicas(cluster: Cluster, count: int) -> Iterator[list[PostgresStore]]:
    """All of them are readers already: each has an account of its own name."""
    with ExitStack() as stack:
        url = stack.enter_context(cluster.store())
        stores = []
        for number in range(count):
            store = open_store(url, capacity=1 << 30, clock=lambda: 0.0)
            stack.callback(store.close)
            assert isinstance(store, PostgresStore)
            store.ledger.lease(f"of {number}")
            stores.append(store)
        yield stores


def die(store: PostgresStore) -> None:
    """From now on it counts as dead: it was stopped or cut off."""
    replica = store._replica
    replica._stop.set()
    if replica._thread is not None:
        replica._thread.join()
    with store._database.write() as connection:
        connection.execute(_DEAD, (store._database.owner,))
