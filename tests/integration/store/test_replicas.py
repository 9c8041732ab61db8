"""Several replicas on one database: leases, fences, claims and what a replica leaves behind."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from threading import Thread

import psycopg
import pytest
from support.builders.store_values import LOKI, NOW, TEMPO, accepted, body, seen, step, whole_step
from support.peers.waiting import wait_for
from support.rigs.postgres_cluster import Cluster

from fuse_otel.errors import Busy, LeaseLost, StoreError
from fuse_otel.ports import EVERY_CALL, IndexedCall, ReportedState, Store
from fuse_otel.store import open_store
from fuse_otel.store.postgres import store as postgres_store
from fuse_otel.store.postgres.replica import Replica
from fuse_otel.store.relational.queries import queries
from fuse_otel.store.relational.step import write_step

DEAD = "update replicas set lives_until = now() where id = %s"
BLOCKED = "select exists (select from pg_locks where not granted)"
END_BLOCKED = "select pg_terminate_backend(pid) from pg_locks where not granted"
BEATEN = "select bool_and(beat > '-infinity') from replicas"
UP = ReportedState("up")
FREE_FOR_LONG = "update accounts set freed_at = now() - interval '1 minute' where owner is null"


@pytest.fixture
def url(postgres: Cluster) -> Iterator[str]:
    with postgres.store() as found:
        yield found


@pytest.fixture
def replica(url: str) -> Iterator[Callable[[], Store]]:
    with ExitStack() as stack:

        def opened() -> Store:
            store = open_store(url, capacity=1 << 20, clock=lambda: float(NOW))
            stack.callback(store.close)
            return store

        yield opened


@contextmanager
def frozen(store: Store, url: str) -> Iterator[None]:
    """The replica counts as dead from now on: it is stopped or cut off."""
    with store._replica._joining, psycopg.connect(url, autocommit=True) as connection:
        store._replica._stop.set()
        store._replica._thread.join()
        connection.execute(DEAD, [store._database.owner])
        yield


def execute(url: str, statement: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement)


def query(url: str, question: str) -> bool:
    with psycopg.connect(url, autocommit=True) as connection:
        return bool(connection.execute(question).fetchone()[0])


def is_blocked(url: str) -> bool:
    return query(url, BLOCKED)


def facts(name: str) -> IndexedCall:
    return IndexedCall(
        name, "0" * 32, "line", "1", "inbound", "completed", "full", error=False, start=NOW, end=NOW
    )


def test_one_account_has_one_reader(replica):
    first, second = replica(), replica()
    lease = first.ledger.lease("main")
    with pytest.raises(Busy, match="account main"):
        second.ledger.lease("main")
    lease.commit(whole_step("1;1"))


def test_what_a_replica_leaves_is_taken_at_once(replica):
    first, second = replica(), replica()
    first.ledger.lease("main").commit(whole_step("1;1"))
    first.close()
    assert set(second.ledger.lease("main").look_up(["1;1"]).known) == {"1;1"}


def test_a_replica_whose_connection_is_ended_while_it_leaves_tries_once_more(replica, url):
    first, second = replica(), replica()
    first.ledger.lease("main")
    leaving = Thread(target=first.close)
    with psycopg.connect(url) as other:
        other.execute("select from accounts for update")
        leaving.start()
        wait_for(lambda: is_blocked(url), "the replica that leaves, blocked by the row,")
        execute(url, END_BLOCKED)
    leaving.join()
    assert not query(url, "select exists (select from replicas)")
    second.ledger.lease("main").commit(whole_step("1;1"))


def test_a_replica_that_cannot_give_its_leases_back_says_so(url):
    said = []
    store = open_store(url, capacity=1 << 20, clock=lambda: float(NOW), emit=said.append)
    store.ledger.lease("main")
    store._database._pool.close()
    store.close()
    (failed,) = said
    assert failed.message.startswith("The leases of this replica were not given back")
    with pytest.raises(StoreError):
        store.ledger.lease("other")


def test_a_reader_whose_first_heartbeat_failed_announces_itself_later(replica, url, monkeypatch):
    first = replica()
    with monkeypatch.context() as patch:
        patch.setattr(first._replica, "_beat", _unreachable)
        with pytest.raises(StoreError, match="unreachable"):
            first.ledger.lease("main")
    first.ledger.lease("main")
    assert query(url, "select bool_and(reads and is_alive(id)) from replicas")


def _unreachable() -> None:
    raise StoreError("unreachable")


def test_an_unexpected_error_in_a_heartbeat_is_reported_and_the_next_one_keeps_the_lease(
    url, monkeypatch
):
    monkeypatch.setattr(postgres_store, "Replica", partial(Replica, lease=1.0))
    reported = []
    store = open_store(url, capacity=1 << 20, clock=lambda: float(NOW), emit=reported.append)
    try:
        store.ledger.lease("main")
        with monkeypatch.context() as patch:
            patch.setattr(store._replica, "_beat", _odd)
            wait_for(lambda: len(reported) > 1, "a second report")
        assert {(str(failed.loop), failed.error_type) for failed in reported} == {
            ("heartbeat", "ZeroDivisionError")
        }
        execute(url, "update replicas set beat = '-infinity'")
        wait_for(lambda: query(url, BEATEN), "a heartbeat")
    finally:
        store.close()


def _odd() -> None:
    raise ZeroDivisionError


def test_a_dead_replica_loses_its_accounts_and_its_late_writes_match_no_row(replica, url):
    first, second = replica(), replica()
    lost = first.ledger.lease("main")
    lost.commit(whole_step("1;1"))
    with frozen(first, url):
        taken = second.ledger.lease("main")
        with pytest.raises(LeaseLost):
            lost.commit(step(seen=[seen("late")]))
    assert set(taken.look_up(["1;1", "late"]).known) == {"1;1"}


def test_a_replica_that_comes_back_before_anybody_took_its_account_goes_on(replica, url):
    first = replica()
    lease = first.ledger.lease("main")
    with frozen(first, url):
        lease.commit(whole_step("1;1"))
    assert set(lease.look_up(["1;1"]).known) == {"1;1"}


def test_a_transaction_that_a_dead_replica_left_open_keeps_nothing_locked(replica, url):
    first, second = replica(), replica()
    lost = first.ledger.lease("main")
    second.control.lock()

    def stopped_in_the_middle() -> None:
        with first._database.write() as connection:
            lost._leased(connection, "hold_account")
            connection.executemany(queries("step")["close_gap"], [(1, 1), (2, 1)])
            with frozen(first, url):
                second._replica._beat()
                second.ledger.lease("main").commit(whole_step("1;1"))
            connection.execute("select 1")

    with pytest.raises(StoreError, match="closed the connection"):
        stopped_in_the_middle()
    with pytest.raises(LeaseLost):
        lost.commit(whole_step("2;2"))


def test_a_transaction_of_a_replica_that_was_only_late_is_not_ended(replica, url):
    first, second = replica(), replica()
    lease = first.ledger.lease("main")
    second.control.lock()
    with frozen(first, url), first._database.write() as connection:
        account = lease._leased(connection, "hold_account")
        second._replica._beat()
        write_step(connection, account, whole_step("1;1"), (), 1 << 20)
    assert set(lease.look_up(["1;1"]).known) == {"1;1"}


def test_who_follows_the_calls_misses_none_that_another_replica_stores_meanwhile(replica):
    first, second = replica(), replica()
    slow, fast = first.ledger.lease("slow"), second.ledger.lease("fast")
    fast.commit(step(indexed=[facts("a")]))
    last = second.calls.last_id()
    with first._database.write() as connection:
        account = slow._leased(connection, "hold_account")
        for name in "bc":
            write_step(connection, account, step(indexed=[facts(name)]), (), 1 << 20)
        fast.commit(step(indexed=[facts("d")]))
        assert second.calls.stored_after(EVERY_CALL, last, 10) == ()
        assert second.calls.last_id() == last
    found = second.calls.stored_after(EVERY_CALL, last, 10)
    assert [call.session_id for call in found] == ["b", "c", "d"]
    assert second.calls.last_id() == found[-1].id


def test_replicas_store_a_call_of_both_their_accounts_at_once(replica, url):
    first, second = replica(), replica()
    one, other = first.ledger.lease("one"), second.ledger.lease("other")
    both = Thread(target=other.commit, args=[whole_step("1;1")])
    with first._database.write() as connection:
        write_step(connection, one._leased(connection), whole_step("1;1"), (), 1 << 20)
        both.start()
        wait_for(lambda: is_blocked(url), "the second commit, blocked by the first,")
    both.join()
    assert set(other.look_up(["1;1"]).known) == set(one.look_up(["1;1"]).known) == {"1;1"}
    assert len(second.control.recent(10)) == 1


def test_no_two_replicas_send_the_same_batch(replica):
    first, second = replica(), replica()
    second.control.lock()
    first.ledger.lease("main").commit(step(*(body(name) for name in "abcd")))
    size = body("a").size
    mine = first.outbox.due(TEMPO, NOW, 2 * size)
    theirs = second.outbox.due(TEMPO, NOW, 10 * size)
    assert [batch.calls[0].session_id for batch in mine] == ["a", "b"]
    assert [batch.calls[0].session_id for batch in theirs] == ["c", "d"]
    # What is claimed stays due for the replica that claimed it.
    assert first.outbox.due(TEMPO, NOW, 10 * size) == mine


def test_the_claims_of_a_dead_replica_end_and_it_resolves_nothing_any_more(replica, url):
    first, second = replica(), replica()
    second.control.lock()
    first.ledger.lease("main").commit(step(body("a"), body("b")))
    mine = first.outbox.due(TEMPO, NOW, 10_000)
    assert second.outbox.due(TEMPO, NOW, 10_000) == ()
    with frozen(first, url):
        theirs = second.outbox.due(TEMPO, NOW, 10_000)
        assert theirs == mine
        first.outbox.resolve(TEMPO, [accepted(batch) for batch in mine], NOW)
        assert second.outbox.due(TEMPO, NOW, 10_000) == theirs
    second.outbox.resolve(TEMPO, [accepted(batch) for batch in theirs], NOW)
    assert second.control.status().lanes[0].calls == 0


def test_a_claim_ends_by_time_although_its_replica_lives(replica, url):
    first, second = replica(), replica()
    second.control.lock()
    first.ledger.lease("main").commit(step(body("a")))
    mine = first.outbox.due(TEMPO, NOW, 10_000)
    execute(url, "update deliveries set claimed_until = now() + interval '1 minute'")
    assert first.outbox.due(TEMPO, NOW, 10_000) == mine
    assert query(url, "select claimed_until < now() + interval '2 minutes' from deliveries")
    execute(url, "update deliveries set claimed_until = now()")
    assert second.outbox.due(TEMPO, NOW, 10_000) == mine
    assert first.outbox.due(TEMPO, NOW, 10_000) == ()


def test_accounts_are_spread_and_what_nobody_wants_may_be_taken(replica, url):
    first, second = replica(), replica()
    names = ["a", "b", "c", "d"]
    for name in names:
        first.ledger.lease(name)
    with pytest.raises(Busy):
        second.ledger.lease("a")
    for _ in names:  # one account a beat
        first._replica._beat()
    taken = []
    for name in names:
        try:
            second.ledger.lease(name)
        except Busy:
            continue
        taken.append(name)
    assert len(taken) == 2
    second.close()
    execute(url, FREE_FOR_LONG)
    for name in taken:
        with pytest.raises(LeaseLost):
            first.ledger.lease(name).position(NOW, 1)
        first.ledger.lease(name).commit(whole_step(name))


def test_the_state_of_an_account_is_what_its_reader_reports(replica):
    first, second = replica(), replica()
    first.ledger.lease("main")
    down = ReportedState("down", "no answer")
    first.control.report_states({"main": down}, {})
    second.control.report_states({"main": ReportedState("up")}, {})
    assert second.control.status().accounts[0].reported == down


def test_an_account_has_the_state_that_its_next_reader_reported_before(replica, url):
    first, second = replica(), replica()
    first.ledger.lease("main")
    first.control.report_states({"main": ReportedState("down", "no answer")}, {})
    second.control.lock()
    second.control.report_states({"main": UP}, {})
    with frozen(first, url):
        second.ledger.lease("main")
        assert second.control.status().accounts[0].reported == UP


def test_each_replica_has_states_of_its_own_and_the_worst_is_that_of_the_lane(replica, url):
    first, second, third = replica(), replica(), replica()
    for each in (first, second, third):
        each.control.lock()
    down, held = ReportedState("down", "no route"), ReportedState("held", "401")
    first.control.report_states({}, {TEMPO: UP, LOKI: down})
    second.control.report_states({}, {TEMPO: UP, LOKI: held})
    status = third.control.status()
    assert {each.lane: each.reported for each in status.lanes} == {TEMPO: UP, LOKI: held}
    assert [each.lanes for each in status.replicas] == [
        {TEMPO: UP, LOKI: down}, {TEMPO: UP, LOKI: held}, {},
    ]  # fmt: skip
    second.control.report_states({}, {LOKI: down})
    with frozen(first, url):  # nobody alive has the other lane
        lanes = {each.lane: each.reported for each in third.control.status().lanes}
        assert lanes == {TEMPO: ReportedState(), LOKI: down}


def test_states_outlive_the_last_replica_until_the_next_one_reports(replica, url):
    first = replica()
    first.control.lock()
    held = ReportedState("held", "401")
    first.control.report_states({"main": UP}, {TEMPO: held})
    first.close()
    second = replica()
    second.control.lock()
    status = second.control.status()
    assert status.accounts[0].reported == UP
    assert status.lanes[0].reported == held
    second.control.report_states({}, {LOKI: UP})
    assert {each.lane: each.reported.state for each in second.control.status().lanes} == {
        TEMPO: "", LOKI: "up",
    }  # fmt: skip
    assert query(url, "select count(*) = 1 from lane_states")
    assert query(url, "select count(*) = 0 from account_states")


def test_a_report_waits_for_no_commit_of_an_account(replica, url):
    first, second = replica(), replica()
    lease = first.ledger.lease("main")
    second.control.lock()
    with first._database.write() as connection:
        lease._leased(connection, "hold_account")
        second.control.report_states({"main": UP}, {})
    assert second.control.status().accounts[0].reported == UP


def test_the_status_lists_the_replicas_and_one_of_them_exports_it(replica, url):
    first, second = replica(), replica()
    first.ledger.lease("main")
    second.control.lock()
    one, other = first.control.status().replicas
    assert (one.alive, one.here, one.accounts) == (True, True, ("main",))
    assert (other.alive, other.here, other.accounts) == (True, False, ())
    assert one.start <= one.seen
    exported = [each.control.status().is_exported_here for each in (first, second)]
    assert exported == [True, False]
    with frozen(first, url):
        assert second.control.status().is_exported_here
        assert [each.alive for each in second.control.status().replicas] == [False, True]


def test_ended_connections_leave_no_counters_behind(replica, url):
    first, second = replica(), replica()
    first.ledger.lease("main").commit(whole_step("1;1"))
    second.control.lock()
    used = second.control.status().used
    assert query(url, "select exists (select from counters where slot <> 0)")
    first.close()

    def folded() -> bool:
        second._replica._beat()
        return not query(url, "select exists (select from counters where slot <> 0)")

    wait_for(folded, "the counters of the ended connections, folded,")
    assert second.control.status().used == used > 0


def test_a_living_replica_is_the_holder_that_commands_see(replica):
    first, second = replica(), replica()
    assert second.control.lock_holder() is None
    first.control.lock()
    assert " process " in second.control.lock_holder()
    assert first.control.lock_holder() is None


def test_replicas_that_start_at_once_make_one_schema(postgres):
    url = postgres.url(postgres._new_schema())
    stores: list[Store] = []
    threads = [
        Thread(target=lambda: stores.append(open_store(url, capacity=1, clock=lambda: 0.0)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [store.control.status().used for store in stores] == [0] * 4
    for store in stores:
        store.close()
