"""What the shipper relies on, for every store."""

import pytest
from support.builders.store_values import (
    CALL_SIZE,
    JAEGER,
    LOKI,
    NOW,
    TEMPO,
    accepted,
    body,
    copy_of,
    only,
    step,
)

from fuse_otel.core.batching.batch import checksum
from fuse_otel.core.model.lane import Lane
from fuse_otel.core.model.telemetry import Signal
from fuse_otel.errors import Full
from fuse_otel.ports import (
    Acknowledgement,
    Store,
)

OLD = NOW - 10_000


def due_ids(store: Store, lane: Lane = TEMPO, max_bytes: int = 1_000_000) -> list[str]:
    return [found.calls[0].session_id for found in store.outbox.due(lane, NOW, max_bytes)]


def test_nothing_is_due_for_a_lane_that_nobody_named(store, lease):
    assert store.outbox.due(TEMPO, NOW, 1000) == ()
    store.outbox.resolve(TEMPO, [Acknowledgement(1, (0,))], NOW)


def test_a_batch_comes_back_as_it_was_committed(store, lease):
    new = body("a", "b", ends=[NOW, None])
    lease.commit(step(new))

    found = only(store)
    assert (found.signal, found.data, found.size) == (Signal.TRACES, new.data, new.size)
    assert found.calls == new.calls
    assert found.whole
    assert found.checksum == checksum(new.data)


def test_a_batch_waits_for_each_of_its_lanes(store, lease):
    lease.commit(step(body("a", lanes=[TEMPO, JAEGER])))
    found = only(store)
    store.outbox.resolve(TEMPO, [accepted(found)], NOW)

    assert store.outbox.due(TEMPO, NOW, 1000) == ()
    assert only(store, JAEGER) == found
    assert store.outbox.due(LOKI, NOW, 1000) == ()
    assert store.control.status().used == len(found.data)


def test_the_last_lane_takes_the_batch_away(store, lease):
    lease.commit(step(body("a", lanes=[TEMPO, JAEGER])))
    for lane in (TEMPO, JAEGER):
        store.outbox.resolve(lane, [accepted(only(store, lane))], NOW)

    assert store.control.status().used == 0
    assert [lane.calls for lane in store.control.status().lanes] == [0, 0]


def test_lanes_of_one_destination_are_apart(store, lease):
    logs = Lane(TEMPO.destination, Signal.LOGS)
    lease.commit(step(body("a", lanes=[TEMPO]), body("b", lanes=[logs])))

    assert due_ids(store, TEMPO) == ["a"]
    assert due_ids(store, logs) == ["b"]


def test_older_batches_come_by_their_oldest_call(store, lease):
    lease.commit(
        step(
            body("third", ends=[OLD + 30]),
            body("first", "x", ends=[OLD + 90, OLD + 10]),
            body("second", ends=[OLD + 20]),
        ),
    )

    assert due_ids(store) == ["first", "second", "third"]


def test_batches_with_a_call_of_the_last_two_minutes_come_first(store, lease):
    lease.commit(
        step(
            body("old", ends=[OLD]),
            body("just old", ends=[NOW - 121]),
            body("live", ends=[NOW - 119]),
            body("live by one call", "x", ends=[OLD + 5, NOW]),
        ),
    )

    assert due_ids(store) == ["live by one call", "live", "old", "just old"]


def test_how_long_a_call_is_live_is_for_the_lane_to_say(store, lease):
    ends = {"old": OLD, "held": NOW - 250, "live": NOW - 5}
    lease.commit(step(*(body(name, ends=[end]) for name, end in ends.items())))

    due = store.outbox.due(TEMPO, NOW, 1 << 30, 300)
    assert [found.calls[0].session_id for found in due] == ["held", "live", "old"]


def test_a_call_without_an_end_goes_by_its_start_or_the_step(store, lease):
    unknown = body("no times", ends=[None])
    lease.commit(step(body("older", ends=[OLD - 1]), unknown, at=OLD))
    lease.commit(step(body("newer", ends=[OLD + 1])))

    assert due_ids(store) == ["older", "no times", "newer"]


def test_batches_of_the_same_age_come_in_the_order_of_their_commit(store, lease):
    for name in "abc":
        lease.commit(step(body(name)))

    assert due_ids(store) == ["a", "b", "c"]


def test_due_keeps_to_its_bytes_but_gives_one_batch(store, lease):
    sizes = [400, 400, 400, 100]
    bodies = [body(f"{i}", ends=[OLD + i], size=size) for i, size in enumerate(sizes)]
    lease.commit(step(*bodies))

    assert due_ids(store, max_bytes=1) == ["0"]
    assert due_ids(store, max_bytes=799) == ["0"]
    assert due_ids(store, max_bytes=800) == ["0", "1"]
    # What comes later does not overtake what is too large for the rest.
    assert due_ids(store, max_bytes=950) == ["0", "1"]
    assert due_ids(store, max_bytes=1300) == ["0", "1", "2", "3"]


def test_live_and_older_batches_share_the_bytes(store, lease):
    lease.commit(step(body("old", ends=[OLD], size=500), body("live", ends=[NOW], size=500)))

    assert due_ids(store, max_bytes=500) == ["live"]
    assert due_ids(store, max_bytes=1000) == ["live", "old"]


def test_a_batch_is_resolved_call_by_call(store, lease):
    lease.commit(step(body("a", "b", "c", ends=[OLD, NOW, OLD + 5])))
    found = only(store)
    store.outbox.resolve(TEMPO, [accepted(found, 0)], NOW)

    part = only(store)
    assert [call.session_id for call in part.calls] == ["b", "c"]
    assert not part.whole
    assert (part.data, part.size) == (found.data, found.size)
    (status,) = store.control.status().lanes
    assert (status.calls, status.oldest) == (2, OLD + 5)

    store.outbox.resolve(TEMPO, [accepted(found, 100), accepted(found, 200)], NOW)
    assert store.outbox.due(TEMPO, NOW, 1000) == ()
    assert store.control.status().used == 0


def test_what_is_left_of_a_batch_is_no_longer_live_when_its_live_call_is_resolved(store, lease):
    lease.commit(step(body("a", "x", ends=[OLD, NOW]), body("b", ends=[OLD - 50])))
    assert due_ids(store) == ["a", "b"]
    mixed = store.outbox.due(TEMPO, NOW, 1)[0]
    store.outbox.resolve(TEMPO, [accepted(mixed, CALL_SIZE)], NOW)

    assert due_ids(store) == ["b", "a"]


def test_partial_progress_is_the_lane_s_own(store, lease):
    lease.commit(step(body("a", "b", lanes=[TEMPO, JAEGER])))
    store.outbox.resolve(TEMPO, [accepted(only(store), 0)], NOW)

    assert len(only(store, TEMPO).calls) == 1
    assert len(only(store, JAEGER).calls) == 2


def test_resolving_twice_is_resolving_once(store, lease):
    lease.commit(step(body("a", "b"), body("c")))
    first, _ = store.outbox.due(TEMPO, NOW, 1000)
    acknowledgement = Acknowledgement(first.id, (0,), (copy_of(first.calls[0]),))
    for _ in range(2):
        store.outbox.resolve(TEMPO, [acknowledgement, acknowledgement], NOW)

    (status,) = store.control.status().lanes
    assert (status.calls, status.parked) == (2, 1)


def test_an_acknowledgement_of_an_unknown_batch_changes_nothing(store, lease):
    lease.commit(step(body("a")))
    gone = only(store)
    copies = (copy_of(gone.calls[0]),)
    store.outbox.resolve(TEMPO, [accepted(gone)], NOW)
    lease.commit(step(body("b")))
    store.outbox.resolve(
        TEMPO, [Acknowledgement(gone.id, (0,), copies), Acknowledgement(999, (0,), copies)], NOW
    )

    assert due_ids(store) == ["b"]
    assert store.control.parked(10) == ()


def test_an_unknown_offset_resolves_nothing(store, lease):
    lease.commit(step(body("a", "b")))
    found = only(store)
    store.outbox.resolve(TEMPO, [Acknowledgement(found.id, (7, -1), ())], NOW)

    assert only(store) == found


def test_a_parked_call_is_kept_with_the_back_end_s_words(store, lease):
    lease.commit(step(body("a", "b")))
    found = only(store)
    bad = found.calls[1]
    store.outbox.resolve(
        TEMPO, [Acknowledgement(found.id, (0, bad.offset), (copy_of(bad, b"12345"),))], NOW + 0.5
    )

    assert store.outbox.due(TEMPO, NOW, 1000) == ()
    (listed,) = store.control.parked(10)
    assert (listed.lane, listed.call) == (TEMPO, bad)
    assert (listed.rejected, listed.code) == (2, "400")
    assert listed.reason == "entry too far behind"
    assert (listed.parked_at, listed.data) == (NOW + 0.5, b"")
    whole = store.control.parked_call(listed.id)
    assert whole is not None
    assert whole.data == b"12345"
    status = store.control.status()
    assert status.used == 5
    assert status.lanes[0].parked == 1


def test_a_copy_whose_call_is_not_resolved_is_not_parked(store, lease):
    lease.commit(step(body("a", "b")))
    found = only(store)
    store.outbox.resolve(TEMPO, [Acknowledgement(found.id, (0,), (copy_of(found.calls[1]),))], NOW)

    assert store.control.parked(10) == ()
    assert [call.session_id for call in only(store).calls] == ["b"]


def test_parked_copies_are_bounded_and_nothing_is_resolved_past_the_bound(store, lease):
    lease.commit(step(body("a", "b")))
    found = only(store)

    def park(place: int, size: int) -> None:
        call = found.calls[place]
        copy = copy_of(call, b"x" * size)
        store.outbox.resolve(TEMPO, [Acknowledgement(found.id, (call.offset,), (copy,))], NOW)

    park(0, 15_000)
    with pytest.raises(Full, match=r"take 19\.5 KiB, 19\.5 KiB are theirs"):
        park(1, 5_001)
    assert [call.session_id for call in only(store).calls] == ["b"]
    assert store.control.status().used == 15_000 + len(found.data)

    park(1, 5_000)
    assert store.control.status().used == 20_000


def test_a_full_outbox_can_be_resolved(store, lease):
    lease.commit(step(body("a", data=b"x" * 100_000)))
    store.outbox.resolve(TEMPO, [accepted(only(store))], NOW)
    lease.commit(step(body("b", data=b"x" * 100_000)))

    assert due_ids(store) == ["b"]
