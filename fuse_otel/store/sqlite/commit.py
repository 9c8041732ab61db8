"""The writes of one step, inside the transaction of ``commit``. Repeating them changes nothing but
the bodies, which a step that was rolled back has not left.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from typing import cast

from fuse_otel.core.batching.batch import Batch
from fuse_otel.core.model.lane import Lane
from fuse_otel.ports import Gap, Pending, RecentCall, Step
from fuse_otel.store.sqlite.packing import ends, pack_calls
from fuse_otel.store.sqlite.queries import queries

KEEP = 7 * 86_400
KEEP_AHEAD = 3_600
RECENT_CALLS = 500
# Calls of 5 MB exist: the pages' store is bounded in bytes too.
RECENT_BYTES = 64 * 1024 * 1024
FORGET_AT_ONCE = 500
UNREADABLE_KEPT = 100  # intervals an account
_SQL = queries("step")


def waiting_bodies(step: Step) -> tuple[Batch, ...]:
    """The bodies some lane waits for; others would never be resolved."""
    return tuple(body for body in step.bodies if body.calls and body.rendering.lanes)


def used_bytes(connection: sqlite3.Connection) -> int:
    """The bytes of bodies and parked copies."""
    return cast("int", connection.execute(_SQL["used"]).fetchone()[0])


def write_step(
    connection: sqlite3.Connection, account: int, step: Step, bodies: Sequence[Batch]
) -> None:
    _write_position(connection, account, step)
    _write_pending(connection, account, step)
    _write_seen(connection, account, step)
    write_bodies(connection, bodies, step.at)
    _write_recent(connection, step.recent)


def _write_position(connection: sqlite3.Connection, account: int, step: Step) -> None:
    connection.executemany(
        _SQL["set_position"],
        [(account, number, p.cursor, p.floor) for number, p in step.positions.items()],
    )
    connection.executemany(_SQL["close_gap"], [(gap_id, account) for gap_id in step.closed])
    open_gaps(connection, account, step.opened)
    _write_given_up(connection, account, step)


def open_gaps(connection: sqlite3.Connection, account: int, gaps: Iterable[Gap]) -> None:
    connection.executemany(
        _SQL["open_gap"],
        [(account, g.number, g.start, g.end, g.reason, g.again, g.order) for g in gaps],
    )


def _write_given_up(connection: sqlite3.Connection, account: int, step: Step) -> None:
    if step.given_up:
        rows = [(account, g.number, g.start, g.end, step.at) for g in step.given_up]
        connection.executemany(_SQL["give_up"], rows)
        connection.execute(_SQL["trim_unreadable"], {"account": account, "kept": UNREADABLE_KEPT})


def _write_pending(connection: sqlite3.Connection, account: int, step: Step) -> None:
    # Settled first: a call may be exported and come back for its recheck in one step.
    connection.executemany(_SQL["settle"], [(account, settled) for settled in step.settled])
    connection.executemany(
        _SQL["set_pending"], [_pending_row(account, p, step.at) for p in step.pending]
    )


def _pending_row(account: int, pending: Pending, at: int) -> tuple[object, ...]:
    call = pending.call
    return (
        account, call.session_id, pending.number, pending.reason, pending.due,
        call.start, call.end, call.direction, call.type, call.logged, call.user_hash,
        call.destination, at,
    )  # fmt: skip


def _write_seen(connection: sqlite3.Connection, account: int, step: Step) -> None:
    rows = []
    for row in step.seen:
        end, entries, details = row.seen.end, row.seen.entries, row.seen.details
        kept_until = max(end or 0, step.at) + KEEP + KEEP_AHEAD
        rows.append((account, row.session_id, end, entries, details, kept_until))
    connection.executemany(_SQL["see"], rows)
    if step.order and rows:
        entries = sum(row.seen.entries for row in step.seen)
        connection.execute(_SQL["count"], (len(rows), entries, step.order))
    keeping = {"account": account, "at": step.at, "keep": KEEP, "ahead": KEEP_AHEAD}
    connection.executemany(_SQL["keep"], [keeping | {"session_id": one} for one in step.listed])
    connection.execute(_SQL["forget"], {"at": step.at, "limit": FORGET_AT_ONCE})


def write_bodies(connection: sqlite3.Connection, bodies: Iterable[Batch], at: int) -> None:
    for body in bodies:
        stored = connection.execute(
            _SQL["add_body"],
            (
                body.rendering.id, body.rendering.signal, body.size, len(body.data),
                pack_calls(body.calls), body.data,
            ),
        ).lastrowid  # fmt: skip
        oldest, newest = ends(body.calls, at)
        connection.executemany(
            _SQL["add_delivery"],
            [
                (stored, _lane_id(connection, lane), body.size, len(body.calls), oldest, newest)
                for lane in body.rendering.lanes
            ],
        )


def _lane_id(connection: sqlite3.Connection, lane: Lane) -> int:
    connection.execute(_SQL["add_lane"], lane)
    return cast("int", connection.execute(_SQL["lane"], lane).fetchone()[0])


def _write_recent(connection: sqlite3.Connection, calls: Sequence[RecentCall]) -> None:
    if not calls:
        return
    # Only the last can stay: the others need not be written.
    connection.executemany(_SQL["add_recent"], map(_recent_row, calls[-RECENT_CALLS:]))
    connection.execute(_SQL["trim_recent"], {"calls": RECENT_CALLS, "bytes": RECENT_BYTES})


def _recent_row(call: RecentCall) -> tuple[object, ...]:
    return (
        call.session_id, call.trace_id, call.application, call.direction, call.outcome,
        call.details, call.error, call.start, call.end, len(call.traces) + len(call.logs),
        call.traces, call.logs,
    )  # fmt: skip
