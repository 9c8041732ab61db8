"""A call is erased although a step, a lane or another erasure works on it at the same time."""

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager

import pytest
from msgspec.structs import replace
from support.builders.store_values import (
    NOW,
    TEMPO,
    accepted,
    body,
    copy_of,
    only,
    recent,
    seen,
    step,
)
from support.peers.waiting import wait_for
from support.rigs.postgres_cluster import Cluster

from fuse_otel.core.batching.gzip_member import deflate, inflate
from fuse_otel.ports import EVERY_CALL, Acknowledgement, Erased, IndexedCall, Job, JobStatus, Store
from fuse_otel.store import open_store
from fuse_otel.store.relational import erasure, outbox
from fuse_otel.store.relational.step import write_step

BLOCKED = "select exists (select from pg_locks where not granted)"
INDEXED = IndexedCall(
    "1;1", "0" * 32, "line", "1", "inbound", "completed", "full", error=False, start=NOW, end=NOW
)


@pytest.fixture
def stores(postgres: Cluster) -> Iterator[Sequence[Store]]:
    """Two replicas."""
    with ExitStack() as stack:
        url = stack.enter_context(postgres.store())
        opened = [open_store(url, capacity=1 << 20, clock=lambda: float(NOW)) for _ in range(2)]
        for store in opened:
            stack.callback(store.close)
        yield opened


@contextmanager
def erasing(store: Store, name: str) -> Iterator[Future[Erased]]:
    """Erase the call in a thread. The block begins when the erasure waits for somebody."""
    with ThreadPoolExecutor(1) as pool:
        erased = pool.submit(store.control.erase, name, NOW)
        wait_for(lambda: is_blocked(store) or erased.done(), "the erasure, blocked,")
        yield erased


def is_blocked(store: Store) -> bool:
    with store._database.read() as connection:
        return bool(connection.execute(BLOCKED).fetchone()[0])


def test_what_a_step_stores_of_the_call_meanwhile_is_erased(stores):
    first, second = stores
    lease = first.ledger.lease("main")
    lease.commit(step(seen=[seen("1;1", entries=3)]))
    grown = step(body("1;1"), seen=[seen("1;1")], recent=[recent("1;1")], indexed=[INDEXED])
    with ExitStack() as stack:
        with first._database.write() as connection:
            account = lease._leased(connection, "hold_account")
            write_step(connection, account, grown, grown.batches, 1 << 20)
            erased = stack.enter_context(erasing(second, "1;1"))
        found = erased.result()
    assert (found.recent, found.waiting, found.indexed, found.known) == (1, {TEMPO: 1}, 1, True)
    assert first.control.recent(9) == first.calls.calls(EVERY_CALL, 9) == ()
    assert first.outbox.due(TEMPO, NOW, 10_000) == ()


def test_two_calls_of_one_batch_are_erased_at_once(stores):
    first, second = stores
    data = deflate(b"1" * 100 + b"2" * 100 + b"3" * 100)
    first.ledger.lease("main").commit(step(body("1;1", "2;2", "3;3", data=data)))
    with ExitStack() as stack:
        with first._database.write() as connection:
            erasure.erase(connection, ["2;2"], NOW)
            erased = stack.enter_context(erasing(second, "1;1"))
        assert erased.result().waiting == {TEMPO: 1}
    rest = only(first)
    assert [call.session_id for call in rest.calls] == ["3;3"]
    assert inflate(rest.data) == bytes(200) + b"3" * 100
    with first._database.read() as connection:
        ((calls,),) = connection.execute("select calls from bodies").fetchall()
    assert "1;1" not in calls
    assert "2;2" not in calls


def test_a_copy_that_a_lane_parks_meanwhile_is_erased(stores):
    first, second = stores
    first.ledger.lease("main").commit(step(body("1;1"), recent=[recent("1;1")]))
    batch = only(first)
    parked = Acknowledgement(batch.id, (0,), [copy_of(call) for call in batch.calls])
    with ExitStack() as stack:
        with first._database.write() as connection:
            (lane,) = connection.execute("select id from lanes").fetchone()
            me = {"lane": lane, "owner": first._database.owner}
            assert outbox._resolve(connection, me, parked, NOW) == 1
            erased = stack.enter_context(erasing(second, "1;1"))
        found = erased.result()
    assert (found.recent, found.waiting, found.parked) == (1, {}, {TEMPO: 1})
    assert first.control.parked(9) == ()


def test_a_batch_that_a_lane_delivers_before_it_is_read_stops_no_erasure(stores, monkeypatch):
    first, second = stores
    first.ledger.lease("main").commit(step(body("1;1"), recent=[recent("1;1")]))
    batch = only(first)
    erase_from_batch = erasure._erase_from_batch

    def after_its_delivery(*arguments):
        first.outbox.resolve(TEMPO, [accepted(batch)], NOW)
        return erase_from_batch(*arguments)

    monkeypatch.setattr(erasure, "_erase_from_batch", after_its_delivery)
    found = second.control.erase("1;1", NOW)
    assert (found.recent, found.waiting) == (1, {})
    assert first.control.recent(9) == ()


def test_two_replicas_on_one_job_leave_the_result_to_the_one_that_erased(stores):
    first, second = stores
    first.ledger.lease("main").commit(step(recent=[recent("1;1")]))
    job = first.control.add_job(Job("erase", "{}"), NOW)
    with ThreadPoolExecutor(1) as pool:

        def result(erased: Erased) -> JobStatus:
            """The other one begins before this one has committed."""
            other = pool.submit(second.control.erase_by_job, job.id, "1;1", NOW, result_of_nothing)
            wait_for(lambda: is_blocked(first) or other.done(), "the other erasure, blocked,")
            others.append(other)
            return replace(job, state="done", result=f"{erased.recent} erased")

        def result_of_nothing(_: Erased) -> JobStatus:
            return replace(job, state="done", result="no copy")

        others: list[Future[JobStatus | None]] = []
        mine = first.control.erase_by_job(job.id, "1;1", NOW, result)
        assert others[0].result() is None
    assert mine == first.control.job_status(job.id)
    assert mine.result == "1 erased"
