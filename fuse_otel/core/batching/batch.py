"""A batch: rendered calls of one rendering as one gzip member, with the place of each call in it.

Batches are what the store keeps and what an export request is made of.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from zlib import crc32

from fuse_otel.core.batching.gzip_member import deflate
from fuse_otel.core.encoding.renderer import RenderedCall
from fuse_otel.core.model.lane import Rendering
from fuse_otel.core.model.telemetry import Signal

# Bytes of a request before compression. Servers of gRPC refuse more than 4 MiB.
MAX_INFLATED = 2_500_000


@dataclass(frozen=True, slots=True)
class CallSlice:
    """A call inside a batch. ``offset`` and ``length`` count inflated bytes; ``items`` counts
    spans or log records; ``start`` and ``end`` are the call's, UNIX seconds.
    """

    session_id: str
    start: int | None
    end: int | None
    offset: int
    length: int
    items: int


@dataclass(frozen=True, slots=True)
class Batch:
    """``data`` is one gzip member (mtime 0) of ``size`` inflated bytes: an OTLP export request."""

    rendering: Rendering
    data: bytes
    size: int
    calls: tuple[CallSlice, ...]


@dataclass(frozen=True, slots=True)
class StoredBatch:
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
