"""Cutting calls into bodies."""

import random

import pytest
from support.builders.telemetry_values import SUMMARY

from fuse_otel.core.batching.batch import MAX_INFLATED, cut
from fuse_otel.core.batching.gzip_member import inflate
from fuse_otel.core.encoding.renderer import RenderedCall
from fuse_otel.core.model.call import LogCompleteness
from fuse_otel.core.model.lane import Rendering
from fuse_otel.core.model.tally import Tally
from fuse_otel.core.model.telemetry import Profile, Signal

RENDERING = Rendering("traces/strict/generic", Signal.TRACES, Profile.GENERIC, ())


def rendered(session_id, start=0, part=b"part", items=1, rendering=RENDERING.id):
    return RenderedCall(
        session_id=session_id,
        trace_id="",
        start=start,
        end=None if start is None else start + 10,
        details=LogCompleteness.FULL,
        entries=1,
        parts={rendering: (part, items)},
        traces=b"",
        logs=b"",
        summary=SUMMARY,
        tally=Tally(),
    )


def order(body):
    return [call.session_id for call in body.calls]


def test_calls_without_a_part_for_the_rendering_are_left_out():
    calls = [rendered("a"), rendered("b", rendering="logs/strict/generic")]
    (body,) = cut(RENDERING, calls)
    assert order(body) == ["a"]
    assert cut(RENDERING, calls[1:]) == []


def test_the_order_is_by_start_then_session_id_whatever_order_they_came_in():
    calls = [rendered(name, start) for name, start in (("d", None), ("b", 1), ("c", 1), ("a", 2))]
    shuffled = calls[:]
    random.Random(1).shuffle(shuffled)
    (body,), (again,) = cut(RENDERING, calls), cut(RENDERING, shuffled)
    assert order(body) == ["d", "b", "c", "a"]
    assert body == again


def test_each_call_is_found_at_its_place_in_the_inflated_bytes():
    parts = {f"call-{n:02}": random.Random(n).randbytes(n * 7 + 1) for n in range(20)}
    (body,) = cut(RENDERING, [rendered(name, 5, part, 3) for name, part in parts.items()])
    inflated = inflate(body.data)
    assert body.size == len(inflated)
    for call in body.calls:
        assert inflated[call.offset : call.offset + call.length] == parts[call.session_id]
        assert (call.start, call.end, call.items) == (5, 15, 3)
    assert body.rendering is RENDERING


@pytest.mark.parametrize(
    ("sizes", "groups"),
    [
        ([MAX_INFLATED], [1]),
        ([MAX_INFLATED - 1, 1], [2]),
        ([MAX_INFLATED, 1], [1, 1]),
        ([1, MAX_INFLATED + 1, 1, 1], [1, 1, 2]),
        ([MAX_INFLATED // 3] * 7, [3, 3, 1]),
    ],
)
def test_a_batch_holds_what_fits_and_a_larger_call_stands_alone(sizes, groups):
    calls = [rendered(f"{n}", n, bytes(size)) for n, size in enumerate(sizes)]
    found = cut(RENDERING, calls)
    assert [len(body.calls) for body in found] == groups
    assert [session_id for body in found for session_id in order(body)] == [
        call.session_id for call in calls
    ]
