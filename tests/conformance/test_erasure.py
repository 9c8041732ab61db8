"""A call is erased from every part of the store, and nothing else is."""

import pytest
from support.builders.flow_values import stepping_call
from support.builders.store_values import (
    JAEGER,
    LOKI,
    NOW,
    TEMPO,
    accepted,
    copy_of,
    only,
    pending,
    recent,
    seen,
    step,
)

from fuse_otel.core.batching.batch import Batch, CallSlice
from fuse_otel.core.batching.gzip_member import deflate, inflate
from fuse_otel.core.model.call import ERASED
from fuse_otel.core.model.ids import session_key
from fuse_otel.core.model.lane import Rendering
from fuse_otel.core.model.telemetry import Profile
from fuse_otel.ports import Acknowledgement, CallerRow

A, B, C = (f"30000{number};001;1529552581" for number in range(3))


def text_of(session_id):
    return f"the text of {session_id}, which is private".encode() * 3


def batch_of(*session_ids, lanes=(TEMPO,), data=None):
    calls, offset = [], 0
    for one in session_ids:
        length = len(text_of(one))
        calls.append(CallSlice(one, NOW - 60, NOW, offset, length, 3))
        offset += length
    rendering = Rendering("r", lanes[0].signal, Profile.GENERIC, tuple(lanes))
    content = deflate(b"".join(map(text_of, session_ids)))
    return Batch(rendering, content if data is None else data, offset, tuple(calls))


def commit(lease, *batches, calls=(A, B, C), **fields):
    lease.commit(step(*batches, seen=[seen(one) for one in calls], **fields))


def waiting(store, lane=TEMPO):
    """Session id to bytes, as the lane would send them."""
    return {
        call.session_id: inflate(found.data)[call.offset : call.offset + call.length]
        for found in store.outbox.due(lane, NOW, 10**9)
        for call in found.calls
    }


def test_a_call_of_a_shared_batch_is_cut_out_for_every_lane(store, lease):
    commit(lease, batch_of(A, B, C, lanes=(TEMPO, JAEGER)))
    erased = store.control.erase(B, NOW)
    assert erased.waiting == {TEMPO: 1, JAEGER: 1}
    for lane in (TEMPO, JAEGER):
        assert waiting(store, lane) == {one: text_of(one) for one in (A, C)}
        assert text_of(B) not in inflate(only(store, lane).data)
        assert not only(store, lane).whole
    assert {one.lane: one.calls for one in store.control.status().lanes} == {TEMPO: 2, JAEGER: 2}


def test_only_the_lanes_that_still_wait_lose_a_copy(store, lease):
    commit(lease, batch_of(A, B, lanes=(TEMPO, JAEGER)))
    store.outbox.resolve(TEMPO, [accepted(only(store), 0)], NOW)
    assert store.control.erase(A, NOW).waiting == {JAEGER: 1}
    assert set(waiting(store)) == set(waiting(store, JAEGER)) == {B}


def test_a_batch_without_another_call_goes(store, lease):
    used = store.control.status().used
    commit(lease, batch_of(A, lanes=(TEMPO, JAEGER)), calls=())
    store.control.erase(A, NOW)
    assert waiting(store) == waiting(store, JAEGER) == {}
    assert store.control.status().used == used


def test_what_was_on_its_way_is_acknowledged_without_the_erased_call(store, lease):
    commit(lease, batch_of(A, B, C))
    before = only(store)
    store.control.erase(B, NOW)
    assert store.outbox.open_offsets(TEMPO, before.id) == {
        call.offset for call in before.calls if call.session_id != B
    }
    copies = tuple(copy_of(call) for call in before.calls)
    offsets = tuple(call.offset for call in before.calls)
    store.outbox.resolve(TEMPO, [Acknowledgement(before.id, offsets, copies)], NOW)
    assert waiting(store) == {}
    assert {call.call.session_id for call in store.control.parked(9)} == {A, C}
    assert store.outbox.open_offsets(TEMPO, before.id) == frozenset()


def test_parked_copies_recent_calls_and_pending_calls_go(store, lease):
    commit(
        lease,
        batch_of(A, B),
        recent=[recent(A, account="main"), recent(B, account="main")],
        pending=[pending(A), pending(B)],
        callers=[CallerRow(A, "ab", NOW), CallerRow(B, "ab", NOW)],
    )
    found = only(store)
    copies = tuple(copy_of(call) for call in found.calls)
    store.outbox.resolve(
        TEMPO, [Acknowledgement(found.id, tuple(c.offset for c in found.calls), copies)], NOW
    )
    erased = store.control.erase(A, NOW)
    assert (erased.recent, erased.pending, erased.waiting) == (1, 1, {})
    assert (erased.parked, erased.known, erased.copies) == ({TEMPO: 1}, True, 3)
    assert [one.call.session_id for one in store.control.parked(9)] == [B]
    assert [one.session_id for one in store.control.recent(9)] == [B]
    assert store.control.recent_call(A) is None
    assert list(lease.look_up([A, B]).waiting) == [B]
    assert list(lease.callers(["ab"])) == [CallerRow(B, "ab", NOW)]


@pytest.mark.parametrize(
    "held",
    [
        {"seen": [seen(A)]},
        {"pending": [pending(A)]},
        {"recent": [recent(A, account="main")]},
        {"indexed": [stepping_call(A, ())]},
    ],
    ids=lambda held: next(iter(held)),
)
def test_a_call_that_only_one_table_knows_is_not_stored_again(store, lease, held):
    lease.commit(step(**held))
    assert store.control.erase(A, NOW).known
    assert lease.look_up([A]).known[A].entries == ERASED
    lease.commit(step(seen=[seen(A)], indexed=[stepping_call(A, ())]))
    assert store.calls.call(A) is None


@pytest.mark.parametrize("again", [[], [seen(A, end=NOW + 9)]], ids=["", "with another end"])
def test_a_call_that_is_erased_before_it_is_shown_is_not_shown(store, lease, again):
    lease.commit(step(seen=[seen(A)]))
    store.control.erase(A, NOW)
    shown = [recent(A, account="main"), recent(B, account="main")]
    lease.commit(step(seen=[*again, seen(B)], recent=shown))
    assert [one.session_id for one in store.control.recent(9)] == [B]


def test_a_call_whose_damaged_batch_is_read_again_can_be_erased(store, lease):
    commit(lease, batch_of(A), calls=[A], indexed=[stepping_call(A, ())])
    store.outbox.reread(only(store).id, NOW)
    assert lease.look_up([A]).known == {}
    assert store.control.erase(A, NOW).known
    assert lease.look_up([A]).known[A].entries == ERASED


def test_an_erased_call_stays_erased_whatever_is_read_meanwhile(store, lease):
    commit(lease, calls=(A, B))
    store.control.erase(A, NOW)
    assert lease.look_up([A, B]).known[A].erased
    assert lease.look_up([A]).known[A].end == NOW
    lease.commit(step(seen=[seen(A, end=NOW + 5, entries=9)]))
    assert lease.look_up([A]).known[A].erased
    assert not lease.look_up([B]).known[B].erased


def test_a_call_that_is_erased_while_it_is_read_is_not_stored(store, lease):
    commit(lease, calls=(A, B))
    store.control.erase(A, NOW)
    commit(
        lease,
        batch_of(A, B),
        calls=(A, B),
        recent=[recent(A), recent(B)],
        indexed=[stepping_call(A, ()), stepping_call(B, ())],
        pending=[pending(A), pending(B)],
    )
    assert waiting(store) == {B: text_of(B)}
    assert text_of(A) not in inflate(only(store).data)
    assert [one.session_id for one in store.control.recent(9)] == [B]
    assert list(lease.look_up([A, B]).waiting) == [B]
    assert store.calls.call(A) is None


def test_a_call_that_waits_for_its_log_is_not_listed_anew(store, lease):
    lease.commit(step(pending=[pending(A)]))
    assert store.control.erase(A, NOW).known
    assert lease.look_up([A]).known[A].erased


def test_erasing_twice_and_erasing_what_is_unknown_change_nothing(store, lease):
    commit(lease, batch_of(A, B), calls=(A, B))
    store.control.erase(A, NOW)
    again, unknown = store.control.erase(A, NOW), store.control.erase(C, NOW)
    assert (again.copies, again.known) == (0, True)
    assert (unknown.copies, unknown.known) == (0, False)
    assert lease.look_up([C]).known == {}
    assert set(waiting(store)) == {B}


@pytest.mark.parametrize("name", [str, session_key], ids=["by id", "by key"])
@pytest.mark.parametrize("session_id", ['a"b\\c', "x" * 300, "ünï;✓", "\ud800"])
def test_any_session_id_can_be_erased_also_by_its_key(store, lease, session_id, name):
    commit(lease, batch_of_odd(session_id), calls=(session_id,), recent=[recent(session_id)])
    assert store.control.erase(str(name(session_id)), NOW).copies == 2
    assert waiting(store) == {}


def batch_of_odd(session_id):
    calls = (CallSlice(session_id, NOW - 60, NOW, 0, 5, 3),)
    rendering = Rendering("r", TEMPO.signal, Profile.GENERIC, (TEMPO,))
    return Batch(rendering, deflate(b"bytes"), 5, calls)


def test_the_other_calls_of_a_damaged_batch_are_read_again(store, lease):
    commit(lease, batch_of(A, B, data=b"no gzip"), calls=(A, B))
    store.control.erase(A, NOW)
    assert waiting(store) == {}
    assert lease.look_up([B]).known == {}  # the gap over its time finds it again
    assert lease.look_up([A]).known[A].erased


def test_a_lane_of_logs_is_erased_as_well(store, lease):
    commit(lease, batch_of(A, B), batch_of(A, B, lanes=(LOKI,)))
    assert store.control.erase(A, NOW).waiting == {TEMPO: 1, LOKI: 1}
    assert set(waiting(store, LOKI)) == {B}
