"""The layered drawing of a call flow: what must hold for every graph."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fuse_otel.views import flow_layers
from fuse_otel.views.flow_layers import Links, Passage, in_layers, sweeps
from fuse_otel.views.flow_layout import Sizes, lay_out

SIZES = Sizes()
HEIGHT = 66.0
names = st.integers(0, 11).map("module {}".format)
graphs = st.dictionaries(st.tuples(names, names), st.integers(0, 1_000), max_size=30)


def modules_of(graph):
    return list(dict.fromkeys(name for edge in graph for name in edge))


def drawn(graph):
    return lay_out(dict.fromkeys(modules_of(graph), HEIGHT), graph, SIZES)


def test_a_chain_is_a_column():
    layout = drawn({("a", "b"): 9, ("b", "c"): 9})
    (a, b, c) = (layout.places[name] for name in "abc")
    assert a.x == b.x == c.x
    assert a.y < b.y < c.y
    assert not any(line.back for line in layout.lines)


def test_the_rarer_way_of_a_loop_leads_back():
    layout = drawn({("start", "menu"): 9, ("menu", "hours"): 5, ("hours", "menu"): 4})
    assert {line.edge for line in layout.lines if line.back} == {("hours", "menu")}
    assert layout.places["menu"].y < layout.places["hours"].y


def test_a_step_over_a_layer_passes_beside_the_modules():
    layout = drawn({("a", "b"): 9, ("b", "c"): 9, ("a", "c"): 1})
    (line,) = (line for line in layout.lines if line.edge == ("a", "c"))
    beside = layout.places["b"]
    passing = line.points[1:-1]
    assert passing
    assert all(not beside.x <= point.x <= beside.x + SIZES.width for point in passing)


def test_two_ways_that_do_not_meet_do_not_cross():
    graph = {("a", "l1"): 5, ("a", "r1"): 5, ("l1", "l2"): 5, ("r1", "r2"): 5, ("l2", "l3"): 5}
    places = drawn(graph).places
    sides = {places[f"l{n}"].x < places[f"r{n}"].x for n in (1, 2)}
    assert len(sides) == 1


def test_a_module_without_steps_and_a_step_to_itself_are_drawn_and_left_out():
    layout = lay_out({"alone": HEIGHT}, {("alone", "alone"): 3}, SIZES)
    assert list(layout.places) == ["alone"]
    assert layout.lines == []


def test_nothing_is_drawn_of_nothing():
    layout = lay_out({}, {}, SIZES)
    assert (layout.places, layout.lines) == ({}, [])


def test_a_layer_is_as_high_as_its_highest_module():
    layout = lay_out({"a": 66, "b": 66, "c": 98}, {("a", "b"): 1, ("a", "c"): 1}, SIZES)
    assert layout.heights == {"a": 66, "b": 98, "c": 98}


@pytest.mark.parametrize(
    ("links", "expected"), [(0, 12), (1_000, 12), (20_000, 5), (40_000, 2), (1_000_000, 2)]
)
def test_a_dense_flow_takes_fewer_sweeps(links, expected):
    assert sweeps(Links({}, {"a": [("b", 1.0)] * links}), 12) == expected


def test_the_order_keeps_to_the_bound_of_its_work(monkeypatch):
    counted = []
    count = flow_layers._crossings
    monkeypatch.setattr(
        flow_layers, "_crossings", lambda *given: counted.append(given) or count(*given)
    )
    graph = {("a", "b"): 9, ("b", "c"): 9, ("a", "c"): 1}
    for bound, sweeps_made in ((4 * 3, 3), (0, 2), (1_000, 12)):
        monkeypatch.setattr(flow_layers, "_WORK", bound)
        in_layers(modules_of(graph), graph)
        assert len(counted) == 1 + sweeps_made
        counted.clear()


@settings(max_examples=40)
@given(graphs)
def test_no_two_modules_overlap_and_all_lie_inside(graph):
    layout = drawn(graph)
    boxes = [(p.x, p.y, p.x + SIZES.width, p.y + HEIGHT) for p in layout.places.values()]
    for left, top, right, bottom in boxes:
        assert 0 <= left < right <= layout.width
        assert 0 <= top < bottom <= layout.height
    for number, one in enumerate(boxes):
        for other in boxes[:number]:
            assert (
                one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]
            )


@settings(max_examples=40)
@given(graphs)
def test_every_step_is_drawn_from_its_module_to_the_other(graph):
    layout = drawn(graph)
    assert sorted(line.edge for line in layout.lines) == sorted(e for e in graph if e[0] != e[1])
    for line in layout.lines:
        source, target = (layout.places[name] for name in line.edge)
        first, last = line.points[0], line.points[-1]
        assert source.x <= first.x <= source.x + SIZES.width
        assert target.x <= last.x <= target.x + SIZES.width
        ends = (source.y, target.y + HEIGHT) if line.back else (source.y + HEIGHT, target.y)
        assert (first.y, last.y) == ends
        heights = [point.y for point in line.points]
        assert heights == sorted(heights, reverse=line.back)


@settings(max_examples=40)
@given(graphs)
def test_every_step_of_the_layers_leads_down(graph):
    layers = in_layers(modules_of(graph), graph)
    for (source, target), chain in layers.chains.items():
        assert layers.layer_of[source] < layers.layer_of[target]
        assert [passage.layer for passage in chain if isinstance(passage, Passage)] == [
            *range(layers.layer_of[source] + 1, layers.layer_of[target])
        ]
        assert len(chain) == len(set(chain))
        assert all(upper != lower for upper, lower in pairwise(chain))


@settings(max_examples=40)
@given(graphs)
def test_the_same_flow_is_drawn_the_same(graph):
    assert drawn(graph) == drawn(graph)
