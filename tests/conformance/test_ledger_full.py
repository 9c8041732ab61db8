"""What a poller meets when the outbox is full, in every store."""

import pytest
from support.builders.store_values import LOKI, NOW, TEMPO, body, pending, recent, seen, step

from fuse_otel.errors import Full
from fuse_otel.ports import (
    Gap,
    GapReason,
    NumberPosition,
)

DAY = 86_400


def test_a_full_outbox_refuses_the_whole_step(store, lease):
    lease.commit(step(body("first", data=b"x" * 60_000)))
    refused = step(
        body("second", data=b"x" * 40_001, lanes=[TEMPO, LOKI]),
        positions={"": NumberPosition(NOW, 0)},
        opened=[Gap("", 0, 1, GapReason.ERROR)],
        pending=[pending("second")],
        seen=[seen("second")],
        recent=[recent("second")],
    )
    with pytest.raises(Full, match=r"58\.6 KiB of 97\.7 KiB are used, 39\.1 KiB more"):
        lease.commit(refused)

    position = lease.position(NOW, 10)
    assert (position.numbers, position.gaps, position.due) == ({}, (), ())
    assert store.ledger.lease("main").look_up(["second"]).known == {}
    assert store.control.recent(10) == ()
    assert len(store.outbox.due(TEMPO, NOW, 10_000)) == 1
    assert store.control.status().used == 60_000


def test_the_room_for_bytes_that_were_refused(store, lease):
    """Of a cap of 100,000 bytes."""
    lease.commit(step(body("a", data=b"x" * 60_000)))
    lease.check_room(40_000)
    with pytest.raises(Full, match=r"39\.1 KiB more") as refused:
        lease.check_room(40_001)
    assert refused.value.needed == 40_001


def test_half_the_cap_is_room_for_more_than_the_whole(store, lease):
    lease.commit(step(body("a", data=b"x" * 50_000)))
    lease.check_room(1_000_000)
    lease.commit(step(body("b", data=b"x")))
    with pytest.raises(Full):
        lease.check_room(1_000_000)


def test_a_full_outbox_takes_a_step_without_batches(store, lease):
    lease.commit(step(body("a", data=b"x" * 100_000)))
    lease.commit(step(positions={"": NumberPosition(NOW, 0)}))

    assert lease.position(NOW, 10).numbers == {"": NumberPosition(NOW, 0)}


def test_a_batch_that_nobody_waits_for_is_not_kept(store, lease):
    lease.commit(step(body("a", lanes=[]), body(lanes=[TEMPO])))

    assert store.control.status().used == 0
    assert store.outbox.due(TEMPO, NOW, 1000) == ()


def test_the_ledger_and_pending_calls_count_for_the_cap(store, lease):
    """Reading stops when they fill it, and the calls that wait can still leave."""

    def fill() -> None:
        for number in range(10_000):
            lease.commit(step(pending=[pending(f"call {number}")]))

    with pytest.raises(Full, match="The outbox is full") as refused:
        fill()
    waiting = lease.position(NOW, 10_000).waiting
    assert waiting > 100
    with pytest.raises(Full):
        lease.check_room(refused.value.needed)

    used = store.control.status().used
    assert 90_000 < used < 100_000
    lease.commit(step(body("call 0"), settled=["call 0"], seen=[seen("call 0")]))
    assert store.control.status().used < used
    lease.commit(step(settled=[f"call {number}" for number in range(1, 30)]))
    lease.check_room(refused.value.needed)
    lease.commit(step(pending=[pending("another")]))


def test_recent_calls_take_a_quarter_of_the_cap_at_most(store, lease):
    for number in range(30):
        lease.commit(step(recent=[recent(f"{number}", traces=bytes(5_000))]))
    assert store.control.status().used < 30_000
    assert 1 <= len(store.control.recent(100)) <= 5
