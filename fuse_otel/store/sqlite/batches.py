"""Stored batches: how they are written, and how the calls of one are packed into its row."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Sequence
from typing import cast

import msgspec

from fuse_otel.core.batching.batch import Batch, CallSlice
from fuse_otel.core.model.lane import Lane
from fuse_otel.errors import Corrupt
from fuse_otel.store.sqlite.database import queries
from fuse_otel.store.sqlite.rows import storable, stored_id

_CALLS = msgspec.json.Decoder(tuple[tuple[str, int | None, int | None, int, int, int], ...])
_OFFSETS = msgspec.json.Decoder(frozenset[int])
_SQL = queries("outbox")


def write_batches(connection: sqlite3.Connection, batches: Iterable[Batch], at: int) -> None:
    for batch in batches:
        stored = connection.execute(
            _SQL["add_batch"],
            (
                batch.rendering.id, batch.rendering.signal, batch.size, len(batch.data),
                pack_calls(batch.calls), batch.data,
            ),
        ).lastrowid  # fmt: skip
        oldest, newest = ends(batch.calls, at)
        connection.executemany(
            _SQL["add_delivery"],
            [
                storable(
                    stored, _lane_id(connection, lane), batch.size, len(batch.calls), oldest, newest
                )
                for lane in batch.rendering.lanes
            ],
        )


def _lane_id(connection: sqlite3.Connection, lane: Lane) -> int:
    connection.execute(_SQL["add_lane"], lane)
    return cast("int", connection.execute(_SQL["lane"], lane).fetchone()[0])


# The calls are one JSON text: a batch holds thousands, and a row each would be the slower part of
# a commit.


def pack_calls(calls: Sequence[CallSlice]) -> str:
    rows = [(stored_id(c.session_id), c.start, c.end, c.offset, c.length, c.items) for c in calls]
    return msgspec.json.encode(rows).decode()


def pack_offsets(offsets: Collection[int]) -> str:
    return msgspec.json.encode(sorted(offsets)).decode()


def unpack_calls(calls: str, remaining: str | None) -> tuple[CallSlice, ...]:
    """The calls whose offsets remain, all of them for ``None``. Raises ``Corrupt``."""
    try:
        every = [CallSlice(*row) for row in _CALLS.decode(calls)]
        left = None if remaining is None else _OFFSETS.decode(remaining)
    except msgspec.MsgspecError as error:
        raise Corrupt("The store is damaged: the calls of a batch cannot be read.") from error
    return tuple(call for call in every if left is None or call.offset in left)


def ends(calls: Iterable[CallSlice], at: int) -> tuple[int, int]:
    """The oldest and the newest end. A call without any time counts as ended ``at`` that time."""
    known = [_end(call, at) for call in calls]
    return min(known), max(known)


def _end(call: CallSlice, at: int) -> int:
    if call.end is not None:
        return call.end
    return at if call.start is None else call.start
