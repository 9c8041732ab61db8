"""One account that several replicas read: who may claim which gap, and whose writes count."""

import pytest
from msgspec.structs import replace
from support.builders.store_values import NOW, body, seen, step
from support.rigs.replicas import die, replicas

from fuse_otel.errors import Busy, LeaseLost, Overtaken
from fuse_otel.ports import Gap, GapReason

DAY = 86_400
PAST = Gap("", NOW - DAY, NOW, GapReason.HISTORY)
NEVER_RENEWED = "update gaps set claimed_until = now() where claimed_by is not null"


@pytest.fixture
def stores(postgres):
    with replicas(postgres, 3) as found:
        yield found


@pytest.fixture
def holder(stores):
    lease = stores[0].ledger.lease("main")
    lease.commit(step(opened=[PAST]))
    lease.position(NOW, 10)
    return lease


def gaps(lease):
    return [(g.start, g.end, g.taken) for g in lease.position(NOW, 10).gaps]


def holder_status(stores):
    return [(each.accounts, each.helps) for each in stores[0].control.status().replicas]


def claimed(lease, hours=1):
    gap = next(g for g in lease.position(NOW, 10).gaps if not g.taken)
    return lease.claim(gap, gap.start + hours * 3600)


def helping(store):
    lease = store.ledger.help("main")
    lease.position(NOW, 10)
    return lease


def test_an_account_that_is_not_shared_has_no_helper(stores, holder):
    with pytest.raises(Busy, match="need no help"):
        stores[1].ledger.help("main")
    assert holder.position(NOW, 10).shares == 1


def test_a_claim_cuts_the_gap_so_that_others_read_the_rest(stores, holder):
    holder.share(5)
    helper = helping(stores[1])

    first, second = claimed(holder), claimed(helper)

    assert (first.start, first.end) == (PAST.start, PAST.start + 3600)
    assert (second.start, second.end) == (first.end, first.end + 3600)
    assert gaps(holder) == [
        (first.start, first.end, False),
        (second.start, second.end, True),
        (second.end, PAST.end, False),
    ]
    assert holder.claim(second, second.end) is None
    assert helper.claim(first, first.end) is None
    found = holder_status(stores)
    assert found == [(("main", "of 0"), ()), (("of 1",), ("main",)), (("of 2",), ())]


def test_a_gap_is_claimed_whole_where_it_is_short_and_is_gone_when_it_was_read(stores, holder):
    holder.share(5)
    helper = helping(stores[1])
    whole = claimed(helper, hours=48)
    assert (whole.start, whole.end) == (PAST.start, PAST.end)
    assert gaps(holder) == [(PAST.start, PAST.end, True)]

    helper.commit(step(seen=[seen("1;1")], closed=[whole.id]))

    assert gaps(holder) == gaps(helper) == []
    assert set(holder.look_up(["1;1"]).known) == {"1;1"}


def test_a_helper_sees_nothing_but_the_gaps_to_read(stores, holder):
    holder.commit(step(opened=[Gap("", 0, 60, GapReason.ERROR)]))
    holder.share(5)

    position = stores[1].ledger.help("main").position(NOW, 10)

    assert [(g.start, g.end) for g in position.gaps] == [(PAST.start, PAST.end)]
    assert (position.numbers, position.due, position.shares) == ({}, (), 3)


def test_no_more_replicas_help_than_there_are_shares(stores, holder):
    holder.share(2)
    first, second = helping(stores[1]), helping(stores[2])
    assert holder.position(NOW, 10).shares == 2

    piece = claimed(first)
    assert claimed(second) is None
    with pytest.raises(Busy):
        stores[2].ledger.help("main")
    first.commit(step(closed=[piece.id]))
    assert claimed(second) is not None
    assert claimed(first) is None
    assert claimed(holder) is not None


def test_the_shares_follow_the_living_replicas_but_never_drop_one_that_helps(stores, holder):
    holder.share(5)
    assert holder.position(NOW, 10).shares == 3
    helper = helping(stores[1])
    piece = claimed(helper)

    holder.share(1)
    assert holder.position(NOW, 10).shares == 2
    helper.commit(step(seen=[seen("1;1")], closed=[piece.id]))
    holder.share(1)
    assert holder.position(NOW, 10).shares == 1
    with pytest.raises(LeaseLost, match="helps no more"):
        helper.position(NOW, 10)

    die(stores[2])
    holder.share(5)
    assert holder.position(NOW, 10).shares == 2


def test_the_claims_of_a_dead_replica_are_free_and_what_it_still_writes_finds_no_row(
    stores, holder
):
    holder.share(5)
    dead, other = helping(stores[1]), helping(stores[2])
    piece = claimed(dead)
    die(stores[1])

    for use in (
        lambda: dead.commit(step(seen=[seen("1;1")], closed=[piece.id])),
        lambda: dead.position(NOW, 10),
        lambda: dead.look_up(["1;1"]).known,
        lambda: dead.claim(piece, piece.end),
    ):
        with pytest.raises(LeaseLost):
            use()
    again = other.claim(piece, piece.end)
    assert (again.start, again.end) == (piece.start, piece.end)
    assert again.id != piece.id
    assert holder.look_up(["1;1"]).known == {}


def test_a_claim_that_another_replica_took_over_is_lost_to_one_that_lives(stores, holder):
    holder.share(5)
    slow, other = helping(stores[1]), helping(stores[2])
    piece = claimed(slow)
    with stores[0]._database.write() as connection:
        connection.execute(NEVER_RENEWED)
    assert other.claim(piece, piece.end) is not None

    with pytest.raises(LeaseLost):
        slow.commit(step(seen=[seen("1;1")], closed=[piece.id]))
    assert holder.look_up(["1;1"]).known == {}


def test_each_commit_keeps_the_claim(stores, holder):
    holder.share(5)
    helper, other = helping(stores[1]), helping(stores[2])
    piece = claimed(helper)
    with stores[0]._database.write() as connection:
        connection.execute("update gaps set claimed_until = now() + interval '1 minute'")
    helper.commit(step(seen=[seen("1;1")]))

    with stores[0]._database.read() as connection:
        query = "select claimed_until > now() + interval '5 minutes' from gaps where id = ?"
        assert connection.execute(query, (piece.id,)).fetchone() == (True,)
    assert other.claim(piece, piece.end) is None


def test_what_a_replica_leaves_is_free_at_once(stores, holder):
    holder.share(5)
    leaving, other = helping(stores[1]), helping(stores[2])
    piece = claimed(leaving)
    stores[1].leave()
    assert other.claim(piece, piece.end) is not None


def test_a_helper_that_takes_the_account_over_goes_on_with_what_it_has_claimed(stores, holder):
    holder.share(5)
    helper = helping(stores[1])
    piece = claimed(helper)
    die(stores[0])

    lease = stores[1].ledger.lease("main")
    assert gaps(lease)[0] == (piece.start, piece.end, False)
    assert lease.claim(piece, piece.end) is not None


def test_a_holder_that_loses_the_account_gives_its_claims_to_the_next_one(stores, holder):
    piece = claimed(holder)
    with stores[0]._database.write() as connection:
        connection.execute("update accounts set owner = null where name = 'main'")
    lease = stores[1].ledger.lease("main")
    assert gaps(lease)[0] == (piece.start, piece.end, True)

    with pytest.raises(Busy):
        stores[0].ledger.help("main")
    assert gaps(lease)[0] == (piece.start, piece.end, False)


def test_a_call_that_another_replica_stored_meanwhile_is_not_stored_twice(stores, holder):
    holder.share(5)
    helper = helping(stores[1])
    assert claimed(helper) is not None
    mine = step(body("1;1"), seen=[seen("1;1")], before={"1;1": None})
    helper.commit(mine)

    with pytest.raises(Overtaken):
        holder.commit(mine)
    with pytest.raises(Overtaken):
        holder.commit(replace(mine, before={"1;1": 3}))
    holder.commit(replace(mine, before={"1;1": 7}))


def test_two_gaps_over_one_interval_are_read_once(stores, holder):
    """An update of a gap to the bounds of another one would break their uniqueness."""
    piece = replace(PAST, end=PAST.start + 3600)
    holder.commit(step(opened=[piece]))
    whole = next(g for g in holder.position(NOW, 10).gaps if g.end == PAST.end)

    first = holder.claim(whole, piece.end)

    assert gaps(holder) == [(first.start, first.end, False), (first.end, PAST.end, False)]
