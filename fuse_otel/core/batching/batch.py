"""Cutting rendered calls into bodies: what is stored and sent together.

A body: the calls of one rendering as one gzip member, with each call's place in it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from fuse_otel.core.batching.gzip_member import deflate
from fuse_otel.core.encoding.renderer import RenderedCall
from fuse_otel.core.model.lane import Rendering
from fuse_otel.core.model.telemetry import Signal

MAX_INFLATED = 2_500_000


@dataclass(frozen=True, slots=True)
class CallSlice:
    """A call inside a body. ``offset`` and ``length`` count inflated bytes; ``items`` counts
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
    """A stored body as one lane sees it: ``calls`` are those it has not resolved yet.

    ``whole`` tells whether these are all calls of the body, so that ``data`` can be sent as it is.
    """

    id: int
    signal: Signal
    data: bytes
    size: int
    calls: tuple[CallSlice, ...]
    whole: bool


def cut(rendering: Rendering, calls: Sequence[RenderedCall]) -> list[Batch]:
    """The bodies of one rendering, each at most ``MAX_INFLATED`` inflated bytes.

    Calls that have nothing for the rendering are left out; the others stand in the order of their
    start (unknown first), then of their session id, whatever the order they came in. A call that
    is larger than a body may be stands alone.
    """
    having = sorted(
        (call for call in calls if rendering.id in call.parts),
        key=lambda call: (call.start or 0, call.session_id),
    )
    return [_body(rendering, group) for group in _groups(rendering.id, having)]


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


def _body(rendering: Rendering, calls: Sequence[RenderedCall]) -> Batch:
    places: list[CallSlice] = []
    offset = 0
    for call in calls:
        part, items = call.parts[rendering.id]
        places.append(
            CallSlice(
                session_id=call.session_id,
                start=call.start,
                end=call.end,
                offset=offset,
                length=len(part),
                items=items,
            )
        )
        offset += len(part)
    inflated = b"".join(call.parts[rendering.id][0] for call in calls)
    return Batch(rendering, deflate(inflated), len(inflated), tuple(places))
