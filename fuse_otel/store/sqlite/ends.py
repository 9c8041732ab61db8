"""When the calls of a body ended: what orders the bodies of a lane."""

from __future__ import annotations

from collections.abc import Iterable

from fuse_otel.core.body import BodyCall


def ends(calls: Iterable[BodyCall], at: int) -> tuple[int, int]:
    """The oldest and the newest end. A call whose times are unknown was over ``at`` that time."""
    known = [_end(call, at) for call in calls]
    return min(known), max(known)


def _end(call: BodyCall, at: int) -> int:
    if call.end is not None:
        return call.end
    return at if call.start is None else call.start
