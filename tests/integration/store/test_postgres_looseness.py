"""Replicas whose pages show different amounts of a call, as while an update makes them stricter."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from threading import Thread

import pytest
from support.builders.store_values import NOW, recent, step
from support.peers.waiting import wait_for
from support.rigs.postgres_cluster import Cluster

from fuse_otel.ports import Store
from fuse_otel.store import open_store
from fuse_otel.store.relational.step import write_step

BLOCKED = "select exists (select from pg_locks where not granted)"


@pytest.fixture
def replica(postgres: Cluster) -> Iterator[Callable[[int], Store]]:
    """Opens one of this looseness."""
    with postgres.store() as url, ExitStack() as stack:

        def opened(looseness: int, *, beside: bool = False) -> Store:
            store = open_store(url, capacity=1 << 20, clock=lambda: float(NOW))
            stack.callback(store.close)
            store.control.lock()
            store.control.limit_recent(looseness, beside=beside)
            return store

        yield opened


def shown(store: Store) -> list[str]:
    return [call.session_id for call in store.control.recent(9)]


def is_blocked(store: Store) -> bool:
    with store._database.read() as connection:
        return bool(connection.execute(BLOCKED).fetchone()[0])


def test_no_loose_call_is_left_when_all_replicas_are_strict(replica):
    old, new = replica(1), replica(0)
    loose, strict = old.ledger.lease("one"), new.ledger.lease("other")
    strict.commit(step(recent=[recent("strict"), recent("both")]))
    loose.commit(step(recent=[recent("loose"), recent("both")]))
    assert shown(new) == ["strict"]
    old.close()
    assert shown(replica(0)) == ["strict"]


def test_a_loose_call_that_is_being_stored_meanwhile_is_removed(replica):
    old = replica(1)
    lease = old.ledger.lease("main")
    with old._database.write() as connection:
        account = lease._leased(connection, "hold_account")
        write_step(connection, account, step(recent=[recent("loose")]), (), 1 << 20, 1)
        new = Thread(target=replica, args=[0])
        new.start()
        wait_for(lambda: is_blocked(old), "the stricter replica, blocked by the step,")
    new.join()
    assert shown(old) == []


def test_a_replica_that_shows_more_stores_calls_as_soon_as_it_starts(replica):
    replica(0)
    loose = replica(1)
    loose.ledger.lease("main").commit(step(recent=[recent("a")]))
    assert shown(loose) == ["a"]


@pytest.mark.parametrize("looseness", [0, 2])
def test_a_command_beside_replicas_changes_nothing_for_them(replica, looseness):
    daemon = replica(1)
    lease = daemon.ledger.lease("main")
    lease.commit(step(recent=[recent("a")]))
    command = replica(looseness, beside=True)
    lease.commit(step(recent=[recent("b")]))
    command.ledger.lease("other").commit(step(recent=[recent("c")]))
    assert shown(daemon) == (["b", "a"] if looseness else ["c", "b", "a"])


def test_a_command_without_replicas_limits_the_calls(replica):
    replica(1, beside=True).ledger.lease("main").commit(step(recent=[recent("a")]))
    assert shown(replica(1)) == ["a"]
