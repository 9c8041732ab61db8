"""The shipper's interface: what is due for a lane, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any, cast

from fuse_otel.core.batching.batch import CallSlice, StoredBatch
from fuse_otel.core.batching.gzip_member import deflate
from fuse_otel.core.model.lane import LIVE, Lane
from fuse_otel.core.model.telemetry import Signal
from fuse_otel.core.timing.windows import RETENTION, around
from fuse_otel.ports import Acknowledgement, Gap, GapReason, ParkedCopy, Reread
from fuse_otel.store.relational import parked, pauses, rows
from fuse_otel.store.relational.capacity import Capacity, used_bytes
from fuse_otel.store.relational.database import Connection, Database
from fuse_otel.store.relational.queries import queries
from fuse_otel.store.relational.rows import ends, pack_offsets, unpack_calls
from fuse_otel.store.relational.step import open_gaps

_SQL = queries("outbox")


class RelationalOutbox:
    def __init__(self, database: Database, capacity: Capacity) -> None:
        self._database = database
        self._capacity = capacity

    def due(
        self, lane: Lane, now: float, max_bytes: int, live: float = LIVE
    ) -> Sequence[StoredBatch]:
        with self._database.claiming() as connection:
            lane_id = _lane_id(connection, lane)
            if lane_id is None:
                return ()
            parameters = {"lane": lane_id, "live": now - live, "owner": self._database.owner}
            # The second query starts only when the first has not filled the bytes.
            in_order = chain.from_iterable(
                connection.execute(_SQL[query], parameters) for query in ("live", "older")
            )
            chosen = self._claimed(connection, lane_id, rows.within(in_order, max_bytes))
            return tuple(_batch(connection, batch, lane_id) for batch in chosen)

    def is_paused(self, lane: Lane) -> bool:
        with self._database.read() as connection:
            return pauses.is_paused(connection, lane)

    def _claimed(
        self, connection: Connection, lane_id: int, batches: Sequence[int]
    ) -> Sequence[int]:
        """Those of the batches that this process may send, in their order."""
        del connection, lane_id
        return batches

    def resolve(self, lane: Lane, acknowledgements: Sequence[Acknowledgement], now: float) -> None:
        with self._database.write() as connection:
            lane_id = _lane_id(connection, lane)
            if lane_id is None:
                return
            me = {"lane": lane_id, "owner": self._database.owner}
            # In one order everywhere: two lanes that resolve the same batches wait for each other.
            ordered = sorted(acknowledgements, key=lambda each: each.batch)
            copies = [_resolve(connection, me, each, now) for each in ordered]
            if any(copies):
                self._capacity.check_parked(connection)
            self._database.give_back(connection)
            used = used_bytes(connection)
        self._capacity.note(used)

    def open_offsets(self, lane: Lane, batch: int) -> frozenset[int]:
        with self._database.read() as connection:
            lane_id = _lane_id(connection, lane)
            row = connection.execute(_SQL["delivery"], (batch, lane_id)).fetchone()
            return frozenset(call.offset for call in unpack_calls(*row)) if row else frozenset()

    def reread(self, batch: int, now: float) -> Reread:
        with self._database.write() as connection:
            hold_accounts(connection)
            result = read_again(connection, batch, now)
            self._database.give_back(connection)
            used = used_bytes(connection)
        self._capacity.note(used)
        return result


def _lane_id(connection: Connection, lane: Lane) -> int | None:
    row = connection.execute(_SQL["lane"], lane).fetchone()
    return cast("int", row[0]) if row else None


def _batch(connection: Connection, batch: int, lane_id: int) -> StoredBatch:
    row = connection.execute(_SQL["batch"], (batch, lane_id)).fetchone()
    batch_id, word, size, calls, remaining, stored_at, checksum, data = row
    signal = rows.word(Signal, word)
    left = unpack_calls(calls, remaining)
    whole = remaining is None
    return StoredBatch(batch_id, signal, data, size, left, whole, stored_at, checksum)


def _resolve(
    connection: Connection, me: Mapping[str, Any], ack: Acknowledgement, now: float
) -> int:
    """Returns how many copies were parked. Calls that are acknowledged already are left out, so
    that a repeated acknowledgement parks nothing twice.
    """
    lane_id = me["lane"]
    row = connection.execute(_SQL["claimed_delivery"], {**me, "batch": ack.batch}).fetchone()
    if row is None:
        return 0
    left = unpack_calls(*row)
    open_offsets = {call.offset for call in left}
    resolved = open_offsets.intersection(ack.offsets)
    copies = [copy for copy in ack.parked if copy.call.offset in resolved]
    parked.park(connection, [(lane_id, copy) for copy in copies], now)
    if resolved == open_offsets:
        connection.execute(_SQL["delivered"], (ack.batch, lane_id))
        connection.execute(_SQL["drop_batch"], {"batch": ack.batch})
    elif resolved:
        rest = [call for call in left if call.offset not in resolved]
        narrow(connection, ack.batch, lane_id, rest, int(now))
    return len(copies)


def narrow(
    connection: Connection, batch: int, lane_id: int, rest: Sequence[CallSlice], now: int
) -> None:
    oldest, newest = ends(rest, now)
    connection.execute(
        _SQL["narrow"],
        {
            "batch": batch,
            "lane": lane_id,
            "calls": len(rest),
            "oldest": oldest,
            "newest": newest,
            "remaining": pack_offsets([call.offset for call in rest]),
        },
    )


# --- a damaged batch ------------------------------------------------------------------------------


def hold_accounts(connection: Connection) -> Sequence[int]:
    """Before anything else of a transaction that changes rows of several accounts. Every
    transaction locks in one order, so that no two wait for each other: accounts, batches, the
    deliveries of a batch, all other rows. Returns the accounts' ids.
    """
    return [account for (account,) in connection.execute(_SQL["every_account"]).fetchall()]


def read_again(connection: Connection, batch: int, now: float) -> Reread:
    found = connection.execute(_SQL["lanes_of_batch"], (batch,)).fetchall()
    waiting = {lane: unpack_calls(calls, remaining) for lane, calls, remaining in found}
    calls = {call.session_id: call for left in waiting.values() for call in left}
    again = _forget(connection, [call for call in calls.values() if _plum_has(call, now)])
    copies = [
        (lane, _without_bytes(call))
        for lane, left in waiting.items()
        for call in left
        if call.session_id not in again
    ]
    parked.park(connection, copies, now)
    connection.execute(_SQL["delivered_to_all"], (batch,))
    connection.execute(_SQL["drop_batch"], {"batch": batch})
    return Reread(len(again), len(calls) - len(again))


def _plum_has(call: CallSlice, now: float) -> bool:
    """Whether Plum still has the call's log."""
    over = call.start if call.end is None else call.end
    return over is not None and over > now - RETENTION


def _forget(connection: Connection, calls: Sequence[CallSlice]) -> set[str]:
    """Remove the calls from the ledger, and open gaps over their times. Returns their session ids.

    The account that knows a call reads it again. A call that no account has
    was removed before: every account looks for it.
    """
    times: dict[int, list[int]] = {}
    accounts = hold_accounts(connection)
    for call in calls:
        found = connection.execute(_SQL["accounts_of_call"], (call.session_id,)).fetchall()
        for account in [account for (account,) in found] or accounts:
            connection.execute(_SQL["forget_call"], (account, call.session_id))
            connection.execute(_SQL["forget_pending"], (account, call.session_id))
            known = (time for time in (call.start, call.end) if time is not None)
            times.setdefault(account, []).extend(known)
    for account, of in times.items():
        gaps = [
            Gap(number, window.start, window.end, GapReason.DAMAGE)
            for number in rows.numbers(connection, account) or ("",)
            for window in around(of)
        ]
        open_gaps(connection, account, gaps)
    return {call.session_id for call in calls} if times else set()


def _without_bytes(call: CallSlice) -> ParkedCopy:
    return ParkedCopy(call, call.items, "damaged", "the stored batch is damaged", deflate(b""))
