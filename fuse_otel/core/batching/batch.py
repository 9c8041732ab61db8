"""A batch: rendered calls of one rendering as one gzip member, with the place of each call in it.

Batches are what the store keeps. An export request is made of them: a stored batch as it is, small
batches merged, or a part of either after a failure. Calls are cut out by their offsets and never
encoded again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import NamedTuple
from zlib import crc32

from msgspec import Struct

from fuse_otel.core.batching.gzip_member import deflate, inflate, noted_size
from fuse_otel.core.encoding.renderer import RenderedCall
from fuse_otel.core.model.lane import Rendering
from fuse_otel.core.model.telemetry import Signal

# Bytes of a request before compression. Servers of gRPC refuse more than 4 MiB.
MAX_INFLATED = 2_500_000


class CallSlice(Struct, frozen=True):
    """A call inside a batch. ``offset`` and ``length`` count inflated bytes; ``items`` counts
    spans or log records; ``start`` and ``end`` are the call's, UNIX seconds.
    """

    session_id: str
    start: int | None
    end: int | None
    offset: int
    length: int
    items: int


class Batch(Struct, frozen=True):
    """``data`` is one gzip member (mtime 0) of ``size`` inflated bytes: an OTLP export request."""

    rendering: Rendering
    data: bytes
    size: int
    calls: tuple[CallSlice, ...]


class StoredBatch(Struct, frozen=True):
    """A batch as one lane sees it: ``calls`` are those that the lane has not acknowledged yet.
    ``stored_at`` is in UNIX seconds, 0 if it is unknown. ``checksum`` is that of the bytes that
    were stored, ``None`` if it is unknown.

    ``whole``: these are all calls of the batch, so ``data`` can be sent as it is.
    """

    id: int
    signal: Signal
    data: bytes
    size: int
    calls: tuple[CallSlice, ...]
    whole: bool
    stored_at: int = 0
    checksum: int | None = None


def checksum(data: bytes) -> int:
    """The CRC-32 of a batch's compressed bytes."""
    return crc32(data)


def cut(rendering: Rendering, calls: Sequence[RenderedCall]) -> list[Batch]:
    """The batches of one rendering, each at most ``MAX_INFLATED`` inflated bytes.

    Calls that have nothing for the rendering are left out. The others are sorted by start (unknown
    first), then session id, so that the order of arrival changes no byte. A call that is larger
    than a batch may be gets a batch of its own.
    """
    present = sorted(
        (call for call in calls if rendering.id in call.parts),
        key=lambda call: (call.start or 0, call.session_id),
    )
    return [_batch(rendering, group) for group in _groups(rendering.id, present)]


def _groups(rendering_id: str, calls: Sequence[RenderedCall]) -> Iterator[list[RenderedCall]]:
    group: list[RenderedCall] = []
    size = 0
    for call in calls:
        length = len(call.parts[rendering_id][0])
        if group and size + length > MAX_INFLATED:
            yield group
            group, size = [], 0
        group.append(call)
        size += length
    if group:
        yield group


def _batch(rendering: Rendering, calls: Sequence[RenderedCall]) -> Batch:
    slices: list[CallSlice] = []
    offset = 0
    for call in calls:
        part, items = call.parts[rendering.id]
        slices.append(CallSlice(call.session_id, call.start, call.end, offset, len(part), items))
        offset += len(part)
    inflated = b"".join(call.parts[rendering.id][0] for call in calls)
    return Batch(rendering, deflate(inflated), len(inflated), tuple(slices))


SMALL = MAX_INFLATED // 4
"""Up to so many bytes a batch is worth merging; a larger one costs less as a request of its own."""


class BatchDamaged(ValueError):
    """A batch's bytes are not what was stored."""

    def __init__(self, batch_id: int) -> None:
        super().__init__(f"the stored batch {batch_id} is damaged")
        self.batch_id = batch_id


class Part(NamedTuple):
    """A call of a request: the batch it comes from, that batch's inflated size, its place there,
    and when the batch was stored.
    """

    batch_id: int
    batch_size: int
    call: CallSlice
    stored_at: int = 0


class ExportRequest(Struct, frozen=True):
    """``data`` is one gzip member of ``size`` inflated bytes: the calls of ``parts`` in their
    order, with nothing between them. ``items`` counts their spans or log records.
    """

    data: bytes
    size: int
    items: int
    parts: tuple[Part, ...]

    @property
    def single(self) -> bool:
        """Whether it carries one call."""
        return len(self.parts) == 1


def mergeable(batches: Sequence[StoredBatch]) -> Sequence[StoredBatch]:
    """The first batch with those right behind it that are worth one request together."""
    sizes = [sum(call.length for call in batch.calls) for batch in batches]
    count = 0
    for size, total in zip(sizes, accumulate(sizes), strict=True):
        if total > MAX_INFLATED or size > SMALL:
            break
        count += 1
    return batches[: max(count, 1)]


def request_of(batches: Sequence[StoredBatch]) -> ExportRequest:
    """One request with the calls of these batches that the lane still waits for, in this order.

    A whole batch alone keeps its bytes. They are checked all the same: a back end may answer
    damaged bytes with any words, or never. Raises ``BatchDamaged``.
    """
    parts = [part for batch in batches for part in _parts(batch)]
    if len(batches) == 1 and batches[0].whole:
        _check(batches[0])
        return _request(batches[0].data, parts)
    # One member, not several in a row: some servers read only the first.
    return _request(deflate(b"".join(each for batch in batches for each in _slices(batch))), parts)


def halve(request: ExportRequest) -> tuple[ExportRequest, ExportRequest]:
    """Two requests of about half the bytes, at least one call each. Needs two calls or more."""
    inflated = inflate(request.data)
    ends = list(accumulate(part.call.length for part in request.parts))
    middle = min(range(1, len(ends)), key=lambda count: abs(2 * ends[count - 1] - request.size))
    cut = ends[middle - 1]
    return (
        _request(deflate(inflated[:cut]), request.parts[:middle]),
        _request(deflate(inflated[cut:]), request.parts[middle:]),
    )


def singles(request: ExportRequest) -> Iterator[ExportRequest]:
    """Every call as a request of its own."""
    if request.single:
        yield request
        return
    inflated = inflate(request.data)
    start = 0
    for part in request.parts:
        end = start + part.call.length
        yield _request(deflate(inflated[start:end]), (part,))
        start = end


def _parts(batch: StoredBatch) -> Iterator[Part]:
    calls = sorted(batch.calls, key=lambda call: call.offset)
    return (Part(batch.id, batch.size, call, batch.stored_at) for call in calls)


def _slices(batch: StoredBatch) -> Iterator[bytes]:
    inflated = _inflate(batch)
    for part in _parts(batch):
        yield inflated[part.call.offset : part.call.offset + part.call.length]


def _request(data: bytes, parts: Sequence[Part]) -> ExportRequest:
    calls = [part.call for part in parts]
    size = sum(call.length for call in calls)
    return ExportRequest(data, size, sum(call.items for call in calls), tuple(parts))


def _check(batch: StoredBatch) -> None:
    """The checksum takes a tenth of the time of inflating. It only ever proves that a batch is
    intact: whether one is damaged, its bytes show, because the checksum may be damaged itself.
    """
    known = batch.checksum is not None and noted_size(batch.data) == batch.size
    if not known or checksum(batch.data) != batch.checksum:
        _inflate(batch)


def _inflate(batch: StoredBatch) -> bytes:
    try:
        inflated = inflate(batch.data, max(batch.size, 1))
    except ValueError as error:
        raise BatchDamaged(batch.id) from error
    if len(inflated) != batch.size:
        raise BatchDamaged(batch.id)
    return inflated
