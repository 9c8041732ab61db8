"""The parked calls: a lane parks them, and commands list, replay or drop them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from fuse_otel.core.model.lane import Lane
from fuse_otel.core.model.telemetry import Signal
from fuse_otel.ports import ParkedCall, ParkedCopy, ParkedQuery
from fuse_otel.store.relational.database import Connection
from fuse_otel.store.relational.queries import queries
from fuse_otel.store.relational.rows import Row, call_slice, storable, stored_id, within, word

PART_CALLS = 500  # of one transaction
_SQL = queries("control")


def park(connection: Connection, copies: Iterable[tuple[int, ParkedCopy]], now: float) -> None:
    """Each copy comes with the id of its lane."""
    connection.executemany(_SQL["park"], [_row(lane_id, copy, now) for lane_id, copy in copies])


def listed(connection: Connection, query: ParkedQuery, limit: int) -> tuple[ParkedCall, ...]:
    """Newest first, without their data."""
    rows = connection.execute(_SQL["parked"], _parameters(query) | {"limit": limit})
    return tuple(map(_parked_call, rows))


def count(connection: Connection, query: ParkedQuery) -> tuple[int, int]:
    found: tuple[int, int] = connection.execute(_SQL["parked_count"], _parameters(query)).fetchone()
    return found


def part(connection: Connection, query: ParkedQuery, max_bytes: int) -> tuple[ParkedCall, ...]:
    """The oldest with their data, up to ``max_bytes`` inflated, at least one."""
    rows = connection.execute(_SQL["parked_part"], _parameters(query) | {"limit": PART_CALLS})
    found = (one(connection, parked_id) for parked_id in within(rows.fetchall(), max_bytes))
    return tuple(call for call in found if call is not None)


def one(connection: Connection, parked_id: int) -> ParkedCall | None:
    row = connection.execute(_SQL["parked_call"], (parked_id,)).fetchone()
    return _parked_call(row) if row else None


def take(connection: Connection, ids: Sequence[int]) -> bool:
    """Whether all of them were there."""
    return all(connection.execute(_SQL["unpark"], (each,)).rowcount for each in ids)


def _parameters(query: ParkedQuery) -> dict[str, object]:
    return {
        "any": not query.ids,
        "ids": json.dumps(query.ids),
        "destination": storable(query.destination)[0],
        "signal": storable(query.signal)[0],
        "after": query.after,
        "last": query.last,
    }


def _row(lane_id: int, copy: ParkedCopy, now: float) -> Row:
    call = copy.call
    return storable(
        lane_id, stored_id(call.session_id), call.start, call.end, call.offset, call.length,
        call.items, copy.rejected, copy.code, copy.reason, now, len(copy.data), copy.data,
    )  # fmt: skip


def _parked_call(row: Row) -> ParkedCall:
    parked_id, destination, signal, *call, rejected, code, reason, parked_at, data = row
    lane = Lane(destination, word(Signal, signal))
    return ParkedCall(
        parked_id, lane, call_slice(tuple(call)), rejected, code, reason, parked_at, data
    )
