"""The writes of one poller step, inside the transaction of ``commit``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from fuse_otel.core.batching.batch import Batch
from fuse_otel.core.timing.windows import HOUR
from fuse_otel.ports import RECENT_CALLS, Gap, Pending, RecentCall, Step
from fuse_otel.store.relational.calls import (
    call_rows,
    forget_calls,
    index_bytes,
    trim_calls,
    write_calls,
)
from fuse_otel.store.relational.database import Connection
from fuse_otel.store.relational.flows import flow_bytes, forget_flows, trim_flows, write_flows
from fuse_otel.store.relational.queries import queries
from fuse_otel.store.relational.rows import Row, storable, stored_id, write_batches

KEEP = 7 * 86_400
KEEP_AHEAD = 3_600
KEEP_CALLERS = 25 * 3_600
# Calls of 5 MB exist: the pages' calls are bounded in bytes too, and by a share of the cap.
RECENT_BYTES = 64 * 1024 * 1024
RECENT_SHARE = 0.25
FORGET_AT_ONCE = 500
UNREADABLE_KEPT = 100  # intervals of an account
_SQL = queries("step")
_CONTROL = queries("control")
_CAPACITY = queries("capacity")


def deliverable(step: Step) -> tuple[Batch, ...]:
    """The batches that a lane waits for. Without a lane, a batch would never be deleted."""
    return tuple(batch for batch in step.batches if batch.calls and batch.rendering.lanes)


def write_step(
    connection: Connection,
    account: int,
    step: Step,
    batches: Sequence[Batch],
    cap: int,
    looseness: int = 0,
) -> Sequence[str]:
    """``cap`` is that of the store, in bytes; ``looseness`` is that of the step's recent calls.
    Returns what ``write_calls`` does.
    """
    _write_position(connection, account, step)
    _write_pending(connection, account, step)
    rows = call_rows(account, step)
    # Before the ledger rows: whether a call was counted depends on whether it was known.
    sums = write_flows(connection, account, rows, step.at)
    _write_seen(connection, account, step)
    write_batches(connection, batches, step.at)
    _write_recent(connection, step, cap, looseness)
    _write_callers(connection, account, step)
    erased = write_calls(connection, account, step, rows, _shown_later(step))
    _trim_shares(connection, cap, len(rows), sums)
    return erased


def _shown_later(step: Step) -> Sequence[str]:
    """The recent calls that were stored with an earlier step, and may be erased since then."""
    # A row that is only seen has no row in the index, by which an erased call is noticed.
    stored = {call.session_id for call in step.indexed}
    return [stored_id(call.session_id) for call in step.recent if call.session_id not in stored]


def _trim_shares(connection: Connection, cap: int, calls: int, sums: int) -> None:
    """``calls`` rows of the index and ``sums`` of the call flows were written."""
    kept = dict(connection.execute(_CAPACITY["shares"]).fetchall())
    if kept.get("indexed", 0) > index_bytes(cap):
        trim_calls(connection, cap, calls)
    if kept.get("flows", 0) > flow_bytes(cap):
        trim_flows(connection, cap, sums)


def forget_expired(connection: Connection, account: int, now: int, added: int = 0) -> bool:
    """Forget rows that have expired at ``now``, and sum old hours of the call flows by the day.
    Returns whether there may be more; it looks for ``added`` rows of the index of calls more than
    it always does.
    """
    more = [
        _forget(connection, now) >= FORGET_AT_ONCE,
        forget_calls(connection, now, added) >= FORGET_AT_ONCE + added,
        forget_flows(connection, account, now),
    ]
    return any(more)


def trim(connection: Connection, now: int, cap: int) -> int:
    """Forget some of what a step would forget: rows that have expired at ``now``, and the oldest
    rows beyond their share of the cap. Returns how many; ``cap`` is in bytes.

    A full store refuses the steps that would do it. A lowered cap is full from the start.
    """
    return (
        _forget(connection, now)
        + _trim_recent(connection, now, cap)
        + trim_calls(connection, cap)
        + trim_flows(connection, cap)
    )


def _forget(connection: Connection, now: int) -> int:
    seen = connection.execute(_SQL["forget"], {"at": now, "limit": FORGET_AT_ONCE})
    old = {"at": now - KEEP_CALLERS, "limit": FORGET_AT_ONCE}
    return seen.rowcount + connection.execute(_SQL["forget_callers"], old).rowcount


def _write_position(connection: Connection, account: int, step: Step) -> None:
    positions = [(account, number, p.cursor, p.floor) for number, p in step.positions.items()]
    _write_all(connection, "set_position", positions)
    _write_all(connection, "close_gap", [(gap_id, account) for gap_id in step.closed])
    open_gaps(connection, account, step.opened)
    if step.given_up:
        rows = [(account, g.number, g.start, g.end, step.at) for g in step.given_up]
        connection.executemany(_SQL["give_up"], rows)
        connection.execute(_SQL["trim_unreadable"], {"account": account, "kept": UNREADABLE_KEPT})


def _write_all(
    connection: Connection, query: str, rows: Sequence[Row | Mapping[str, object]]
) -> None:
    # Most steps have nothing for most tables.
    if rows:
        connection.executemany(_SQL[query], rows)


def open_gaps(connection: Connection, account: int, gaps: Iterable[Gap]) -> None:
    rows = [(account, g.number, g.start, g.end, g.reason, g.again, g.job) for g in gaps]
    _write_all(connection, "open_gap", rows)


def _write_pending(connection: Connection, account: int, step: Step) -> None:
    # Settled first: one step may export a call and make it pending again for its recheck.
    _write_all(connection, "settle", [(account, stored_id(one)) for one in step.settled])
    pending = [_pending_row(account, one, step.at) for one in step.pending]
    _write_all(connection, "set_pending", pending)


def _pending_row(account: int, pending: Pending, at: int) -> Row:
    call = pending.call
    return storable(
        account, stored_id(call.session_id), pending.number, pending.reason, pending.due,
        call.start, call.end, call.direction, call.type, call.logged, call.user_hash,
        call.destination, at,
    )  # fmt: skip


def _write_seen(connection: Connection, account: int, step: Step) -> None:
    rows = []
    for row in step.seen:
        end, entries, details = row.seen.end, row.seen.entries, row.seen.details
        kept_until = max(min(end or 0, step.at + KEEP), step.at) + KEEP + KEEP_AHEAD
        session_id = stored_id(row.session_id)
        rows.append(storable(account, session_id, end, entries, details, kept_until))
    _write_all(connection, "see", rows)
    if step.job and rows:
        entries = sum(row.seen.entries for row in step.seen)
        connection.execute(_SQL["count"], (len(rows), entries, step.job))
    keeping = {"account": account, "at": step.at, "keep": KEEP, "ahead": KEEP_AHEAD}
    listed = [keeping | {"session_id": stored_id(one)} for one in step.listed]
    _write_all(connection, "keep", listed)


def _write_callers(connection: Connection, account: int, step: Step) -> None:
    rows = [
        storable(account, row.caller, stored_id(row.session_id), row.end) for row in step.callers
    ]
    _write_all(connection, "add_caller", rows)


def _write_recent(connection: Connection, step: Step, cap: int, looseness: int) -> None:
    calls = _shown(connection, step, cap)
    if not calls:
        return
    # Only the last can stay: the others need not be written.
    rows = {row[0]: row for row in map(_recent_row, calls)}
    connection.executemany(_SQL["forget_recent"], [(session_id,) for session_id in rows])
    # Only now: the deletion waits for a replica that is just making the pages stricter.
    if looseness and recent_looseness(connection) < looseness:
        return
    trimmed = _make_room(connection, step, calls, len(rows), cap)
    connection.executemany(_SQL["add_recent"], rows.values())
    if not trimmed:
        _trim_recent(connection, step.at, cap)


def _make_room(
    connection: Connection, step: Step, calls: Sequence[RecentCall], rows: int, cap: int
) -> bool:
    """Before the calls are added as ``rows`` rows, so that they get the pages of those that leave.
    Returns whether that was possible: it is for live calls, which stay, if their bytes have room.
    """
    if not _are_live(calls, step.at):
        return False
    count, size, newest, _ = connection.execute(_SQL["recent_size"]).fetchone()
    size += sum(call.size for call in calls)
    if size > _recent_bytes(cap):
        return False
    if (surplus := count + rows - RECENT_CALLS) > 0:
        since = _old_since(step.at, [newest, *(call.end for call in calls)])
        connection.execute(_SQL["forget_oldest_recent"], {"limit": surplus, "since": since})
    return True


def _are_live(calls: Sequence[RecentCall], at: int) -> bool:
    return all(call.is_live(at) for call in calls)


def recent_looseness(connection: Connection) -> int:
    """The most that recent calls may show. A replica before an update may still show more."""
    row = connection.execute(_CONTROL["recent_looseness"]).fetchone()
    return row[0] if row else 0


def _shown(connection: Connection, step: Step, cap: int) -> Sequence[RecentCall]:
    """The last calls of the step, without those that ``_trim_recent`` would remove at once: once
    there is no more room, an old call that ended before the oldest recent one.
    """
    calls = step.recent[-RECENT_CALLS:]
    if _are_live(calls, step.at):
        return calls
    count, size, newest, oldest = connection.execute(_SQL["recent_size"]).fetchone()
    since = _old_since(step.at, [newest, *(call.end for call in calls)])
    shown: list[RecentCall] = []
    for call in reversed(calls):
        total = size + call.size
        room = count + len(shown) < RECENT_CALLS and total <= _recent_bytes(cap)
        if room or (call.end or 0) >= min(oldest or 0, since):
            shown.append(call)
            size = total
    return shown[::-1]


def _old_since(at: int, ends: Iterable[int | None]) -> int:
    """Catching up must not push live calls off the pages: recent calls that ended up to then make
    room first, the oldest of them before all others. All later ones, live or with a time to come,
    make room in the order in which they were stored.
    """
    # By the newest call and not only by our clock, which may be wrong by more than an hour.
    return min(at, max((end for end in ends if end is not None), default=0)) - HOUR


def _recent_bytes(cap: int) -> int:
    return min(RECENT_BYTES, int(cap * RECENT_SHARE))


def _trim_recent(connection: Connection, at: int, cap: int) -> int:
    count, size, newest, _ = connection.execute(_SQL["recent_size"]).fetchone()
    since = _old_since(at, [newest])
    if size > _recent_bytes(cap):
        bounds = {"calls": RECENT_CALLS, "bytes": _recent_bytes(cap), "since": since}
        return connection.execute(_SQL["trim_recent"], bounds).rowcount
    if count > RECENT_CALLS:
        oldest = {"limit": count - RECENT_CALLS, "since": since}
        return connection.execute(_SQL["forget_oldest_recent"], oldest).rowcount
    return 0


def _recent_row(call: RecentCall) -> Row:
    return storable(
        stored_id(call.session_id), call.trace_id, call.application, call.direction, call.outcome,
        call.details, call.error, call.start, call.end, call.size,
        call.traces, call.logs, call.account,
    )  # fmt: skip
