"""The calls of a body as one JSON text: thousands of calls are stored in one row."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

import msgspec

from fuse_otel.core.batching.batch import CallSlice
from fuse_otel.errors import Corrupt

_CALLS = msgspec.json.Decoder(tuple[tuple[str, int | None, int | None, int, int, int], ...])
_OFFSETS = msgspec.json.Decoder(frozenset[int])


def pack_calls(calls: Sequence[CallSlice]) -> str:
    rows = [(c.session_id, c.start, c.end, c.offset, c.length, c.items) for c in calls]
    return msgspec.json.encode(rows).decode()


def pack_offsets(offsets: Collection[int]) -> str:
    return msgspec.json.encode(sorted(offsets)).decode()


def unpack_calls(calls: str, remaining: str | None) -> tuple[CallSlice, ...]:
    """The calls whose offsets remain; ``None`` stands for all. Raises ``Corrupt``."""
    try:
        every = [CallSlice(*row) for row in _CALLS.decode(calls)]
        left = None if remaining is None else _OFFSETS.decode(remaining)
    except msgspec.MsgspecError as error:
        raise Corrupt("The store is damaged: a body's calls cannot be read.") from error
    return tuple(call for call in every if left is None or call.offset in left)


def ends(calls: Iterable[CallSlice], at: int) -> tuple[int, int]:
    """The oldest and the newest end. A call whose times are unknown was over ``at`` that time."""
    known = [_end(call, at) for call in calls]
    return min(known), max(known)


def _end(call: CallSlice, at: int) -> int:
    if call.end is not None:
        return call.end
    return at if call.start is None else call.start
