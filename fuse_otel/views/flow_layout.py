"""Where the modules and steps of a call flow are drawn: in layers from top to bottom, each module
as straight below its neighbours as the others leave room for.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from msgspec import Struct

from fuse_otel.views.flow_layers import Edge, Layers, Passage, Place, in_layers, sweeps

_SWEEPS = 16
_BESIDE = 5.0  # between the two lines of steps that lead to and fro
_PORTS = 0.7  # of a module's width, where its steps begin and end
_APART = 34.0  # between two of them, at most


class Point(NamedTuple):
    x: float
    y: float


class Sizes(Struct, frozen=True):
    """In pixels. ``passage``: the width of a step that passes modules."""

    width: float = 196
    gap: float = 28
    passage: float = 14
    between: float = 58
    margin: float = 16


class _Row(NamedTuple):
    """Of a layer."""

    top: float
    bottom: float


class StepLine(Struct, frozen=True):
    """A step as it is drawn. ``points``: from the edge of its module to the edge of the other one,
    and where it enters and leaves each layer between. ``back``: it leads upwards.
    """

    edge: Edge
    points: tuple[Point, ...]
    back: bool


class Layout(Struct, frozen=True):
    """``places``: the upper left corner of each module, ``heights`` its height."""

    width: float
    height: float
    places: Mapping[str, Point]
    heights: Mapping[str, float]
    lines: Sequence[StepLine]


def lay_out(heights: Mapping[str, float], weights: Mapping[Edge, int], sizes: Sizes) -> Layout:
    """``heights``: what each module needs at least; all of a layer become equally high.
    ``weights``: how often each step was made. Steps from a module to itself are left out.
    """
    layers = in_layers([*heights], weights)
    rows = _rows(layers, heights, sizes)
    centers = _from_the_edge(_centers(layers, sizes), weights, sizes)
    right = max((at + _width(place, sizes) / 2 for place, at in centers.items()), default=0)
    half = sizes.width / 2
    return Layout(
        width=right + sizes.margin,
        height=(rows[-1].bottom if rows else 0) + sizes.margin,
        places={
            name: Point(centers[name] - half, rows[layer].top)
            for name, layer in layers.layer_of.items()
        },
        heights={
            name: rows[layer].bottom - rows[layer].top for name, layer in layers.layer_of.items()
        },
        lines=_lines(layers, rows, [*weights], centers, sizes),
    )


def _rows(layers: Layers, heights: Mapping[str, float], sizes: Sizes) -> list[_Row]:
    rows: list[_Row] = []
    for layer in layers.places:
        top = rows[-1].bottom + sizes.between if rows else sizes.margin
        rows.append(_Row(top, top + max(heights.get(str(place), 0) for place in layer)))
    return rows


def _centers(layers: Layers, sizes: Sizes) -> dict[Place, float]:
    centers: dict[Place, float] = {}
    for layer in layers.places:
        centers.update(zip(layer, _apart([0.0] * len(layer), layer, sizes), strict=True))
    for sweep in range(sweeps(layers.links, _SWEEPS)):
        down = sweep % 2 == 0
        for layer in layers.places if down else reversed(layers.places):
            wanted = [_wanted(place, layers, centers, down=down) for place in layer]
            centers.update(zip(layer, _apart(wanted, layer, sizes), strict=True))
    return centers


def _wanted(place: Place, layers: Layers, centers: Mapping[Place, float], *, down: bool) -> float:
    """The mean of the neighbours on both sides; those that are placed already count more."""
    near = [
        (centers[other], weight * factor)
        for side, factor in (
            (layers.links.up, 2 if down else 1),
            (layers.links.down, 1 if down else 2),
        )
        for other, weight in side.get(place, ())
    ]
    total = sum(weight for _, weight in near)
    return sum(at * weight for at, weight in near) / total if total else centers[place]


def _apart(wanted: Sequence[float], layer: Sequence[Place], sizes: Sizes) -> list[float]:
    """The places nearest to the wanted ones (least squares) that leave room for each: neighbours
    that want to be nearer share a block, which lies at the mean of what they want.
    """
    offsets, at = [], 0.0
    for number, place in enumerate(layer):
        if number:
            at += (_width(layer[number - 1], sizes) + _width(place, sizes)) / 2 + sizes.gap
        offsets.append(at)
    blocks: list[tuple[float, int]] = []
    for want, offset in zip(wanted, offsets, strict=True):
        total, count = want - offset, 1
        while blocks and blocks[-1][0] / blocks[-1][1] > total / count:
            before = blocks.pop()
            total, count = total + before[0], count + before[1]
        blocks.append((total, count))
    means = [total / count for total, count in blocks for _ in range(count)]
    return [mean + offset for mean, offset in zip(means, offsets, strict=True)]


def _width(place: Place, sizes: Sizes) -> float:
    return sizes.passage if isinstance(place, Passage) else sizes.width


def _from_the_edge(
    centers: Mapping[Place, float], weights: Mapping[Edge, int], sizes: Sizes
) -> dict[Place, float]:
    """The usual way on the left, where a narrow screen begins."""
    if not centers:
        return {}
    left = min(at - _width(place, sizes) / 2 for place, at in centers.items())
    right = max(at + _width(place, sizes) / 2 for place, at in centers.items())
    usual = sum(weights[edge] * (centers[edge[0]] + centers[edge[1]]) for edge in weights)
    turned = usual > sum(weights.values()) * (left + right)
    return {
        place: sizes.margin + (right - at if turned else at - left) for place, at in centers.items()
    }


def _lines(
    layers: Layers,
    rows: Sequence[_Row],
    edges: Sequence[Edge],
    centers: Mapping[Place, float],
    sizes: Sizes,
) -> list[StepLine]:
    drawn: list[tuple[Edge, Sequence[Place]]] = []
    for edge in edges:
        chain = layers.chains.get(edge[::-1] if edge in layers.back else edge)
        if chain is not None:
            drawn.append((edge, chain))
    ports = _ports(drawn, centers, sizes)
    lines = []
    for edge, chain in drawn:
        back = edge in layers.back
        points = [Point(ports[edge][0], rows[_layer(chain[0], layers)].bottom)]
        for passage in chain[1:-1]:
            x = centers[passage] + (_BESIDE if back else 0)
            points += [Point(x, y) for y in rows[_layer(passage, layers)]]
        points.append(Point(ports[edge][1], rows[_layer(chain[-1], layers)].top))
        lines.append(StepLine(edge, tuple(points[::-1] if back else points), back))
    return lines


def _layer(place: Place, layers: Layers) -> int:
    return place.layer if isinstance(place, Passage) else layers.layer_of[place]


def _ports(
    drawn: Sequence[tuple[Edge, Sequence[Place]]], centers: Mapping[Place, float], sizes: Sizes
) -> dict[Edge, tuple[float, float]]:
    """Where each line leaves its upper module and enters its lower one, in the order of where it
    leads to, so that lines of one module do not cross.
    """
    ports: list[dict[Edge, float]] = []
    for end, beside in ((0, 1), (-1, -2)):
        lines: dict[Place, list[tuple[float, Edge]]] = defaultdict(list)
        for edge, chain in drawn:
            lines[chain[end]].append((centers[chain[beside]], edge))
        ports.append(
            {
                edge: x
                for place, each in lines.items()
                for edge, x in _spread(centers[place], each, sizes)
            }
        )
    return {edge: (ports[0][edge], ports[1][edge]) for edge, _ in drawn}


def _spread(
    center: float, lines: Sequence[tuple[float, Edge]], sizes: Sizes
) -> list[tuple[Edge, float]]:
    step = min(_APART, sizes.width * _PORTS / max(len(lines) - 1, 1))
    first = center - step * (len(lines) - 1) / 2
    return [(edge, first + step * number) for number, (_, edge) in enumerate(sorted(lines))]
