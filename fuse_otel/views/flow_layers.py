"""The layers of a drawn call flow: loops broken, each module below those that lead to it, and the
order in each layer chosen so that few steps cross.

These are the first three of the four parts of a layered drawing (Sugiyama, Tagawa and Toda, 1981);
``flow_layout`` is the fourth. A step over several layers is a chain of passages, so that it is
drawn around the modules between.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from graphlib import TopologicalSorter
from itertools import pairwise
from typing import NamedTuple

from msgspec import Struct

Edge = tuple[str, str]
_SWEEPS = 12
_WORK = 100_000  # links that the sweeps of one part follow together
_STRAIGHT = 4  # how much more a passage wants to be straight than a step between modules


class Passage(NamedTuple):
    """A place of a step in a layer that it passes."""

    edge: Edge
    layer: int


Place = str | Passage
"""A module, or a passage."""
Near = dict[Place, list[tuple[Place, float]]]


class Links(NamedTuple):
    """Each place's neighbours in the layer above and below, with how near they should be."""

    up: Near
    down: Near


class Layers(Struct, frozen=True):
    """``places``: each layer from left to right. ``layer_of``: that of each module. ``chains``: the
    places from the upper module of each step to the lower one. ``back``: the steps that lead
    upwards, as the end of a loop does; their chains are those of the opposite steps.
    """

    places: Sequence[Sequence[Place]]
    layer_of: Mapping[str, int]
    chains: Mapping[Edge, Sequence[Place]]
    back: set[Edge]
    links: Links


def in_layers(names: Sequence[str], weights: Mapping[Edge, int]) -> Layers:
    """``weights``: how often each step was made. Steps from a module to itself are left out."""
    forward, back = _without_loops(names, weights)
    layer_of = _layers(names, forward)
    chains = {edge: _chain(edge, layer_of) for edge in forward}
    links = _links(chains, forward)
    places = _places(layer_of, chains)
    _order(places, links)
    return Layers(places, layer_of, chains, back, links)


def _without_loops(
    names: Sequence[str], weights: Mapping[Edge, int]
) -> tuple[dict[Edge, int], set[Edge]]:
    """The steps, those that close a loop turned round, and the turned ones as they were."""
    following: dict[str, list[str]] = defaultdict(list)
    balance = dict.fromkeys(names, 0)
    for source, target in sorted(weights, key=lambda edge: -weights[edge]):
        if source != target:
            following[source].append(target)
            balance[source] += weights[source, target]
            balance[target] -= weights[source, target]
    # A call begins where more steps leave than arrive.
    back = _closing(sorted(names, key=lambda name: -balance[name]), following)
    forward: dict[Edge, int] = defaultdict(int)
    for (source, target), weight in weights.items():
        if source != target:
            turned = (source, target) in back
            forward[(target, source) if turned else (source, target)] += weight
    return forward, back


def _closing(names: Sequence[str], following: Mapping[str, Sequence[str]]) -> set[Edge]:
    """The steps that lead back to a module on the way to them, the usual way walked first."""
    found: set[Edge] = set()
    done: set[str] = set()
    for first in names:
        if first in done:
            continue
        way: dict[str, Iterator[str]] = {first: iter(following.get(first, ()))}
        while way:
            here = next(reversed(way))
            ahead = next(way[here], None)
            if ahead is None:
                done.add(here)
                del way[here]
            elif ahead in way:
                found.add((here, ahead))
            elif ahead not in done:
                way[ahead] = iter(following.get(ahead, ()))
    return found


def _layers(names: Sequence[str], forward: Iterable[Edge]) -> dict[str, int]:
    """Below all modules that lead to it."""
    before: dict[str, list[str]] = {name: [] for name in names}
    for source, target in forward:
        before[target].append(source)
    layer_of = dict.fromkeys(names, 0)
    for name in TopologicalSorter(before).static_order():
        layer_of[name] = max((layer_of[each] + 1 for each in before[name]), default=0)
    return layer_of


def _chain(edge: Edge, layer_of: Mapping[str, int]) -> list[Place]:
    source, target = edge
    between = range(layer_of[source] + 1, layer_of[target])
    return [source, *(Passage(edge, layer) for layer in between), target]


def _links(chains: Mapping[Edge, Sequence[Place]], weights: Mapping[Edge, int]) -> Links:
    links = Links(defaultdict(list), defaultdict(list))
    for edge, chain in chains.items():
        for upper, lower in pairwise(chain):
            passages = isinstance(upper, Passage) + isinstance(lower, Passage)
            weight: float = (1 + passages * _STRAIGHT) * (1 + weights[edge]) ** 0.5
            links.down[upper].append((lower, weight))
            links.up[lower].append((upper, weight))
    return links


def _places(
    layer_of: Mapping[str, int], chains: Mapping[Edge, Sequence[Place]]
) -> list[list[Place]]:
    layers: list[list[Place]] = [[] for _ in range(max(layer_of.values(), default=-1) + 1)]
    for name, layer in layer_of.items():
        layers[layer].append(name)
    for chain in chains.values():
        for passage in chain:
            if isinstance(passage, Passage):
                layers[passage.layer].append(passage)
    return layers


def sweeps(links: Links, most: int) -> int:
    """How many a drawing takes: fewer for a dense one, which would take seconds, and at least one
    down and one up.
    """
    count = sum(map(len, links.down.values()))
    return max(2, min(most, _WORK // max(count, 1)))


def _order(layers: list[list[Place]], links: Links) -> None:
    """Each place at the mean of its neighbours, down and up. The order that crosses least stays."""
    best, fewest = [list(layer) for layer in layers], _crossings(layers, links)
    for sweep in range(sweeps(links, _SWEEPS)):
        down = sweep % 2 == 0
        for upper, lower in pairwise(layers if down else layers[::-1]):
            _sort(lower, links.up if down else links.down, upper)
        crossings = _crossings(layers, links)
        if crossings < fewest:
            best, fewest = [list(layer) for layer in layers], crossings
    layers[:] = best


def _sort(layer: list[Place], near: Near, beside: Sequence[Place]) -> None:
    at = {place: number for number, place in enumerate(beside)}
    own = {place: number for number, place in enumerate(layer)}

    def mean(place: Place) -> float:
        known = near.get(place, ())
        total = sum(weight for _, weight in known)
        return sum(at[n] * weight for n, weight in known) / total if total else own[place]

    layer.sort(key=mean)


def _crossings(layers: Sequence[Sequence[Place]], links: Links) -> int:
    count = 0
    for upper, lower in pairwise(layers):
        at = {place: number for number, place in enumerate(lower)}
        seen: list[int] = []
        for place in upper:
            ends = sorted(at[target] for target, _ in links.down.get(place, ()))
            count += sum(len(seen) - bisect_right(seen, end) for end in ends)
            for end in ends:
                insort(seen, end)
    return count
