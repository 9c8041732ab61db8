"""Export requests are cut out of batches. Nothing is encoded again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from support.builders.ship_values import ITEMS, LOGS, encoded, new_body, sessions, stored

from fuse_otel.core.batching import batch as batches
from fuse_otel.core.batching.batch import (
    MAX_INFLATED,
    SMALL,
    BatchDamaged,
    CallSlice,
    ExportRequest,
    StoredBatch,
    checksum,
    halve,
    mergeable,
    request_of,
    singles,
)
from fuse_otel.core.batching.gzip_member import deflate, inflate
from fuse_otel.core.model.telemetry import Signal


def calls_of(request: ExportRequest) -> list[str]:
    return sessions(part.call for part in request.parts)


def content(*session_ids: str) -> bytes:
    return b"".join(encoded(Signal.TRACES, session) for session in session_ids)


def sized(batch_id: int, *lengths: int) -> StoredBatch:
    """A batch of calls of these lengths; the bytes of each call say which it is."""
    calls, offset = [], 0
    for place, length in enumerate(lengths):
        calls.append(CallSlice(f"{batch_id}/{place}", None, None, offset, length, place + 1))
        offset += length
    data = b"".join(bytes([place % 256]) * length for place, length in enumerate(lengths))
    return StoredBatch(batch_id, Signal.TRACES, deflate(data), offset, tuple(calls), whole=True)


def test_a_whole_batch_alone_keeps_its_bytes():
    batch = stored(new_body("a", "b"))
    request = request_of([batch])
    assert request.data is batch.data
    assert (request.size, request.items) == (batch.size, 2 * ITEMS)
    assert [part.batch_id for part in request.parts] == [batch.id, batch.id]


def test_calls_that_the_lane_has_acknowledged_are_left_out():
    request = request_of([stored(new_body("a", "b", "c"), without=["b"])])
    assert inflate(request.data) == content("a", "c")
    assert calls_of(request) == ["a", "c"]
    assert request.size == len(content("a", "c"))


def test_merged_batches_become_one_gzip_member_in_their_order():
    batches = [
        stored(new_body("a"), 7),
        stored(new_body("b", "c"), 3, without=["b"]),
        stored(new_body("d"), 5),
    ]
    request = request_of(batches)
    assert inflate(request.data) == content("a", "c", "d")
    assert [(part.batch_id, part.call.session_id) for part in request.parts] == [
        (7, "a"),
        (3, "c"),
        (5, "d"),
    ]


def test_calls_go_in_the_order_of_their_bytes_whatever_the_order_they_are_named_in():
    batch = stored(new_body("a", "b", "c"))
    mixed = StoredBatch(1, batch.signal, batch.data, batch.size, batch.calls[::-1], whole=True)
    assert calls_of(request_of([mixed])) == ["a", "b", "c"]


def test_small_batches_are_merged_up_to_the_size_of_a_batch():
    batches = [sized(number, SMALL) for number in range(6)]
    assert mergeable(batches) == batches[:4]
    assert mergeable(batches[:2]) == batches[:2]


def test_a_large_batch_is_sent_as_it_is():
    large, small = sized(1, SMALL + 1), sized(2, 10)
    assert mergeable([large, small]) == [large]
    assert mergeable([small, large, small]) == [small]


def test_what_is_left_of_a_large_batch_is_small():
    large = stored(new_body("a", "b", padding=SMALL // 3), without=["a"])
    small = stored(new_body("c"), 2)
    assert large.size > SMALL
    assert mergeable([large, small]) == [large, small]


def test_halves_are_about_the_same_size():
    first, second = halve(request_of([sized(1, 10, 10, 10, 100, 30)]))
    assert calls_of(first) == ["1/0", "1/1", "1/2"]
    assert calls_of(second) == ["1/3", "1/4"]


@given(st.lists(st.integers(1, 5000), min_size=2, max_size=40))
def test_halves_have_all_calls_and_all_bytes_once(lengths):
    whole = request_of([sized(1, *lengths)])
    first, second = halve(whole)
    assert first.parts
    assert second.parts
    assert first.parts + second.parts == whole.parts
    assert inflate(first.data) + inflate(second.data) == inflate(whole.data)
    assert (first.size + second.size, first.items + second.items) == (whole.size, whole.items)


def test_halving_ends_at_single_calls_with_their_own_bytes():
    batches = [stored(new_body("a", "b"), 1), stored(new_body("c"), 2)]
    waiting, found = [request_of(batches)], {}
    while waiting:
        request = waiting.pop()
        if request.single:
            found[calls_of(request)[0]] = inflate(request.data)
        else:
            waiting.extend(halve(request))
    assert found == {session: content(session) for session in "abc"}


def test_singles_are_requests_of_one_call():
    request = request_of([stored(new_body("a", "b", "c"))])
    assert [inflate(one.data) for one in singles(request)] == [content(s) for s in "abc"]
    assert [one.single for one in singles(request)] == [True] * 3


def test_a_single_call_is_its_own_single():
    alone = request_of([stored(new_body("a", lane=LOGS))])
    assert list(singles(alone)) == [alone]


@pytest.mark.parametrize(
    "data",
    [b"no gzip", deflate(b"too short"), deflate(b"x" * (MAX_INFLATED + 1)), b""],
    ids=["no gzip", "shorter", "longer", "empty"],
)
def test_a_damaged_batch_is_named(data):
    sound = stored(new_body("a", "b"), 1)
    damaged = StoredBatch(9, Signal.TRACES, data, sound.size, sound.calls, whole=True)
    with pytest.raises(BatchDamaged, match="batch 9"):
        request_of([sound, damaged])
    with pytest.raises(BatchDamaged, match="batch 9"):
        request_of([damaged])


def test_the_error_of_a_damaged_batch_holds_nothing_of_its_content():
    assert str(BatchDamaged(4)) == "the stored batch 4 is damaged"


def with_checksum(batch: StoredBatch) -> StoredBatch:
    return replace(batch, checksum=checksum(batch.data))


def test_a_batch_whose_bytes_have_their_checksum_is_not_inflated(monkeypatch):
    sound = with_checksum(stored(new_body("a", "b")))
    inflated = []
    monkeypatch.setattr(batches, "inflate", lambda *of: inflated.append(of) or inflate(*of))
    assert request_of([sound]).data == sound.data
    assert inflated == []
    assert request_of([replace(sound, checksum=None)]).data == sound.data
    assert len(inflated) == 1


@pytest.mark.parametrize(
    "damage",
    [
        lambda batch: {"data": batch.data[:-9] + b"?" + batch.data[-8:]},
        lambda batch: {"data": batch.data[:-1]},
        lambda batch: {"data": b""},
        lambda batch: {"size": batch.size + 1},
    ],
    ids=["another byte", "cut off", "empty", "size"],
)
def test_damage_is_found_by_the_checksum(damage):
    sound = with_checksum(stored(new_body("a", "b"), 9))
    with pytest.raises(BatchDamaged, match="batch 9"):
        request_of([replace(sound, **damage(sound))])


def test_a_damaged_checksum_alone_is_no_damage():
    sound = with_checksum(stored(new_body("a", "b")))
    assert request_of([replace(sound, checksum=sound.checksum ^ 1)]).data == sound.data
