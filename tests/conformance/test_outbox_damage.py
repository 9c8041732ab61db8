"""What becomes of a body that the disk damaged, in every store."""

import pytest
from msgspec.structs import replace
from support.builders.store_values import (
    JAEGER,
    NOW,
    TEMPO,
    accepted,
    body,
    only,
    pending,
    seen,
    step,
)

from fuse_otel.ports import (
    GapReason,
    NumberPosition,
    PendingReason,
    Reread,
    Status,
)

DAYS = 86_400
KNOWN = ["now", "earlier", "old"]
ENDS = [NOW, NOW - 3600, NOW - 6 * DAYS, NOW]


@pytest.fixture
def damaged(store, lease) -> int:
    """A body for two lanes. One of its calls is older than Plum's memory, one was forgotten
    already; one is to be read once more, and delivered by one lane.
    """
    whole = body(*KNOWN, "forgotten", lanes=[TEMPO, JAEGER], ends=ENDS)
    seen_rows = [seen(one, end) for one, end in zip(KNOWN, ENDS, strict=False)]
    again = pending("now", PendingReason.RECHECK, due=NOW + 900)
    here = NumberPosition(NOW, NOW - DAYS)
    first = step(whole, seen=seen_rows, pending=[again], positions={"8005550100": here})
    lease.commit(first)
    found = only(store)
    store.outbox.resolve(TEMPO, [accepted(found, found.calls[0].offset)], NOW)
    return found.id


def test_calls_of_a_damaged_batch_are_read_again_while_plum_has_them(store, lease, damaged):
    assert store.outbox.reread(damaged, NOW) == Reread(calls=3, parked=1)

    assert set(store.ledger.lease("main").look_up([*KNOWN, "forgotten"]).known) == {"old"}
    assert store.ledger.lease("main").look_up(KNOWN).waiting == {}
    gaps = lease.position(NOW, 10).gaps
    assert {(gap.number, gap.reason, gap.again) for gap in gaps} == {
        ("8005550100", GapReason.DAMAGE, False)
    }
    assert [(gap.start, gap.end) for gap in gaps] == [
        (NOW - 3660, NOW - 3599),
        (NOW - 60, NOW + 1),
    ]


def test_no_lane_waits_for_a_damaged_batch(store, damaged):
    store.outbox.reread(damaged, NOW)

    assert store.outbox.due(TEMPO, NOW, 1_000_000) == ()
    assert store.outbox.due(JAEGER, NOW, 1_000_000) == ()
    parked = [(one.lane, one.call.session_id, one.code) for one in store.control.parked(10)]
    assert sorted(parked) == [(lane, "old", "damaged") for lane in (JAEGER, TEMPO)]


def test_damage_is_reported_once_however_often(store, lease, damaged):
    store.outbox.reread(damaged, NOW)
    before = status_of(store)

    assert store.outbox.reread(damaged, NOW) == Reread(0, 0)
    assert status_of(store) == before


def status_of(store) -> Status:
    """What the store holds, without the room on its disk: other programs change that meanwhile."""
    return replace(store.control.status(), size=None, free=None)


def test_one_lane_that_had_delivered_all_gets_the_calls_of_a_damaged_batch_once_more(store, lease):
    both = body("a", lanes=[TEMPO, JAEGER])
    lease.commit(step(both, seen=[seen("a")]))
    store.outbox.resolve(TEMPO, [accepted(only(store))], NOW)

    assert store.outbox.reread(only(store, JAEGER).id, NOW) == Reread(calls=1, parked=0)
    assert store.ledger.lease("main").look_up(["a"]).known == {}
    assert [gap.number for gap in lease.position(NOW, 1).gaps] == [""]
