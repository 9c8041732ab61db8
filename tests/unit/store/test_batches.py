"""The calls of a batch as one text."""

import pytest

from fuse_otel.core.batching.batch import CallSlice
from fuse_otel.errors import Corrupt
from fuse_otel.store.relational.rows import ends, pack_calls, pack_offsets, unpack_calls

CALLS = (
    CallSlice("300060;001;1529552581", 100, 160, 0, 50, 12),
    CallSlice('"\x00ü', None, None, 50, 70, 1),
)


def test_calls_come_back_as_they_were():
    assert unpack_calls(pack_calls(CALLS), None) == CALLS


def test_only_the_remaining_calls_come_back():
    assert unpack_calls(pack_calls(CALLS), pack_offsets({50})) == CALLS[1:]
    assert unpack_calls(pack_calls(CALLS), pack_offsets([])) == ()


def test_the_text_is_readable_in_the_database():
    assert pack_calls(CALLS[:1]) == '[["300060;001;1529552581",100,160,0,50,12]]'
    assert pack_offsets({70, 0}) == "[0,70]"


@pytest.mark.parametrize(("calls", "remaining"), [("[[1]]", None), ("{", None), ("[]", "no")])
def test_a_damaged_text_is_a_damaged_store(calls, remaining):
    with pytest.raises(Corrupt, match="damaged"):
        unpack_calls(calls, remaining)


def test_ends_fall_back_to_the_start_and_then_to_the_step():
    late = CallSlice("late", 500, None, 0, 1, 1)

    assert ends(CALLS[:1], at=9) == (160, 160)
    assert ends([*CALLS, late], at=9) == (9, 500)
