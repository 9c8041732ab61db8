"""What a commit and a claim read stays the same while more is stored and more replicas work, and no
replica waits for what another one writes.
"""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack

import pytest
from support.builders.store_values import JAEGER, NOW, TEMPO, accepted, body, recent, seen, step
from support.rigs.postgres_cluster import Cluster

from fuse_otel.ports import CallerRow, IndexedCall, Lease, Step, Store
from fuse_otel.store import open_store
from fuse_otel.store.postgres.connection import own_queries
from fuse_otel.store.relational.capacity import used_bytes
from fuse_otel.store.relational.database import Connection
from fuse_otel.store.relational.queries import queries
from fuse_otel.store.relational.step import write_step

CAPACITY = 1 << 30
CALLS = 3  # of a step that is measured
ROWS = 150  # that it reads at most, whatever is stored: about 80
PREPARED = 6  # after so many steps, psycopg and the server have made their plans
TRIES = 5  # what else happens in the server only adds to what a step reads
OUTBOX, REPLICAS = queries("outbox"), own_queries("replicas")
READ_OF_REPLICAS = """
select pg_stat_get_xact_tuples_returned(c.oid) from pg_class c
where c.oid = 'replicas'::regclass
"""
READ = """
select
    coalesce(sum(pg_stat_get_xact_tuples_returned(c.oid)), 0)::bigint,
    coalesce(sum(pg_stat_get_xact_blocks_fetched(c.oid)), 0)::bigint
from pg_class c join pg_namespace n on n.oid = relnamespace
where nspname = current_schema() and relkind in ('r', 'i')
"""


@pytest.fixture
def stores(postgres: Cluster, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sequence[Store]]:
    """Four replicas with a connection each. Their heartbeats come later than any test ends."""
    monkeypatch.setattr("fuse_otel.store.postgres.store.CONNECTIONS", 1)
    with ExitStack() as stack:
        url = stack.enter_context(postgres.store(new=True))
        opened = []
        for _ in range(4):
            store = open_store(url, capacity=CAPACITY, clock=lambda: float(NOW))
            store._replica._lease = 4_000.0
            stack.callback(store.close)
            opened.append(store)
        yield opened


def calls_of(name: str, number: int, count: int = CALLS) -> Step:
    """New calls, in every table that a call is stored in."""
    ids = [f"{name};{number};{each}" for each in range(count)]
    return step(
        body(*ids, lanes=[TEMPO, JAEGER]),
        seen=[seen(one) for one in ids],
        recent=[recent(one) for one in ids],
        indexed=[indexed(one) for one in ids],
        callers=[CallerRow(one, f"caller of {one}", NOW) for one in ids],
        settled=ids,
        listed=ids,
    )


def indexed(name: str) -> IndexedCall:
    return IndexedCall(
        name, "0" * 32, "line", "1", "inbound", "completed", "full", error=False, start=NOW, end=NOW
    )


def written(lease: Lease, new: Step, connection: Connection) -> None:
    """As a lease looks the calls of a step up and commits it."""
    ids = [row.session_id for row in new.seen]
    account = lease._leased(connection, "hold_account")
    for query in ("seen", "pending_call"):
        assert not list(lease._select(connection, query, account, ids))
    used_bytes(connection)
    write_step(connection, account, new, new.batches, CAPACITY)
    used_bytes(connection)


def read_by_a_step(lease: Lease, store: Store, new: Step) -> tuple[int, int]:
    """The rows and pages that a step reads, of tables and indexes."""
    with store._database.write() as connection:
        before = connection.execute(READ).fetchone()
        written(lease, new, connection)
        after = connection.execute(READ).fetchone()
    return after[0] - before[0], after[1] - before[1]


def deliver(store: Store) -> int:
    """Everything that waits; the number of batches."""
    count = 0
    for lane in (TEMPO, JAEGER):
        while found := store.outbox.due(lane, NOW, 1 << 20):
            store.outbox.resolve(lane, [accepted(each) for each in found], NOW)
            count += len(found)
    return count


def rows_and_pages(store: Store, lease: Lease, name: str) -> tuple[int, int]:
    """Of a small step, the least of several. The steps before it pass the entries of rows that were
    just deleted, which the server then marks, unless another transaction may still see the rows.
    """
    for number in range(PREPARED):
        lease.commit(calls_of(name, number))
    last = range(PREPARED, PREPARED + TRIES)
    tries = [read_by_a_step(lease, store, calls_of(name, number)) for number in last]
    return min(rows for rows, _ in tries), min(pages for _, pages in tries)


def test_a_step_reads_as_much_when_much_more_is_stored(stores):
    store = stores[0]
    lease = store.ledger.lease("main")
    rows_and_pages(store, lease, "plans of empty tables")
    lease.commit(calls_of("all that the pages show", 0, 500))
    small = rows_and_pages(store, lease, "small")
    lease.commit(calls_of("many", 0, 500))
    large = rows_and_pages(store, lease, "more")
    assert max(small[0], large[0]) <= ROWS, (small, large)
    assert large[0] <= 1.5 * small[0], (small, large)
    assert large[1] <= 2 * small[1], (small, large)  # the indexes are a level deeper


def test_a_claim_looks_the_replicas_up_once_for_all_that_they_have_claimed(stores):
    first, second, *_ = stores
    lease = first.ledger.lease("main")
    for number in range(20):
        lease.commit(calls_of("claimed", number))
    assert len(first.outbox.due(TEMPO, NOW, 1 << 20)) == 20
    lease.commit(calls_of("free", 0))
    with second._database.claiming() as connection:
        (lane,) = connection.execute(OUTBOX["lane"], TEMPO).fetchone()
        (before,) = connection.execute(READ_OF_REPLICAS).fetchone()
        which = {"lane": lane, "live": 0, "owner": second._database.owner}
        assert len(connection.execute(OUTBOX["live"], which).fetchall()) == 1
        (after,) = connection.execute(READ_OF_REPLICAS).fetchone()
    assert after - before == 1  # the one that is alive


def test_no_replica_waits_for_what_others_are_writing(stores):
    """Three have written a step and claimed what they send, and have not committed it. The fourth
    does all that a replica does.
    """
    leases = [store.ledger.lease(f"account {number}") for number, store in enumerate(stores)]
    for number, lease in enumerate(leases):
        lease.commit(calls_of("before", number, 126))  # more than the pages show
    *others, last = stores
    with ExitStack() as stack:
        for number, store in enumerate(others):
            connection = stack.enter_context(store._database.write())
            connection.execute(REPLICAS["join"], me(store))
            written(leases[number], calls_of("open", number), connection)
            (lane,) = connection.execute(OUTBOX["lane"], TEMPO).fetchone()
            assert store.outbox._claimed(connection, lane, [number + 1]) == [number + 1]
        with last._database.write() as connection:
            connection.execute("set lock_timeout = '1ms'")  # a wait is an error
        leases[-1].commit(calls_of("meanwhile", 0))
        assert deliver(last) == 2 * 2 + 3  # of four steps and two lanes, without the claimed ones
        last._replica._beat()


def me(store: Store) -> dict[str, object]:
    same = {"name": "", "version": "", "reads": True, "exports": True, "lease": 4_000.0}
    return {"id": store._database.owner} | same
