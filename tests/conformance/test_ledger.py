"""What the poller relies on, for every store."""

import pytest
from support.builders.store_values import NOW, TEMPO, listed, pending, seen, step, whole_step

from fuse_otel.core.model.call import LogCompleteness, Seen
from fuse_otel.errors import Busy, LeaseLost
from fuse_otel.ports import (
    Gap,
    GapReason,
    NumberPosition,
    Pending,
    PendingReason,
    SeenRow,
)

DAY = 86_400


def test_a_new_account_stands_nowhere(store, lease):
    position = lease.position(NOW, 10)

    assert position.numbers == {}
    assert position.gaps == ()
    assert position.due == ()
    assert position.next_due is None
    assert (position.waiting, position.waiting_since) == (0, None)


def test_a_lease_is_the_same_for_its_holder(store, lease):
    assert store.ledger.lease("main") is lease
    assert lease.account == "main"
    assert store.ledger.lease("other") is not lease


def test_a_lease_that_is_not_the_latest_is_lost_and_can_be_taken_again(store, lease):
    with store.ledger._database.write() as connection:
        connection.execute("update accounts set epoch = epoch + 1")

    for use in (
        lambda: lease.commit(whole_step("1;1")),
        lambda: lease.position(NOW, 10),
        lambda: lease.look_up(["1;1"]),
    ):
        with pytest.raises(LeaseLost, match="account main"):
            use()
    again = store.ledger.lease("main")
    assert again.look_up(["1;1"]).known == {}
    again.commit(whole_step("1;1"))
    with pytest.raises(LeaseLost):
        lease.commit(whole_step("2;2"))
    assert set(again.look_up(["1;1", "2;2"]).known) == {"1;1"}


def test_positions_are_set_as_they_are_a_number(store, lease):
    first = {"": NumberPosition(100, 10), "8005550100": NumberPosition(200, 20)}
    lease.commit(step(positions=first))
    lease.commit(step(positions={"": NumberPosition(90, 5)}))

    numbers = lease.position(NOW, 10).numbers
    assert numbers == {"": NumberPosition(90, 5), "8005550100": NumberPosition(200, 20)}


def test_gaps_come_oldest_first_with_ids(store, lease):
    young = Gap("", 500, 600, GapReason.ERROR, again=True)
    old = Gap("8005550100", 100, 200, GapReason.HISTORY)
    lease.commit(step(opened=[young, old]))

    gaps = lease.position(NOW, 10).gaps
    assert [(g.number, g.start, g.end, g.reason, g.again) for g in gaps] == [
        ("8005550100", 100, 200, GapReason.HISTORY, False),
        ("", 500, 600, GapReason.ERROR, True),
    ]
    assert len({gap.id for gap in gaps} - {0}) == 2


def test_a_gap_is_replaced_by_what_is_left_of_it(store, lease):
    lease.commit(step(opened=[Gap("", 0, 1000, GapReason.HISTORY)]))
    (whole,) = lease.position(NOW, 10).gaps
    lease.commit(step(closed=[whole.id], opened=[Gap("", 500, 1000, GapReason.HISTORY)]))

    (left,) = lease.position(NOW, 10).gaps
    assert (left.start, left.end) == (500, 1000)
    assert left.id != whole.id


def test_the_same_gap_opened_twice_is_one_gap(store, lease):
    gap = Gap("", 0, 1000, GapReason.BACKFILL)
    lease.commit(step(opened=[gap]))
    lease.commit(step(opened=[gap]))

    assert len(lease.position(NOW, 10).gaps) == 1


def test_closing_an_unknown_gap_is_nothing(store, lease):
    lease.commit(step(opened=[Gap("", 0, 1000, GapReason.BACKFILL)]))
    lease.commit(step(closed=[999_999]))

    assert len(lease.position(NOW, 10).gaps) == 1


def test_no_account_closes_the_gap_of_another(store, lease):
    lease.commit(step(opened=[Gap("", 0, 1000, GapReason.BACKFILL)]))
    (gap,) = lease.position(NOW, 10).gaps
    store.ledger.lease("other").commit(step(closed=[gap.id]))

    assert lease.position(NOW, 10).gaps == (gap,)


def test_a_call_that_stays_pending_keeps_the_time_since_when(store, lease):
    for passed in (0, 100, 200):
        growing = pending("1;1", due=NOW + passed)
        lease.commit(step(at=NOW + passed, pending=[growing]))
    found = lease.look_up(["1;1"]).waiting["1;1"]
    assert (found.due, found.since) == (NOW + 200, NOW)

    lease.commit(step(at=NOW + 300, settled=["1;1"], pending=[pending("1;1")]))
    assert lease.look_up(["1;1"]).waiting["1;1"].since == NOW + 300


def test_pending_calls_come_back_as_they_were(store, lease):
    full = pending("1;1", PendingReason.FAILING)
    bare = Pending(listed("2;2", end=None), "8005550100", PendingReason.MISSING, NOW, since=NOW)
    lease.commit(step(pending=[full, bare]))

    assert lease.position(NOW, 10).due == (full, bare)
    assert lease.look_up(["1;1", "2;2", "3;3"]).waiting == {"1;1": full, "2;2": bare}
    assert store.ledger.lease("other").look_up(["1;1"]).waiting == {}


def test_due_calls_are_the_earliest_and_the_next_is_named(store, lease):
    lease.commit(
        step(pending=[pending("c", due=NOW + 9), pending("b", due=NOW), pending("a", due=NOW - 5)])
    )

    position = lease.position(NOW, 10)
    assert [p.call.session_id for p in position.due] == ["a", "b"]
    assert position.next_due == NOW + 9

    cut = lease.position(NOW, 1)
    assert [p.call.session_id for p in cut.due] == ["a"]
    assert cut.next_due == NOW


def test_waiting_counts_only_what_is_not_exported(store, lease):
    lease.commit(
        step(
            pending=[
                pending("a", end=NOW - 50),
                pending("b", end=NOW - 10),
                pending("c", PendingReason.RECHECK, end=NOW - 99),
                pending("d", end=None),
            ]
        ),
    )

    position = lease.position(NOW, 10)
    assert (position.waiting, position.waiting_since) == (3, NOW - 50)


def test_pending_replaces_by_session_id_and_settled_takes_away(store, lease):
    lease.commit(step(pending=[pending("a"), pending("b")]))
    later = pending("a", PendingReason.MISSING, due=NOW + 60)
    lease.commit(step(pending=[later], settled=["b", "never there"]))

    assert lease.look_up(["a", "b"]).waiting == {"a": later}


def test_a_call_settled_and_pending_in_one_step_is_pending(store, lease):
    lease.commit(step(pending=[pending("a")]))
    recheck = pending("a", PendingReason.RECHECK, due=NOW + 900)
    lease.commit(step(settled=["a"], pending=[recheck]))

    assert lease.look_up(["a"]).waiting == {"a": recheck}


def test_what_was_seen_is_known_to_its_account(store, lease):
    rows = [
        SeenRow("1;1", Seen(NOW, 7, LogCompleteness.FULL)),
        SeenRow("2;2", Seen(None, 0, LogCompleteness.MISSING)),
    ]
    lease.commit(step(seen=rows))

    assert lease.look_up(["1;1", "2;2", "3;3"]).known == {row.session_id: row.seen for row in rows}
    assert store.ledger.lease("other").look_up(["1;1"]).known == {}


def test_what_is_seen_again_replaces_what_was_known(store, lease):
    lease.commit(step(seen=[seen("1;1", entries=7)]))
    lease.commit(step(seen=[seen("1;1", end=NOW + 5, entries=9)]))

    assert lease.look_up(["1;1"]).known["1;1"] == Seen(NOW + 5, 9, LogCompleteness.FULL)
    assert store.control.status().accounts[0].calls == 1


@pytest.mark.parametrize("session_id", ["", "a\x00b", "ü;'\";--", "%", "🙂", "x" * 256])
def test_any_session_id_is_kept_exactly(store, lease, session_id):
    lease.commit(whole_step(session_id))
    lease.commit(step(pending=[pending(session_id)]))

    assert list(lease.look_up([session_id, "other"]).known) == [session_id]
    assert list(lease.look_up([session_id, "other"]).waiting) == [session_id]
    assert store.outbox.due(TEMPO, NOW, 1000)[0].calls[0].session_id == session_id
    assert store.control.recent(1)[0].session_id == session_id


def test_the_ledger_forgets_a_week_after_the_end_of_a_call(store, lease):
    lease.commit(step(seen=[seen("a", end=NOW + DAY)], at=NOW))
    lease.commit(step(at=NOW + 8 * DAY))
    assert "a" in lease.look_up(["a"]).known

    lease.commit(step(at=NOW + 8 * DAY + 2 * 3600))
    assert lease.look_up(["a"]).known == {}
    assert store.control.status().accounts[0].calls == 0


def test_a_call_without_an_end_is_kept_from_when_it_was_seen(store, lease):
    lease.commit(step(seen=[seen("a", end=None)], at=NOW))
    lease.commit(step(at=NOW + 7 * DAY))

    assert "a" in lease.look_up(["a"]).known


def test_a_call_that_is_listed_again_is_kept_anew(store, lease):
    lease.commit(step(seen=[seen("a"), seen("b")], at=NOW))
    lease.commit(step(listed=["a", "never seen"], at=NOW + 6 * DAY))
    lease.commit(step(at=NOW + 12 * DAY))

    assert set(lease.look_up(["a", "b", "never seen"]).known) == {"a"}


def test_a_step_forgets_a_bounded_number_of_rows(store, lease):
    lease.commit(step(seen=[seen(f"old {i}") for i in range(700)], at=NOW))

    lease.commit(step(at=NOW + 30 * DAY))
    assert store.control.status().accounts[0].calls == 200
    lease.commit(step(at=NOW + 30 * DAY))
    assert store.control.status().accounts[0].calls == 0


def test_nobody_helps_with_an_account_that_is_read_alone(store, lease):
    lease.share(5)
    assert lease.position(NOW, 10).shares == 1
    assert not lease.helps
    with pytest.raises(Busy):
        store.ledger.help("main")


def test_a_claimed_gap_begins_with_the_gap_and_is_not_taken_from_its_reader(lease):
    lease.commit(step(opened=[Gap("", 0, 1000, GapReason.BACKFILL, again=True)]))
    (gap,) = lease.position(NOW, 10).gaps

    claimed = lease.claim(gap, 400)

    gaps = lease.position(NOW, 10).gaps
    assert claimed == gaps[0]
    assert (gaps[0].start, gaps[-1].end) == (0, 1000)
    assert not any(each.taken for each in gaps)
    assert {(each.reason, each.again) for each in gaps} == {(GapReason.BACKFILL, True)}
    lease.commit(step(closed=[each.id for each in gaps]))
    assert lease.position(NOW, 10).gaps == ()
