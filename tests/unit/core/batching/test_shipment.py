"""Shipments: what one request carries, cut out of bodies without encoding anything again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.builders.ship_values import ITEMS, LOGS, encoded, new_body, sessions, stored

from fuse_otel.core.batching.batch import MAX_INFLATED, CallSlice, StoredBatch
from fuse_otel.core.batching.export_request import (
    SMALL,
    BatchDamaged,
    ExportRequest,
    halve,
    neighbours,
    ship,
    singles,
)
from fuse_otel.core.batching.gzip_member import deflate, inflate
from fuse_otel.core.model.telemetry import Signal


def calls_of(shipment: ExportRequest) -> list[str]:
    return sessions(part.call for part in shipment.parts)


def content(*session_ids: str) -> bytes:
    return b"".join(encoded(Signal.TRACES, session) for session in session_ids)


def sized(body_id: int, *lengths: int) -> StoredBatch:
    """A body of calls of these lengths; the bytes of each call say which it is."""
    calls, offset = [], 0
    for place, length in enumerate(lengths):
        calls.append(CallSlice(f"{body_id}/{place}", None, None, offset, length, place + 1))
        offset += length
    data = b"".join(bytes([place % 256]) * length for place, length in enumerate(lengths))
    return StoredBatch(body_id, Signal.TRACES, deflate(data), offset, tuple(calls), whole=True)


def test_a_whole_body_alone_keeps_its_bytes():
    body = stored(new_body("a", "b"))
    shipment = ship([body])
    assert shipment.data is body.data
    assert (shipment.size, shipment.items) == (body.size, 2 * ITEMS)
    assert [part.body for part in shipment.parts] == [body.id, body.id]


def test_what_the_lane_has_resolved_is_left_out():
    shipment = ship([stored(new_body("a", "b", "c"), without=["b"])])
    assert inflate(shipment.data) == content("a", "c")
    assert calls_of(shipment) == ["a", "c"]
    assert shipment.size == len(content("a", "c"))


def test_neighbours_become_one_gzip_member_in_their_order():
    bodies = [
        stored(new_body("a"), 7),
        stored(new_body("b", "c"), 3, without=["b"]),
        stored(new_body("d"), 5),
    ]
    shipment = ship(bodies)
    assert inflate(shipment.data) == content("a", "c", "d")
    assert [(part.body, part.call.session_id) for part in shipment.parts] == [
        (7, "a"),
        (3, "c"),
        (5, "d"),
    ]


def test_calls_go_in_the_order_of_their_bytes_whatever_the_order_they_are_named_in():
    body = stored(new_body("a", "b", "c"))
    mixed = StoredBatch(1, body.signal, body.data, body.size, body.calls[::-1], whole=True)
    assert calls_of(ship([mixed])) == ["a", "b", "c"]


def test_small_neighbours_go_together_up_to_the_size_of_a_body():
    bodies = [sized(number, SMALL) for number in range(6)]
    assert neighbours(bodies) == bodies[:4]
    assert neighbours(bodies[:2]) == bodies[:2]


def test_a_large_body_goes_as_it_is():
    large, small = sized(1, SMALL + 1), sized(2, 10)
    assert neighbours([large, small]) == [large]
    assert neighbours([small, large, small]) == [small]


def test_what_is_left_of_a_large_body_is_small():
    large = stored(new_body("a", "b", padding=SMALL // 3), without=["a"])
    small = stored(new_body("c"), 2)
    assert large.size > SMALL
    assert neighbours([large, small]) == [large, small]


def test_halves_are_about_the_same_size():
    first, second = halve(ship([sized(1, 10, 10, 10, 100, 30)]))
    assert calls_of(first) == ["1/0", "1/1", "1/2"]
    assert calls_of(second) == ["1/3", "1/4"]


@given(st.lists(st.integers(1, 5000), min_size=2, max_size=40))
def test_halves_have_all_calls_and_all_bytes_once(lengths):
    whole = ship([sized(1, *lengths)])
    first, second = halve(whole)
    assert first.parts
    assert second.parts
    assert first.parts + second.parts == whole.parts
    assert inflate(first.data) + inflate(second.data) == inflate(whole.data)
    assert (first.size + second.size, first.items + second.items) == (whole.size, whole.items)


def test_halving_comes_down_to_single_calls_with_their_own_bytes():
    bodies = [stored(new_body("a", "b"), 1), stored(new_body("c"), 2)]
    waiting, found = [ship(bodies)], {}
    while waiting:
        shipment = waiting.pop()
        if shipment.single:
            found[calls_of(shipment)[0]] = inflate(shipment.data)
        else:
            waiting.extend(halve(shipment))
    assert found == {session: content(session) for session in "abc"}


def test_singles_are_the_calls_one_by_one():
    shipment = ship([stored(new_body("a", "b", "c"))])
    assert [inflate(one.data) for one in singles(shipment)] == [content(s) for s in "abc"]
    assert [one.single for one in singles(shipment)] == [True] * 3


def test_a_single_call_is_its_own_single():
    alone = ship([stored(new_body("a", lane=LOGS))])
    assert list(singles(alone)) == [alone]


@pytest.mark.parametrize(
    "data",
    [b"no gzip", deflate(b"too short"), deflate(b"x" * (MAX_INFLATED + 1)), b""],
    ids=["no gzip", "shorter", "longer", "empty"],
)
def test_a_damaged_body_is_named(data):
    sound = stored(new_body("a", "b"), 1)
    damaged = StoredBatch(9, Signal.TRACES, data, sound.size, sound.calls, whole=True)
    with pytest.raises(BatchDamaged, match="body 9"):
        ship([sound, damaged])
    with pytest.raises(BatchDamaged, match="body 9"):
        ship([damaged])


def test_an_error_of_a_shipment_tells_nothing_of_its_content():
    assert str(BatchDamaged(4)) == "the stored body 4 is damaged"
