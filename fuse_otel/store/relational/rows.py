"""Rows as the ports' values, and what more than one interface reads: an account's position.
Also how batches are written, and how the calls of one are packed into its row.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Any, TypeVar, cast

import msgspec

from fuse_otel.core.batching.batch import Batch, CallSlice, checksum
from fuse_otel.core.model.call import Direction, ListedCall
from fuse_otel.core.model.ids import SessionKey, hashed_key, is_like_key, session_key
from fuse_otel.core.model.lane import Lane
from fuse_otel.errors import Corrupt
from fuse_otel.ports import Gap, GapReason, NumberPosition, Pending, PendingReason
from fuse_otel.store.relational.database import Connection
from fuse_otel.store.relational.queries import queries

_CALLS = msgspec.json.Decoder(tuple[tuple[str, int | None, int | None, int, int, int], ...])
_OFFSETS = msgspec.json.Decoder(frozenset[int])
_OUTBOX = queries("outbox")


def write_batches(connection: Connection, batches: Sequence[Batch], at: int) -> None:
    lanes = sorted({lane for batch in batches for lane in batch.rendering.lanes})
    ids = {lane: _lane_id(connection, lane) for lane in lanes}
    for batch in batches:
        ((stored,),) = connection.execute(
            _OUTBOX["add_batch"],
            (
                batch.rendering.id, batch.rendering.signal, batch.size, len(batch.data),
                pack_calls(batch.calls), batch.data, at, checksum(batch.data),
            ),
        ).fetchall()  # fmt: skip
        oldest, newest = ends(batch.calls, at)
        connection.executemany(
            _OUTBOX["add_delivery"],
            [
                storable(stored, ids[lane], batch.size, len(batch.calls), oldest, newest)
                for lane in batch.rendering.lanes
            ],
        )


def add_lanes(connection: Connection, lanes: Iterable[Lane]) -> None:
    # In one order everywhere: two transactions that add the same lanes wait for each other.
    connection.executemany(_OUTBOX["add_lane"], sorted(lanes))


def _lane_id(connection: Connection, lane: Lane) -> int:
    found = connection.execute(_OUTBOX["lane"], lane).fetchone()
    if found is None:
        add_lanes(connection, [lane])
        found = connection.execute(_OUTBOX["lane"], lane).fetchone()
    return cast("int", found[0])


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
        every = [call_slice(row) for row in _CALLS.decode(calls)]
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


_LEDGER = queries("ledger")
Row = tuple[Any, ...]
MAX_TEXT = 2_048
"""Characters of a text in the store, as many as an attribute has at most."""
_MOST = 2**63 - 1


_Word = TypeVar("_Word", bound=StrEnum)


def word(type_: type[_Word], value: str) -> _Word:
    """The enumeration's member. Raises ``Corrupt``: an unknown word would fail every later read."""
    try:
        return type_(value)
    except ValueError as error:
        raise Corrupt("The store is damaged: a row has an unknown value.") from error


def stored_id(session_id: str) -> str:
    """The form of a session id in every table: bounded, and text that SQLite can hold."""
    if not session_id.isascii():
        try:
            session_id.encode()
        except UnicodeEncodeError:
            # Decoding replaces lone surrogates. One that came by another way must not merge two
            # calls.
            return str(hashed_key(session_id))
    return str(session_key(session_id))


def stored_ids(text: str) -> tuple[str, ...]:
    """The possible forms of what a person or a page names a call by: its id, or its key."""
    return (text, stored_id(text)) if is_like_key(text) else (stored_id(text),)


def call_slice(row: Sequence[Any]) -> CallSlice:
    """Its id is a key already."""
    session_id, *place = row
    return CallSlice(SessionKey(session_id), *place)


def storable(*values: object) -> Row:
    """A row of values that come from a peer, as SQLite can hold them: texts of at most ``MAX_TEXT``
    characters, integers of 64 bits.

    One value that cannot be bound fails its transaction, and so every later step of its account.
    """
    # Nearly all values are as they must be, and a commit binds dozens for each call.
    return tuple([
        value
        if value is None
        or (type(value) is str and len(value) <= MAX_TEXT and value.isascii())
        or (type(value) is int and -_MOST <= value <= _MOST)
        else _storable(value)
        for value in values
    ])  # fmt: skip


def _storable(value: object) -> object:
    if isinstance(value, str):
        return value[:MAX_TEXT].encode("utf-8", "replace").decode()
    if isinstance(value, int):
        return max(-_MOST, min(_MOST, value))
    return value


def numbers(connection: Connection, account: int) -> Mapping[str, NumberPosition]:
    rows = connection.execute(_LEDGER["positions"], {"account": account})
    return {number: NumberPosition(cursor, floor) for number, cursor, floor in rows}


def gaps(connection: Connection, account: int) -> tuple[Gap, ...]:
    """Oldest first."""
    rows = connection.execute(_LEDGER["gaps"], {"account": account})
    return tuple(
        Gap(number, start, stop, word(GapReason, reason), bool(again), gap_id, job)
        for number, start, stop, reason, again, gap_id, job in rows
    )


def waiting(connection: Connection, account: int) -> tuple[int, int | None]:
    """How many calls are pending and not exported, and the oldest of their ends."""
    row: tuple[int, int | None] = connection.execute(
        _LEDGER["waiting"], {"account": account}
    ).fetchone()
    return row


def waiting_for(connection: Connection, account: int) -> Mapping[PendingReason, int]:
    """The calls that are pending and not exported, by reason."""
    rows = connection.execute(_LEDGER["waiting_for"], {"account": account})
    return {PendingReason(reason): count for reason, count in rows}


def pending(row: Row) -> Pending:
    session_id, start, end, direction, type_, logged, user, destination, *waits = row
    call = ListedCall(
        session_id, start, end, word(Direction, direction), type_, bool(logged), user, destination
    )
    number, reason, due, since = waits
    return Pending(call, number, word(PendingReason, reason), due, since)


def within(rows: Iterable[tuple[int, int]], max_bytes: int) -> list[int]:
    """The ids of the first rows, given as (id, size), that fit together; always the first row. No
    further row is read.
    """
    chosen: list[int] = []
    total = 0
    for row, size in rows:
        total += size
        if chosen and total > max_bytes:
            break
        chosen.append(row)
    return chosen
