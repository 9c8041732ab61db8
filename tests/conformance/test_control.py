"""What the pages and the commands rely on, for every store."""

import pytest
from support.builders.store_values import (
    LOKI,
    NOW,
    TEMPO,
    body,
    copy_of,
    pending,
    recent,
    seen,
    step,
    whole_step,
)

from fuse_otel.errors import Broken
from fuse_otel.ports import (
    Acknowledgement,
    Gap,
    GapReason,
    Job,
    JobStatus,
    NumberPosition,
)

MIB = 1024 * 1024


def test_the_status_of_an_empty_store_is_empty(store):
    status = store.control.status()

    assert (status.accounts, status.lanes) == ((), ())
    assert (status.used, status.capacity) == (0, 100_000)


def test_the_status_shows_where_accounts_and_lanes_stand(store, lease):
    store.ledger.lease("another")
    new = body("a", "b", lanes=[TEMPO], ends=[NOW - 70, NOW])
    logs = body("a", lanes=[LOKI], ends=[NOW - 70])
    lease.commit(
        step(
            new,
            logs,
            positions={"": NumberPosition(NOW, 10)},
            opened=[Gap("", 1, 2, GapReason.HISTORY)],
            pending=[pending("c", end=NOW - 30)],
            seen=[seen("a"), seen("b")],
        ),
    )

    status = store.control.status()
    another, main = status.accounts
    assert (another.account, another.calls, another.waiting_since) == ("another", 0, None)
    assert (main.account, main.calls) == ("main", 2)
    assert main.numbers == {"": NumberPosition(NOW, 10)}
    assert [(gap.start, gap.end) for gap in main.gaps] == [(1, 2)]
    assert (main.waiting, main.waiting_since) == (1, NOW - 30)
    loki, tempo = status.lanes
    assert (loki.lane, loki.calls, loki.oldest, loki.parked) == (LOKI, 1, NOW - 70, 0)
    assert (tempo.lane, tempo.calls, tempo.oldest) == (TEMPO, 2, NOW - 70)
    batches = len(new.data) + len(logs.data)
    assert batches + 300 < status.used < batches + 1_500  # two ledger rows and a pending call


def test_recent_calls_come_newest_first_without_their_bytes(store, lease):
    first = recent("a", error=True, start=None, end=None)
    lease.commit(step(recent=[first, recent("b")]))
    lease.commit(step(recent=[recent("c")]))

    assert [call.session_id for call in store.control.recent(2)] == ["c", "b"]
    last = store.control.recent(10)[-1]
    assert (last.error, last.start, last.traces, last.logs) == (True, None, b"", b"")
    assert last.error is True
    assert store.control.recent_call("a") == first
    assert store.control.recent_call("unknown") is None


def test_a_call_stored_again_is_the_newest(store, lease):
    lease.commit(step(recent=[recent("a"), recent("b")]))
    again = recent("a", outcome="hangup")
    lease.commit(step(recent=[again]))

    assert [call.session_id for call in store.control.recent(10)] == ["a", "b"]
    assert store.control.recent_call("a") == again


def test_five_hundred_recent_calls_are_kept(roomy_store):
    store, lease = roomy_store, roomy_store.ledger.lease("main")
    lease.commit(step(recent=[recent(f"{i}") for i in range(490)]))
    lease.commit(step(recent=[recent(f"{i}") for i in range(490, 505)]))
    assert len(store.control.recent(1000)) == 500
    assert store.control.recent_call("4") is None
    assert store.control.recent_call("5") is not None

    lease.commit(step(recent=[recent(f"more {i}") for i in range(700)]))
    assert len(store.control.recent(1000)) == 500
    assert store.control.recent(1)[0].session_id == "more 699"


def test_recent_calls_are_bounded_in_bytes_too(roomy_store):
    store, lease = roomy_store, roomy_store.ledger.lease("main")
    for name in "abcd":
        lease.commit(step(recent=[recent(name, traces=bytes(20 * MIB))]))

    assert [call.session_id for call in store.control.recent(10)] == ["d", "c", "b"]


def shown_calls(store):
    return [call.session_id for call in store.control.recent(1000)]


def test_old_calls_fill_the_recent_calls_and_push_none_of_the_last_hour_away(roomy_store):
    store, lease = roomy_store, roomy_store.ledger.lease("main")
    live = [f"live {i}" for i in range(490)]
    lease.commit(step(recent=[recent(one) for one in live]))
    lease.commit(step(recent=[recent(f"old {i}", end=NOW - 7200) for i in range(8)]))
    lease.commit(step(recent=[recent(f"older {i}", end=NOW - 9000) for i in range(8)]))
    old = ["older 7", "older 6", *(f"old {i}" for i in range(7, -1, -1))]
    assert shown_calls(store) == [*old, *reversed(live)]

    lease.commit(step(recent=[recent("oldest", end=NOW - 9999), recent("new")]))
    assert shown_calls(store) == ["new", "older 7", *old[2:], *reversed(live)]


def test_the_newest_of_the_history_are_recent_once_it_is_read(roomy_store):
    store, lease = roomy_store, roomy_store.ledger.lease("main")
    live = [f"live {i}" for i in range(10)]
    lease.commit(step(recent=[recent(one) for one in live]))
    start, apart = NOW - 5 * 86_400, 210
    for first in range(0, 2000, 100):
        calls = [recent(f"{i}", end=start + i * apart) for i in range(first, first + 100)]
        lease.commit(step(recent=calls))
    assert shown_calls(store) == [*(f"{i}" for i in range(1999, 1509, -1)), *reversed(live)]


def test_calls_of_an_outage_take_the_place_of_older_ones(roomy_store):
    store, lease = roomy_store, roomy_store.ledger.lease("main")
    lease.commit(step(recent=[recent(f"{i}", end=NOW - 72_000 + i) for i in range(500)]))
    lease.commit(step(recent=[recent("live")]))
    lease.commit(step(recent=[recent(f"outage {i}", end=NOW - 7200 + i) for i in range(100)]))
    outage = [f"outage {i}" for i in range(99, -1, -1)]
    assert shown_calls(store) == [*outage, "live", *(f"{i}" for i in range(499, 100, -1))]


def test_calls_without_a_time_are_the_oldest_of_the_recent_calls(roomy_store):
    store, lease = roomy_store, roomy_store.ledger.lease("main")
    lease.commit(step(recent=[recent(f"{i}", end=None) for i in range(500)]))
    lease.commit(step(recent=[recent("more", end=None), recent("old", end=NOW - 7200)]))
    assert shown_calls(store) == ["old", "more", *(f"{i}" for i in range(499, 1, -1))]


def test_calls_with_a_time_to_come_keep_no_live_call_off_the_pages(roomy_store):
    store, lease = roomy_store, roomy_store.ledger.lease("main")
    lease.commit(step(recent=[recent(f"{i}", end=NOW + 86_400) for i in range(500)]))
    lease.commit(step(recent=[recent("live")]))
    assert shown_calls(store) == ["live", *(f"{i}" for i in range(499, 0, -1))]


def test_calls_take_bytes_of_older_ones_and_old_calls_none_of_live_ones(roomy_store):
    store, lease = roomy_store, roomy_store.ledger.lease("main")
    ages = {"a": 0, "old": 72_000, "b": 0, "older": 80_000, "outage": 7200}
    for name, age in ages.items():
        lease.commit(step(recent=[recent(name, end=NOW - age, traces=bytes(20 * MIB))]))
    assert shown_calls(store) == ["outage", "b", "a"]


def test_calls_are_recent_by_the_newest_of_them_where_our_clock_is_ahead(roomy_store):
    store, lease = roomy_store, roomy_store.ledger.lease("main")
    earlier = NOW - 7200
    lease.commit(step(recent=[recent(f"{i}", end=earlier) for i in range(500)]))
    lease.commit(step(recent=[recent("more", end=earlier + 60)]))
    assert store.control.recent(1)[0].session_id == "more"


def test_parked_calls_come_newest_first(store, lease):
    lease.commit(step(body("a", "b")))
    (found,) = store.outbox.due(TEMPO, NOW, 1000)
    for call in found.calls:
        store.outbox.resolve(
            TEMPO, [Acknowledgement(found.id, (call.offset,), (copy_of(call),))], float(NOW)
        )

    assert [parked.call.session_id for parked in store.control.parked(10)] == ["b", "a"]
    assert [parked.call.session_id for parked in store.control.parked(1)] == ["b"]
    assert store.control.parked_call(999) is None


def test_a_job_waits_until_it_is_answered(store):
    first = Job("backfill", '{"from": 1, "to": 2}')
    second = Job("drop", "{}")
    receipts = [store.control.add_job(order, float(NOW)) for order in (first, second)]
    assert [receipt.state for receipt in receipts] == ["waiting", "waiting"]
    assert store.control.open_jobs() == ((receipts[0].id, first), (receipts[1].id, second))

    done = JobStatus(receipts[0].id, "done", "3 calls read")
    store.control.finish_job(done)
    assert store.control.job_status(done.id) == done
    assert store.control.open_jobs() == ((receipts[1].id, second),)
    assert store.control.job_status(999) is None


def test_answered_jobs_are_forgotten_in_the_end(store):
    first = store.control.add_job(Job("drop", "{}"), float(NOW))
    waiting = store.control.add_job(Job("drop", "{}"), float(NOW))
    store.control.finish_job(JobStatus(first.id, "done", ""))
    for _ in range(1001):
        store.control.add_job(Job("drop", "{}"), float(NOW))

    assert store.control.job_status(first.id) is None
    assert store.control.job_status(waiting.id) is not None


def test_a_closed_store_says_so(store, lease):
    store.close()
    store.close()

    with pytest.raises(Broken, match="is closed"):
        store.control.status()
    with pytest.raises(Broken, match="is closed"):
        lease.commit(whole_step("a"))


def test_calls_stored_while_more_was_shown_are_removed(store, lease):
    lease.commit(step(recent=[recent("a")]))
    store.control.limit_recent(0)
    store.control.limit_recent(1)
    lease.commit(step(recent=[recent("b")]))
    store.control.limit_recent(1)
    assert [call.session_id for call in store.control.recent(10)] == ["b", "a"]

    store.control.limit_recent(0)
    assert store.control.recent(10) == ()
    lease.commit(step(recent=[recent("c")]))
    store.control.limit_recent(0)
    assert [call.session_id for call in store.control.recent(10)] == ["c"]
