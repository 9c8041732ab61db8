"""A damaged body inside a transaction: its calls are forgotten, so that they are read anew."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from fuse_otel.core.batching.batch import CallSlice
from fuse_otel.core.batching.gzip_member import deflate
from fuse_otel.core.timing.windows import RETENTION, Window, around
from fuse_otel.ports import Gap, GapReason, ParkedCopy, Reread
from fuse_otel.store.sqlite import dead_letters, rows
from fuse_otel.store.sqlite.commit import open_gaps
from fuse_otel.store.sqlite.packing import unpack_calls
from fuse_otel.store.sqlite.queries import queries

_SQL = queries("outbox")


def reread(connection: sqlite3.Connection, body: int, now: float) -> Reread:
    rows = connection.execute(_SQL["lanes_of_body"], (body,)).fetchall()
    waiting = {lane: unpack_calls(calls, remaining) for lane, calls, remaining in rows}
    calls = {call.session_id: call for left in waiting.values() for call in left}
    again = _forget(connection, [call for call in calls.values() if _readable(call, now)])
    copies = [
        (lane, _without_bytes(call))
        for lane, left in waiting.items()
        for call in left
        if call.session_id not in again
    ]
    dead_letters.put(connection, copies, now)
    connection.execute(_SQL["delivered_to_all"], (body,))
    connection.execute(_SQL["drop_body"], {"body": body})
    return Reread(len(again), len(calls) - len(again))


def _readable(call: CallSlice, now: float) -> bool:
    """Whether Plum still has the call's details."""
    over = call.start if call.end is None else call.end
    return over is not None and over > now - RETENTION


def _forget(connection: sqlite3.Connection, calls: Sequence[CallSlice]) -> set[str]:
    """The account that knows a call reads it again. One that none knows was forgotten with another
    body already, or by mistake: whoever lists it takes it for new.
    """
    times: dict[int, list[int]] = {}
    accounts = [account for (account,) in connection.execute(_SQL["every_account"])]
    for call in calls:
        found = connection.execute(_SQL["accounts_of_call"], (call.session_id,)).fetchall()
        for account in [account for (account,) in found] or accounts:
            connection.execute(_SQL["forget_call"], (account, call.session_id))
            connection.execute(_SQL["forget_pending"], (account, call.session_id))
            known = (time for time in (call.start, call.end) if time is not None)
            times.setdefault(account, []).extend(known)
    for account, of in times.items():
        numbers = rows.numbers(connection, account) or ("",)
        open_gaps(connection, account, _gaps(around(of), tuple(numbers)))
    return {call.session_id for call in calls} if times else set()


def _gaps(windows: Sequence[Window], numbers: Sequence[str]) -> list[Gap]:
    return [
        Gap(number, window.start, window.end, GapReason.DAMAGE)
        for number in numbers
        for window in windows
    ]


def _without_bytes(call: CallSlice) -> ParkedCopy:
    return ParkedCopy(call, call.items, "damaged", "the stored body is damaged", deflate(b""))
