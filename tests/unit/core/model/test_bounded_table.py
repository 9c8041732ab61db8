"""Tables that are bounded in number and in bytes."""

from dataclasses import dataclass

from fuse_otel.core.model.bounded_table import BoundedTable, SeenBefore


@dataclass
class Value:
    size: int = 1


def filled(most, room, *values):
    table = BoundedTable(most, room)
    for key, value in enumerate(values):
        table.put(key, value)
    return table


def test_a_table_holds_no_more_values_than_it_may():
    table = filled(10, 1000, *(Value() for _ in range(100)))
    assert 5 <= len(table) <= 10
    assert table.get(99) is not None
    assert table.get(0) is None


def test_a_table_holds_no_more_bytes_than_it_may():
    table = filled(1000, 100, *(Value(9) for _ in range(100)))
    assert 45 <= table.bytes <= 100


def test_a_value_larger_than_half_of_the_room_is_not_kept():
    table = filled(10, 100, Value(51))
    assert (len(table), table.get(0)) == (0, None)


def test_what_is_read_stays():
    table = filled(10, 1000, used := Value())
    for key in range(1, 100):
        table.put(key, Value())
        assert table.get(0) is used


def test_what_is_put_twice_counts_once():
    table = BoundedTable(10, 100)
    for _ in range(1000):
        table.put("key", Value(10))
    assert (len(table), table.bytes) == (1, 10)


def test_a_hash_is_seen_from_its_second_time_on():
    seen = SeenBefore()
    hashes = [1 << 16 | number for number in range(100)]
    assert not any(map(seen, hashes))
    assert all(map(seen, hashes))


def test_a_later_hash_takes_the_place_of_an_earlier_one():
    seen = SeenBefore()
    first, second = 1 << 16, 2 << 16
    assert [seen(first), seen(second), seen(first)] == [False, False, False]
