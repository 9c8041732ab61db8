"""Transactions of several replicas that change the same rows lock them in one order: none is ended
by the server because two wait for each other.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager

import psycopg
import pytest
from support.builders.store_values import (
    JAEGER,
    NOW,
    TEMPO,
    accepted,
    body,
    copy_of,
    pending,
    recent,
    seen,
    step,
)
from support.peers.waiting import wait_for
from support.rigs.postgres_cluster import Cluster

from fuse_otel.core.model.lane import Lane
from fuse_otel.ports import Acknowledgement, ReportedState, Step, Store
from fuse_otel.store import open_store

BLOCKED = "select exists (select from pg_locks where not granted)"
DEADLOCKS = "select deadlocks from pg_stat_database where datname = current_database()"
CALLS = ("1;1", "2;2", "3;3")
ROUNDS = 8


@pytest.fixture
def url(postgres: Cluster) -> Iterator[str]:
    with postgres.store() as found:
        yield found


@pytest.fixture
def stores(url: str) -> Iterator[Sequence[Store]]:
    with ExitStack() as stack:
        opened = [open_store(url, capacity=1 << 20, clock=lambda: float(NOW)) for _ in range(2)]
        for store in opened:
            stack.callback(store.close)
        yield opened


@contextmanager
def waiting(work: Callable[[], object], url: str, locks: str) -> Iterator[psycopg.Connection]:
    """Do it in a thread; the block begins when it waits for what the query ``locks``. The block's
    own connection holds that. Afterwards the work must end well.
    """
    with psycopg.connect(url) as other, ThreadPoolExecutor(1) as pool:
        other.execute(locks)
        future = pool.submit(work)
        wait_for(lambda: future.done() or value(url, BLOCKED), "the other transaction, blocked,")
        assert not future.done()
        try:
            yield other
        finally:
            other.commit()
    future.result()


def value(url: str, query: str) -> int:
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute(query).fetchone()
    assert row is not None
    return row[0]


def fill(store: Store) -> None:
    lease = store.ledger.lease("main")
    lease.commit(
        step(
            body(*CALLS, lanes=[TEMPO, JAEGER]),
            seen=[seen(one) for one in CALLS],
            pending=[pending(one) for one in CALLS],
            recent=[recent(one) for one in CALLS],
        )
    )


def transactions(store: Store) -> Sequence[Callable[[], object]]:
    """Of a lane, an erasure and a damaged batch."""
    (batch,) = store.outbox.due(JAEGER, NOW, 1 << 20)
    return (
        lambda: store.outbox.resolve(JAEGER, [accepted(batch)], NOW),
        lambda: store.control.erase("2;2", NOW),
        lambda: store.outbox.reread(batch.id, NOW),
    )


@pytest.mark.parametrize("which", range(3), ids=["lane", "erasure", "damage"])
def test_who_waits_for_a_batch_holds_none_of_its_deliveries(stores, url, which):
    store = stores[0]
    fill(store)
    work = transactions(store)[which]
    with waiting(work, url, "select from bodies for update") as other:
        # Fails at once, if one of them is locked.
        other.execute("select from deliveries for update nowait")


@pytest.mark.parametrize("which", [1, 2], ids=["erasure", "damage"])
def test_who_waits_for_an_account_holds_nothing_else(stores, url, which):
    store = stores[0]
    fill(store)
    work = transactions(store)[which]
    with waiting(work, url, "select from accounts for no key update") as other:
        for table in ("bodies", "deliveries", "ledger", "pending", "recent"):
            other.execute(f"select from {table} for update nowait")


def test_a_replica_that_leaves_waits_for_its_first_delivery_and_holds_no_later_one(stores, url):
    store = stores[0]
    for one in CALLS:
        store.ledger.lease("main").commit(step(body(one)))
    store.outbox.due(TEMPO, NOW, 1 << 20)
    with waiting(store.leave, url, "select from deliveries where body = 1 for update") as other:
        other.execute("select from deliveries where body > 1 for update nowait")


def test_erasures_lanes_and_reports_of_two_replicas_end_none_of_each_other(stores, url):
    before = value(url, DEADLOCKS)
    first, second = stores
    other = second.ledger.lease("other")
    state = {name: ReportedState("up", "") for name in ("other", "main")}

    def busy(store: Store, lane: Lane, name: str) -> None:
        for _ in range(ROUNDS):
            for batch in store.outbox.due(lane, NOW, 1 << 20):
                offsets = tuple(call.offset for call in batch.calls)
                parked = [copy_of(batch.calls[0])]
                store.outbox.resolve(lane, [Acknowledgement(batch.id, offsets, parked)], NOW)
            store.control.erase(name, NOW)
            store.control.report_states(state, {lane: ReportedState("up", "")})
            store.outbox.reread(1, NOW)
            store._replica._beat()

    fill(first)
    with ThreadPoolExecutor(3) as pool:
        works = [
            pool.submit(busy, first, TEMPO, "1;1"),
            pool.submit(busy, second, JAEGER, "3;3"),
            pool.submit(lambda: [other.commit(both(number)) for number in range(ROUNDS)]),
        ]
    for work in works:
        work.result()
    assert value(url, DEADLOCKS) == before


def both(number: int) -> Step:
    """A step with calls that the other account has too."""
    return step(
        body(*CALLS, f"{number}", lanes=[TEMPO, JAEGER]),
        seen=[seen(one) for one in reversed(CALLS)],
        recent=[recent(one) for one in CALLS],
    )
