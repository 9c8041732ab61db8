"""A shipment: what one request carries. Whole bodies as they are, neighbours merged, or a part of
either after a refusal. Calls are cut out by their offsets and never encoded again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import NamedTuple

from fuse_otel.core.body import MAX_INFLATED, Body, BodyCall
from fuse_otel.core.gzip_member import deflate, inflate

SMALL = MAX_INFLATED // 4
"""Below this many bytes a body is worth merging; above, a request of its own costs less."""


class Damaged(ValueError):
    """A body's bytes are not what was stored."""

    def __init__(self, body: int) -> None:
        super().__init__(f"the stored body {body} is damaged")
        self.body = body


class Part(NamedTuple):
    """A call of a shipment: the body it comes from, that body's inflated size, its place there."""

    body: int
    body_size: int
    call: BodyCall


@dataclass(frozen=True, slots=True)
class Shipment:
    """``data`` is one gzip member of ``size`` inflated bytes: the calls of ``parts`` in their
    order, with nothing between them. ``items`` counts their spans or log records.
    """

    data: bytes
    size: int
    items: int
    parts: tuple[Part, ...]

    @property
    def single(self) -> bool:
        return len(self.parts) == 1


def neighbours(bodies: Sequence[Body]) -> Sequence[Body]:
    """The first of the bodies with those right behind it that are worth one request together."""
    sizes = [sum(call.length for call in body.calls) for body in bodies]
    count = 0
    for size, total in zip(sizes, accumulate(sizes), strict=True):
        if total > MAX_INFLATED or size > SMALL:
            break
        count += 1
    return bodies[: max(count, 1)]


def ship(bodies: Sequence[Body]) -> Shipment:
    """One shipment of what the lane still waits for in these bodies, in this order.

    A whole body alone keeps its bytes. Raises ``Damaged``.
    """
    parts = [part for body in bodies for part in _parts(body)]
    if len(bodies) == 1 and bodies[0].whole:
        return _shipment(bodies[0].data, parts)
    slices = [piece for body in bodies for piece in _slices(body)]
    return _shipment(deflate(b"".join(slices)), parts)


def unreadable(body: Body) -> Shipment:
    """The calls of a damaged body, with an empty request in place of their bytes."""
    return _shipment(deflate(b""), list(_parts(body)))


def halve(shipment: Shipment) -> tuple[Shipment, Shipment]:
    """Two shipments of about half the bytes, at least one call each. Needs two calls or more.

    Raises ``Damaged``.
    """
    inflated = _inflate(shipment.data, shipment.size, shipment.parts[0].body)
    ends = list(accumulate(part.call.length for part in shipment.parts))
    middle = min(range(1, len(ends)), key=lambda count: abs(2 * ends[count - 1] - shipment.size))
    cut = ends[middle - 1]
    return (
        _shipment(deflate(inflated[:cut]), shipment.parts[:middle]),
        _shipment(deflate(inflated[cut:]), shipment.parts[middle:]),
    )


def singles(shipment: Shipment) -> Iterator[Shipment]:
    """Every call as a shipment of its own. Raises ``Damaged``."""
    if shipment.single:
        yield shipment
        return
    inflated = _inflate(shipment.data, shipment.size, shipment.parts[0].body)
    start = 0
    for part in shipment.parts:
        end = start + part.call.length
        yield _shipment(deflate(inflated[start:end]), (part,))
        start = end


def _parts(body: Body) -> Iterator[Part]:
    calls = sorted(body.calls, key=lambda call: call.offset)
    return (Part(body.id, body.size, call) for call in calls)


def _slices(body: Body) -> Iterator[bytes]:
    inflated = _inflate(body.data, body.size, body.id)
    for part in _parts(body):
        yield inflated[part.call.offset : part.call.offset + part.call.length]


def _shipment(data: bytes, parts: Sequence[Part]) -> Shipment:
    calls = [part.call for part in parts]
    size = sum(call.length for call in calls)
    return Shipment(data, size, sum(call.items for call in calls), tuple(parts))


def _inflate(data: bytes, size: int, body: int) -> bytes:
    """``size`` bytes, or the fault is told with the body it lies in."""
    try:
        inflated = inflate(data, max(size, 1))
    except ValueError as error:
        raise Damaged(body) from error
    if len(inflated) != size:
        raise Damaged(body)
    return inflated
