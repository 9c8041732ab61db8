"""What the poller relies on, for every store."""

import pytest
from support.builders.store_values import NOW, TEMPO, listed, pending, seen, step, whole_step

from fuse_otel.core.model.call import LogCompleteness, Seen
from fuse_otel.errors import LeaseLost
from fuse_otel.ports import (
    Gap,
    GapReason,
    Lease,
    NumberPosition,
    Pending,
    PendingReason,
    SeenRow,
)

DAY = 86_400


def test_a_new_account_stands_nowhere(store, lease):
    position = store.ledger.position(lease, NOW, 10)

    assert position.numbers == {}
    assert position.gaps == ()
    assert position.due == ()
    assert position.next_due is None
    assert (position.waiting, position.waiting_since) == (0, None)


def test_a_lease_is_the_same_for_its_holder(store, lease):
    assert store.ledger.lease("main") == lease
    assert store.ledger.lease("other") != lease


def test_a_lease_that_is_not_the_latest_is_lost(store, lease):
    stale = Lease(lease.account, lease.epoch - 1)

    with pytest.raises(LeaseLost, match="account main"):
        store.ledger.commit(stale, whole_step("1;1"))
    with pytest.raises(LeaseLost):
        store.ledger.position(stale, NOW, 10)
    assert store.ledger.known("main", ["1;1"]) == {}


def test_an_account_never_leased_cannot_commit(store):
    with pytest.raises(LeaseLost):
        store.ledger.commit(Lease("unknown", 1), whole_step("1;1"))


def test_positions_are_set_as_they_are_a_number(store, lease):
    first = {"": NumberPosition(100, 10), "8005550100": NumberPosition(200, 20)}
    store.ledger.commit(lease, step(positions=first))
    store.ledger.commit(lease, step(positions={"": NumberPosition(90, 5)}))

    numbers = store.ledger.position(lease, NOW, 10).numbers
    assert numbers == {"": NumberPosition(90, 5), "8005550100": NumberPosition(200, 20)}


def test_gaps_come_oldest_first_with_ids(store, lease):
    young = Gap("", 500, 600, GapReason.ERROR, again=True)
    old = Gap("8005550100", 100, 200, GapReason.HISTORY)
    store.ledger.commit(lease, step(opened=[young, old]))

    gaps = store.ledger.position(lease, NOW, 10).gaps
    assert [(g.number, g.start, g.end, g.reason, g.again) for g in gaps] == [
        ("8005550100", 100, 200, GapReason.HISTORY, False),
        ("", 500, 600, GapReason.ERROR, True),
    ]
    assert len({gap.id for gap in gaps} - {0}) == 2


def test_a_gap_is_replaced_by_what_is_left_of_it(store, lease):
    store.ledger.commit(lease, step(opened=[Gap("", 0, 1000, GapReason.HISTORY)]))
    (whole,) = store.ledger.position(lease, NOW, 10).gaps
    store.ledger.commit(
        lease, step(closed=[whole.id], opened=[Gap("", 500, 1000, GapReason.HISTORY)])
    )

    (left,) = store.ledger.position(lease, NOW, 10).gaps
    assert (left.start, left.end) == (500, 1000)
    assert left.id != whole.id


def test_the_same_gap_opened_twice_is_one_gap(store, lease):
    gap = Gap("", 0, 1000, GapReason.BACKFILL)
    store.ledger.commit(lease, step(opened=[gap]))
    store.ledger.commit(lease, step(opened=[gap]))

    assert len(store.ledger.position(lease, NOW, 10).gaps) == 1


def test_closing_an_unknown_gap_is_nothing(store, lease):
    store.ledger.commit(lease, step(opened=[Gap("", 0, 1000, GapReason.BACKFILL)]))
    store.ledger.commit(lease, step(closed=[999_999]))

    assert len(store.ledger.position(lease, NOW, 10).gaps) == 1


def test_no_account_closes_the_gap_of_another(store, lease):
    store.ledger.commit(lease, step(opened=[Gap("", 0, 1000, GapReason.BACKFILL)]))
    (gap,) = store.ledger.position(lease, NOW, 10).gaps
    store.ledger.commit(store.ledger.lease("other"), step(closed=[gap.id]))

    assert store.ledger.position(lease, NOW, 10).gaps == (gap,)


def test_a_call_that_stays_pending_keeps_the_time_since_when(store, lease):
    for passed in (0, 100, 200):
        growing = pending("1;1", due=NOW + passed)
        store.ledger.commit(lease, step(at=NOW + passed, pending=[growing]))
    found = store.ledger.waiting("main", ["1;1"])["1;1"]
    assert (found.due, found.since) == (NOW + 200, NOW)

    store.ledger.commit(lease, step(at=NOW + 300, settled=["1;1"], pending=[pending("1;1")]))
    assert store.ledger.waiting("main", ["1;1"])["1;1"].since == NOW + 300


def test_pending_calls_come_back_as_they_were(store, lease):
    full = pending("1;1", PendingReason.FAILING)
    bare = Pending(listed("2;2", end=None), "8005550100", PendingReason.MISSING, NOW, since=NOW)
    store.ledger.commit(lease, step(pending=[full, bare]))

    assert store.ledger.position(lease, NOW, 10).due == (full, bare)
    assert store.ledger.waiting("main", ["1;1", "2;2", "3;3"]) == {"1;1": full, "2;2": bare}
    assert store.ledger.waiting("other", ["1;1"]) == {}


def test_due_calls_are_the_earliest_and_the_next_is_named(store, lease):
    store.ledger.commit(
        lease,
        step(pending=[pending("c", due=NOW + 9), pending("b", due=NOW), pending("a", due=NOW - 5)]),
    )

    position = store.ledger.position(lease, NOW, 10)
    assert [p.call.session_id for p in position.due] == ["a", "b"]
    assert position.next_due == NOW + 9

    cut = store.ledger.position(lease, NOW, 1)
    assert [p.call.session_id for p in cut.due] == ["a"]
    assert cut.next_due == NOW


def test_waiting_counts_only_what_is_not_exported(store, lease):
    store.ledger.commit(
        lease,
        step(
            pending=[
                pending("a", end=NOW - 50),
                pending("b", end=NOW - 10),
                pending("c", PendingReason.RECHECK, end=NOW - 99),
                pending("d", end=None),
            ]
        ),
    )

    position = store.ledger.position(lease, NOW, 10)
    assert (position.waiting, position.waiting_since) == (3, NOW - 50)


def test_pending_replaces_by_session_id_and_settled_takes_away(store, lease):
    store.ledger.commit(lease, step(pending=[pending("a"), pending("b")]))
    later = pending("a", PendingReason.MISSING, due=NOW + 60)
    store.ledger.commit(lease, step(pending=[later], settled=["b", "never there"]))

    assert store.ledger.waiting("main", ["a", "b"]) == {"a": later}


def test_a_call_settled_and_pending_in_one_step_is_pending(store, lease):
    store.ledger.commit(lease, step(pending=[pending("a")]))
    recheck = pending("a", PendingReason.RECHECK, due=NOW + 900)
    store.ledger.commit(lease, step(settled=["a"], pending=[recheck]))

    assert store.ledger.waiting("main", ["a"]) == {"a": recheck}


def test_what_was_seen_is_known_to_its_account(store, lease):
    rows = [
        SeenRow("1;1", Seen(NOW, 7, LogCompleteness.FULL)),
        SeenRow("2;2", Seen(None, 0, LogCompleteness.MISSING)),
    ]
    store.ledger.commit(lease, step(seen=rows))

    assert store.ledger.known("main", ["1;1", "2;2", "3;3"]) == {
        row.session_id: row.seen for row in rows
    }
    assert store.ledger.known("other", ["1;1"]) == {}


def test_what_is_seen_again_replaces_what_was_known(store, lease):
    store.ledger.commit(lease, step(seen=[seen("1;1", entries=7)]))
    store.ledger.commit(lease, step(seen=[seen("1;1", end=NOW + 5, entries=9)]))

    assert store.ledger.known("main", ["1;1"])["1;1"] == Seen(NOW + 5, 9, LogCompleteness.FULL)
    assert store.control.status().accounts[0].calls == 1


@pytest.mark.parametrize("session_id", ["", "a\x00b", "ü;'\";--", "%", "🙂", "x" * 5000])
def test_any_session_id_is_kept_exactly(store, lease, session_id):
    store.ledger.commit(lease, whole_step(session_id))
    store.ledger.commit(lease, step(pending=[pending(session_id)]))

    assert list(store.ledger.known("main", [session_id, "other"])) == [session_id]
    assert list(store.ledger.waiting("main", [session_id, "other"])) == [session_id]
    assert store.outbox.due(TEMPO, NOW, 1000)[0].calls[0].session_id == session_id
    assert store.control.recent(1)[0].session_id == session_id


def test_the_ledger_forgets_a_week_after_the_end_of_a_call(store, lease):
    store.ledger.commit(lease, step(seen=[seen("a", end=NOW + DAY)], at=NOW))
    store.ledger.commit(lease, step(at=NOW + 8 * DAY))
    assert "a" in store.ledger.known("main", ["a"])

    store.ledger.commit(lease, step(at=NOW + 8 * DAY + 2 * 3600))
    assert store.ledger.known("main", ["a"]) == {}
    assert store.control.status().accounts[0].calls == 0


def test_a_call_without_an_end_is_kept_from_when_it_was_seen(store, lease):
    store.ledger.commit(lease, step(seen=[seen("a", end=None)], at=NOW))
    store.ledger.commit(lease, step(at=NOW + 7 * DAY))

    assert "a" in store.ledger.known("main", ["a"])


def test_a_call_that_is_listed_again_is_kept_anew(store, lease):
    store.ledger.commit(lease, step(seen=[seen("a"), seen("b")], at=NOW))
    store.ledger.commit(lease, step(listed=["a", "never seen"], at=NOW + 6 * DAY))
    store.ledger.commit(lease, step(at=NOW + 12 * DAY))

    assert set(store.ledger.known("main", ["a", "b", "never seen"])) == {"a"}


def test_a_step_forgets_a_bounded_number_of_rows(store, lease):
    store.ledger.commit(lease, step(seen=[seen(f"old {i}") for i in range(700)], at=NOW))

    store.ledger.commit(lease, step(at=NOW + 30 * DAY))
    assert store.control.status().accounts[0].calls == 200
    store.ledger.commit(lease, step(at=NOW + 30 * DAY))
    assert store.control.status().accounts[0].calls == 0
