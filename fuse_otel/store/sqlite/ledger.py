"""The poller's door: where reading stands, what was seen, and the commit of a step."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from threading import Lock

from fuse_otel import humanize
from fuse_otel.core.model.call import LogCompleteness, Seen
from fuse_otel.errors import Full, LeaseLost
from fuse_otel.ports import Lease, Pending, Position, Step
from fuse_otel.store.sqlite import rows
from fuse_otel.store.sqlite.commit import used_bytes, waiting_bodies, write_step
from fuse_otel.store.sqlite.database import Database
from fuse_otel.store.sqlite.queries import queries
from fuse_otel.store.sqlite.watermark import Watermark

# Room that is left on the disk, so that what waits can always be resolved and deleted.
RESERVE = 64 * 1024 * 1024
_SQL = queries("ledger")


class SqliteLedger:
    """``acquire`` takes the process's lock or raises ``Busy``; ``free`` tells the disk's room."""

    def __init__(
        self,
        database: Database,
        capacity: int,
        level: Watermark,
        acquire: Callable[[], None],
        free: Callable[[], int],
    ) -> None:
        self._database = database
        self._capacity = capacity
        self._level = level
        self._acquire = acquire
        self._free = free
        self._leases: dict[str, Lease] = {}
        self._leasing = Lock()

    def lease(self, account: str) -> Lease:
        """The lock of the process is taken once for all accounts. A new lease ends older ones,
        should two processes meet although there is the lock.
        """
        with self._leasing:
            if account not in self._leases:
                self._database.check_writable()
                # Before any write: a busy holder is named at once, not waited for.
                self._acquire()
                with self._database.write() as connection:
                    self._leases[account] = Lease(account, _next_epoch(connection, account))
            return self._leases[account]

    def position(self, lease: Lease, now: int, limit: int) -> Position:
        with self._database.read() as connection:
            account = _leased(connection, lease)
            due = connection.execute(
                _SQL["due"], {"account": account, "now": now, "limit": limit}
            ).fetchall()
            later = connection.execute(
                _SQL["next_due"], {"account": account, "passed": len(due)}
            ).fetchone()
            waiting, waiting_since = rows.waiting(connection, account)
            return Position(
                numbers=rows.numbers(connection, account),
                gaps=rows.gaps(connection, account),
                due=tuple(map(rows.pending, due)),
                next_due=later[0] if later else None,
                waiting=waiting,
                waiting_since=waiting_since,
            )

    def known(self, account: str, session_ids: Sequence[str]) -> Mapping[str, Seen]:
        return {
            session_id: Seen(ended, entries, LogCompleteness(details))
            for session_id, (ended, entries, details) in self._look_up("seen", account, session_ids)
        }

    def waiting(self, account: str, session_ids: Sequence[str]) -> Mapping[str, Pending]:
        return {
            session_id: rows.pending(row)
            for session_id, row in self._look_up("pending_call", account, session_ids)
        }

    def check_room(self, needed: int) -> None:
        # More than the whole cap would never have room: half of it is worth another try.
        needed = min(needed, self._capacity // 2)
        self._check_disk(needed)
        with self._database.read() as connection:
            self._check_capacity(used_bytes(connection), needed)

    def commit(self, lease: Lease, step: Step) -> None:
        bodies = waiting_bodies(step)
        new = sum(len(body.data) for body in bodies)
        self._check_disk(new)
        with self._database.write() as connection:
            account = _leased(connection, lease)
            used = used_bytes(connection)
            self._check_capacity(used, new)
            write_step(connection, account, step, bodies)
        self._level.stands_at(used + new)

    def _check_disk(self, new: int) -> None:
        if (left := self._free() - new) < RESERVE:
            raise Full(
                f"The disk of the store {self._database.name} is nearly full:"
                f" {humanize.size(max(left, 0))} would be left,"
                f" {humanize.size(RESERVE)} are kept free.",
                needed=new,
            )

    def _check_capacity(self, used: int, new: int) -> None:
        if new and used + new > self._capacity:
            raise Full(
                f"The outbox is full: {humanize.size(used)} of"
                f" {humanize.size(self._capacity)} are used, {humanize.size(new)} more wait.",
                needed=new,
            )

    def _look_up(
        self, query: str, account: str, session_ids: Sequence[str]
    ) -> Sequence[tuple[str, rows.Row]]:
        # One look-up an id: the statement is prepared once, and any id can be asked for as it is.
        with self._database.read() as connection:
            found = rows.account_row(connection, account)
            if found is None:
                return ()
            looked_up = (
                (one, connection.execute(_SQL[query], (found[0], one)).fetchone())
                for one in session_ids
            )
            return [(session_id, row) for session_id, row in looked_up if row]


def _next_epoch(connection: sqlite3.Connection, account: str) -> int:
    connection.execute(_SQL["add_account"], {"account": account})
    connection.execute(_SQL["next_epoch"], {"account": account})
    found = rows.account_row(connection, account)
    return found[1] if found else 0


def _leased(connection: sqlite3.Connection, lease: Lease) -> int:
    """The account's row id. Raises ``LeaseLost`` unless the lease is the account's latest."""
    found = rows.account_row(connection, lease.account)
    if found is None or found[1] != lease.epoch:
        raise LeaseLost(f"Another fuse-otel has taken over the account {lease.account}.")
    return found[0]
