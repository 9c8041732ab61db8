"""The call flow: what a call adds to the sums of its application, and takes away again."""

import random
from statistics import median

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.builders.flow_values import runs

from fuse_otel.core.model.call_flow import (
    MOST_MODULES,
    MOST_STEPS,
    OTHER,
    CallFlow,
    duration_key,
    duration_of,
    median_seconds,
    path_text,
    read_path,
)
from fuse_otel.core.model.telemetry import ModuleRun


def path_of(steps, *, lost=False):
    names = tuple(dict.fromkeys(run.module for run in steps))
    return read_path(names, path_text(steps), lost=lost)


def sums(flow):
    """By names, without what is zero."""
    names = list(flow.places)
    return flow.calls, {
        module: (
            node.executions, node.lost, node.errors, node.no_match, dict(node.seconds),
            {names[place]: count for place, count in node.following.items()},
        )
        for module, node in zip(names, flow.nodes, strict=True)
        if node.executions or node.seconds or node.following or node.lost
    }  # fmt: skip


def test_a_call_adds_its_modules_its_steps_and_where_it_was_lost():
    flow = CallFlow()
    flow.add(path_of(runs("start start", "menu main?", "rest look up!", "menu main"), lost=True))
    assert sums(flow) == (
        1,
        {
            ("start", "start"): (1, 0, 0, 0, {1: 1}, {("menu", "main"): 1}),
            ("menu", "main"): (2, 1, 0, 1, {1: 2}, {("rest look", "up"): 1}),
            ("rest look", "up"): (1, 0, 1, 0, {1: 1}, {("menu", "main"): 1}),
        },
    )


def test_type_and_name_may_both_hold_spaces():
    names = (("set variable", "a b c"), ("", ""))
    steps = tuple(ModuleRun(*each, error=False, seconds=0.0) for each in names)
    assert path_of(steps).modules == names


def test_a_call_without_a_step_is_left_out():
    flow = CallFlow()
    flow.add(path_of((), lost=True))
    assert path_text(()) == ""
    assert flow.is_empty()


some_runs = st.builds(
    ModuleRun,
    st.sampled_from(["menu", "set variable", "x"]),
    st.sampled_from(["main", "a b", "", "\udc00"]),
    st.booleans(),
    st.sampled_from([-5.0, 0.0, 0.4, 7.0, 61.5, 1e9]),
    inputs=st.sampled_from([(), ("match",), ("no_match", "no_input")]),
)
paths = st.builds(
    lambda steps, lost: path_of(steps, lost=lost), st.lists(some_runs, max_size=6), st.booleans()
)
calls_of_one = st.lists(paths, max_size=4)


@settings(max_examples=60)
@given(calls_of_one, calls_of_one)
def test_what_a_call_added_is_taken_away_again(stay, go):
    expected, flow = CallFlow(), CallFlow()
    for path in stay:
        expected.add(path)
    for path in [*stay, *go]:
        flow.add(path)
    for path in go:
        flow.add(path, -1)
    assert sums(flow) == sums(expected)


@settings(max_examples=60)
@given(calls_of_one, calls_of_one)
def test_merged_flows_are_the_flow_of_all_calls(some, others):
    whole, one, other = CallFlow(), CallFlow(), CallFlow()
    for path in some:
        one.add(path)
    for path in others:
        other.add(path)
    for path in [*some, *others]:
        whole.add(path)
    one.merge(other)
    assert sums(one) == sums(whole)


@settings(max_examples=60)
@given(calls_of_one)
def test_a_packed_flow_is_read_back(calls):
    flow = CallFlow()
    for path in calls:
        flow.add(path)
    clean = CallFlow.unpack(CallFlow.unpack(_storable(flow)).pack())
    assert clean.calls == flow.calls
    assert [node.executions for node in clean.nodes] == [node.executions for node in flow.nodes]
    assert clean.nodes == flow.nodes


def _storable(flow):
    """The store replaces lone surrogates before it packs names."""
    named = [tuple(text.encode("utf-8", "replace").decode() for text in m) for m in flow.places]
    flow.places = {module: place for place, module in enumerate(named)}
    return flow.pack()


@pytest.mark.parametrize(
    "text",
    [
        "", "null", "[]", "[1,[],[[]]]", '[1,[["a","b"],["a","b"]],[[],[]]]',
        '[1,[["a","b"]],[[1,0,0,0,{},{"7":1}]]]', '[1,[["a","b"]],[["many"]]]',
    ],
)  # fmt: skip
def test_a_damaged_flow_is_an_error(text):
    with pytest.raises(ValueError):  # noqa: PT011 - msgspec's own sentences
        CallFlow.unpack(text)


@pytest.mark.parametrize("text", ["x", "1 2|x", "x|1", "1|1 2 ½"])
def test_a_damaged_path_is_an_error(text):
    with pytest.raises(ValueError, match="invalid literal"):
        read_path(("menu main",), text, lost=False)


def test_a_long_call_counts_up_to_a_bound():
    flow = CallFlow()
    flow.add(path_of(runs("menu main", "prompt again") * MOST_STEPS, lost=True))
    assert sum(node.executions for node in flow.nodes) == MOST_STEPS
    assert sum(node.lost for node in flow.nodes) == 1


def test_modules_above_the_bound_are_one():
    flow = CallFlow()
    for number in range(MOST_MODULES + 20):
        flow.add(path_of(runs(f"prompt p{number}", "exit end"), lost=False))
    assert len(flow.places) == MOST_MODULES + 1
    assert flow.nodes[flow.places[OTHER]].executions == 21
    assert flow.nodes[flow.places["exit", "end"]].executions == MOST_MODULES + 20


def test_modules_that_were_cut_off_a_call_are_other():
    steps = runs("start start", "menu main", "exit end")
    flow = CallFlow()
    flow.add(read_path(("start start",), path_text(steps), lost=False))
    assert {module: flow.nodes[place].executions for module, place in flow.places.items()} == {
        ("start", "start"): 1,
        OTHER: 2,
    }


def test_names_are_cut():
    steps = (ModuleRun("t" * 500, "n" * 500, error=False, seconds=0.0),)
    assert path_of(steps).modules == (("t" * 128, "n" * 128),)


@pytest.mark.parametrize("seconds", [*range(61)])
def test_durations_up_to_a_minute_are_exact(seconds):
    assert duration_of(duration_key(seconds)) == seconds


@pytest.mark.parametrize("seconds", [61, 65, 66, 100, 1_000, 7_200, 30_000])
def test_longer_durations_are_right_within_five_per_cent(seconds):
    assert duration_of(duration_key(seconds)) == pytest.approx(seconds, rel=0.055)


def test_a_duration_without_end_is_bounded():
    assert duration_key(1e300) == duration_key(1e9)
    assert duration_key(-3) == 0


@given(st.lists(st.integers(0, 60), min_size=1))
def test_the_median_is_that_of_the_durations(durations):
    random.Random(1).shuffle(durations)
    counts = {key: durations.count(key) for key in set(durations)}
    assert median_seconds(counts.items()) == median(durations)


def test_there_is_no_median_of_nothing():
    assert median_seconds(()) is None
    assert median_seconds({5: -1}.items()) is None
