"""A shipment: what one request carries. Whole bodies as they are, neighbours merged, or a part of
either after a refusal. Calls are cut out by their offsets and never encoded again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import NamedTuple

from fuse_otel.core.batching.batch import MAX_INFLATED, CallSlice, StoredBatch
from fuse_otel.core.batching.gzip_member import deflate, inflate

SMALL = MAX_INFLATED // 4
"""Below this many bytes a body is worth merging; above, a request of its own costs less."""


class BatchDamaged(ValueError):
    """A body's bytes are not what was stored."""

    def __init__(self, body: int) -> None:
        super().__init__(f"the stored body {body} is damaged")
        self.body = body


class Part(NamedTuple):
    """A call of a shipment: the body it comes from, that body's inflated size, its place there."""

    body: int
    body_size: int
    call: CallSlice


@dataclass(frozen=True, slots=True)
class ExportRequest:
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


def neighbours(bodies: Sequence[StoredBatch]) -> Sequence[StoredBatch]:
    """The first of the bodies with those right behind it that are worth one request together."""
    sizes = [sum(call.length for call in body.calls) for body in bodies]
    count = 0
    for size, total in zip(sizes, accumulate(sizes), strict=True):
        if total > MAX_INFLATED or size > SMALL:
            break
        count += 1
    return bodies[: max(count, 1)]


def ship(bodies: Sequence[StoredBatch]) -> ExportRequest:
    """One shipment of what the lane still waits for in these bodies, in this order.

    A whole body alone keeps its bytes, looked over all the same: what a back end cannot read it may
    refuse in any words, or without end. Raises ``BatchDamaged``.
    """
    parts = [part for body in bodies for part in _parts(body)]
    if len(bodies) == 1 and bodies[0].whole:
        _inflate(bodies[0])
        return _shipment(bodies[0].data, parts)
    slices = [piece for body in bodies for piece in _slices(body)]
    return _shipment(deflate(b"".join(slices)), parts)


def halve(shipment: ExportRequest) -> tuple[ExportRequest, ExportRequest]:
    """Two shipments of about half the bytes, at least one call each. Needs two calls or more."""
    inflated = inflate(shipment.data)
    ends = list(accumulate(part.call.length for part in shipment.parts))
    middle = min(range(1, len(ends)), key=lambda count: abs(2 * ends[count - 1] - shipment.size))
    cut = ends[middle - 1]
    return (
        _shipment(deflate(inflated[:cut]), shipment.parts[:middle]),
        _shipment(deflate(inflated[cut:]), shipment.parts[middle:]),
    )


def singles(shipment: ExportRequest) -> Iterator[ExportRequest]:
    """Every call as a shipment of its own."""
    if shipment.single:
        yield shipment
        return
    inflated = inflate(shipment.data)
    start = 0
    for part in shipment.parts:
        end = start + part.call.length
        yield _shipment(deflate(inflated[start:end]), (part,))
        start = end


def _parts(body: StoredBatch) -> Iterator[Part]:
    calls = sorted(body.calls, key=lambda call: call.offset)
    return (Part(body.id, body.size, call) for call in calls)


def _slices(body: StoredBatch) -> Iterator[bytes]:
    inflated = _inflate(body)
    for part in _parts(body):
        yield inflated[part.call.offset : part.call.offset + part.call.length]


def _shipment(data: bytes, parts: Sequence[Part]) -> ExportRequest:
    calls = [part.call for part in parts]
    size = sum(call.length for call in calls)
    return ExportRequest(data, size, sum(call.items for call in calls), tuple(parts))


def _inflate(body: StoredBatch) -> bytes:
    try:
        inflated = inflate(body.data, max(body.size, 1))
    except ValueError as error:
        raise BatchDamaged(body.id) from error
    if len(inflated) != body.size:
        raise BatchDamaged(body.id)
    return inflated
