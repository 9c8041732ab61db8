"""Erase a call: its copies, the copies inside batches of many calls, and what waits for its log.

The ledger keeps the session id, marked as erased, so that the call is not read again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import msgspec

from fuse_otel.core.batching.batch import CallSlice
from fuse_otel.core.batching.gzip_member import deflate, inflate
from fuse_otel.core.model.call import ERASED
from fuse_otel.core.model.lane import Lane
from fuse_otel.core.model.telemetry import Signal
from fuse_otel.ports import Erased
from fuse_otel.store.relational.database import Connection
from fuse_otel.store.relational.outbox import narrow, read_again
from fuse_otel.store.relational.queries import queries
from fuse_otel.store.relational.rows import pack_calls, unpack_calls, word
from fuse_otel.store.relational.step import KEEP, KEEP_AHEAD

_SQL = queries("erasure")
_OUTBOX = queries("outbox")


def erase(connection: Connection, keys: Sequence[str], now: int) -> Erased:
    """``keys`` are the possible forms of the session id in the store. First ``hold_accounts``: a
    step that is being stored holds its account, and what it stores of the call is erased too.
    """
    waiting: Counter[int] = Counter()
    parked: Counter[int] = Counter()
    recent = pending = indexed = 0
    known = False
    for key in keys:
        # The accounts first: the rows that name them are deleted below.
        accounts = [row for (row,) in connection.execute(_SQL["accounts"], {"call": key})]
        held = connection.execute(_SQL["pending"], (key,)).fetchall()
        shown = connection.execute(_SQL["recent"], (key,)).fetchall()
        listed = connection.execute(_SQL["indexed"], (key,)).fetchall()
        connection.execute(_SQL["callers"], (key,))
        parked += _erase_parked(connection, key)
        waiting += _erase_from_batches(connection, key, now)
        # Again: a lane may have parked a copy while its batch was waited for.
        parked += _erase_parked(connection, key)
        ends = [end for (end,) in (*held, *shown, *listed) if end is not None]
        for account in accounts:
            _mark(connection, account, key, max(ends, default=now), now)
        recent, pending = recent + len(shown), pending + len(held)
        indexed += len(listed)
        known = known or bool(accounts)
    return Erased(
        recent,
        pending,
        _lanes(connection, waiting),
        _lanes(connection, parked),
        known,
        indexed,
    )


def _mark(connection: Connection, account: int, key: str, end: int, now: int) -> None:
    connection.execute(
        _SQL["mark"],
        {
            "account": account,
            "call": key,
            "ended": end,
            "erased": ERASED,
            "kept_until": now + KEEP + KEEP_AHEAD,
        },
    )


def _lanes(connection: Connection, counts: Counter[int]) -> dict[Lane, int]:
    found: dict[Lane, int] = {}
    for lane_id, count in counts.items():
        destination, signal = connection.execute(_SQL["lane"], (lane_id,)).fetchone()
        found[Lane(destination, word(Signal, signal))] = count
    return found


def _erase_parked(connection: Connection, key: str) -> Counter[int]:
    """How many copies were parked by each lane."""
    return Counter(lane for (lane,) in connection.execute(_SQL["parked"], (key,)).fetchall())


def _erase_from_batches(connection: Connection, key: str, now: int) -> Counter[int]:
    """How many copies waited for each lane."""
    waited: Counter[int] = Counter()
    written = msgspec.json.encode(key).decode()
    for (batch,) in connection.execute(_SQL["batches"], {"written": written}).fetchall():
        waited += _erase_from_batch(connection, batch, key, now)
    return waited


def _erase_from_batch(connection: Connection, batch: int, key: str, now: int) -> Counter[int]:
    """The places of the other calls stay: a request with them may be on its way."""
    waited: Counter[int] = Counter()
    # First, because it waits for whoever changes the batch at this moment.
    lanes = connection.execute(_OUTBOX["lanes_of_batch"], (batch,)).fetchall()
    row = connection.execute(_SQL["batch"], (batch,)).fetchone()
    if row is None:  # it was delivered meanwhile
        return waited
    calls, data = row
    every = unpack_calls(calls, None)
    erased = [call for call in every if call.session_id == key]
    if not erased:
        return waited
    for lane, _, remaining in lanes:
        left = unpack_calls(calls, remaining)
        kept = [call for call in left if call.session_id != key]
        waited[lane] += len(left) - len(kept)
        if kept:
            narrow(connection, batch, lane, kept, now)
        else:
            connection.execute(_OUTBOX["delivered"], (batch, lane))
    rest = [call for call in every if call.session_id != key]
    blank = _blanked(data, erased)
    new = {"batch": batch, "calls": pack_calls(rest), "data": data if blank is None else blank}
    connection.execute(_SQL["rewrite"], new)
    if blank is None:
        read_again(connection, batch, now)
    connection.execute(_OUTBOX["drop_batch"], {"batch": batch})
    return waited


def _blanked(data: bytes, erased: Sequence[CallSlice]) -> bytes | None:
    """The batch with zeros in place of these calls; ``None`` if its bytes are damaged."""
    try:
        content = bytearray(inflate(data))
    except ValueError:
        return None
    for call in erased:
        content[call.offset : call.offset + call.length] = bytes(call.length)
    return deflate(bytes(content))
