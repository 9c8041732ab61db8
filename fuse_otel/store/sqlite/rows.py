"""Rows as the ports' values, and what more than one door reads: an account's position."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from enum import StrEnum
from hashlib import sha256
from typing import Any, TypeVar

from fuse_otel.core.model.call import Direction, ListedCall
from fuse_otel.core.model.ids import session_key
from fuse_otel.errors import Corrupt
from fuse_otel.ports import Gap, GapReason, NumberPosition, Pending, PendingReason
from fuse_otel.store.sqlite.database import queries

_SQL = queries("ledger")
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
        raise Corrupt("The store is damaged: a row holds a word that nobody wrote.") from error


def stored_id(session_id: str) -> str:
    """What stands for a session id in every table: bounded, and text that SQLite can hold."""
    try:
        session_id.encode()
    except UnicodeEncodeError:
        # Decoding replaces lone surrogates. One that came by another way must not merge two calls.
        data = session_id.encode("utf-8", "surrogatepass")
        return f"sha256:{sha256(data).hexdigest()}"
    return session_key(session_id)


def storable(*values: object) -> Row:
    """A row of values that come from a peer, as SQLite can hold them: texts of at most ``MAX_TEXT``
    characters, integers of 64 bits.

    One value that cannot be bound fails its transaction, and so every later step of its account.
    """
    return tuple(map(_storable, values))


def _storable(value: object) -> object:
    if isinstance(value, str):
        return value[:MAX_TEXT].encode("utf-8", "replace").decode()
    if isinstance(value, int):
        return max(-_MOST, min(_MOST, value))
    return value


def account_row(connection: sqlite3.Connection, account: str) -> tuple[int, int] | None:
    """An account's row id and epoch, ``None`` if it was never leased."""
    found: tuple[int, int] | None = connection.execute(
        _SQL["account"], {"account": account}
    ).fetchone()
    return found


def numbers(connection: sqlite3.Connection, account: int) -> Mapping[str, NumberPosition]:
    rows = connection.execute(_SQL["positions"], {"account": account})
    return {number: NumberPosition(cursor, floor) for number, cursor, floor in rows}


def gaps(connection: sqlite3.Connection, account: int) -> tuple[Gap, ...]:
    """Oldest first."""
    rows = connection.execute(_SQL["gaps"], {"account": account})
    return tuple(
        Gap(number, start, stop, word(GapReason, reason), bool(again), gap_id, job)
        for number, start, stop, reason, again, gap_id, job in rows
    )


def waiting(connection: sqlite3.Connection, account: int) -> tuple[int, int | None]:
    """How many calls are pending and not exported, and the oldest of their ends."""
    row: tuple[int, int | None] = connection.execute(
        _SQL["waiting"], {"account": account}
    ).fetchone()
    return row


def waiting_for(connection: sqlite3.Connection, account: int) -> Mapping[PendingReason, int]:
    """The calls that are pending and not exported, by reason."""
    rows = connection.execute(_SQL["waiting_for"], {"account": account})
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
