"""Cutting rendered calls into bodies: what is stored and sent together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fuse_otel.core.body import MAX_INFLATED, BodyCall, NewBody
from fuse_otel.core.gzip_member import deflate
from fuse_otel.core.lane import Rendering
from fuse_otel.core.rendering import RenderedCall


def cut(rendering: Rendering, calls: Sequence[RenderedCall]) -> list[NewBody]:
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


def _body(rendering: Rendering, calls: Sequence[RenderedCall]) -> NewBody:
    places: list[BodyCall] = []
    offset = 0
    for call in calls:
        part, items = call.parts[rendering.id]
        places.append(
            BodyCall(
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
    return NewBody(rendering, deflate(inflated), len(inflated), tuple(places))
