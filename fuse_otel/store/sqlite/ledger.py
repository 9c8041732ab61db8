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
        self._leases: dict[str, SqliteLease] = {}
        self._leasing = Lock()

    def lease(self, account: str) -> SqliteLease:
        """The lock of the process is taken once for all accounts. A new lease ends older ones,
        should two processes meet although there is the lock.
        """
        with self._leasing:
            held = self._leases.get(account)
            # A lost lease stays lost: without a new one the account would never be read again.
            if held is None or held.lost:
                self._database.check_writable()
                # Before any write: a busy holder is named at once, not waited for.
                self._acquire()
                with self._database.write() as connection:
                    epoch = _next_epoch(connection, account)
                self._leases[account] = SqliteLease(self, self._database, account, epoch)
            return self._leases[account]

    def position(self, lease: Lease, now: int, limit: int) -> Position:
        return lease.position(now, limit)

    def known(self, account: str, session_ids: Sequence[str]) -> Mapping[str, Seen]:
        return self.lease(account).known(session_ids)

    def waiting(self, account: str, session_ids: Sequence[str]) -> Mapping[str, Pending]:
        return self.lease(account).waiting(session_ids)

    def commit(self, lease: Lease, step: Step) -> None:
        lease.commit(step)

    def check_room(self, needed: int) -> None:
        # More than the whole cap would never have room: half of it is worth another try.
        needed = min(needed, self._capacity // 2)
        self.check_disk(needed)
        with self._database.read() as connection:
            self.check_capacity(used_bytes(connection), needed)

    def check_disk(self, new: int) -> None:
        """Raises ``Full`` where ``new`` bytes would leave too little of the disk."""
        if (left := self._free() - new) < RESERVE:
            raise Full(
                f"The disk of the store {self._database.name} is nearly full:"
                f" {humanize.size(max(left, 0))} would be left,"
                f" {humanize.size(RESERVE)} are kept free.",
                needed=new,
            )

    def check_capacity(self, used: int, new: int) -> None:
        """Raises ``Full`` where ``new`` bytes beside the ``used`` ones would pass the cap."""
        if new and used + new > self._capacity:
            raise Full(
                f"The outbox is full: {humanize.size(used)} of"
                f" {humanize.size(self._capacity)} are used, {humanize.size(new)} more wait.",
                needed=new,
            )

    def stands_at(self, used: int) -> None:
        self._level.stands_at(used)


class SqliteLease:
    """One account's part of the ledger. ``epoch`` counts the leases that the account has had."""

    def __init__(self, ledger: SqliteLedger, database: Database, account: str, epoch: int) -> None:
        self._ledger = ledger
        self._database = database
        self._epoch = epoch
        self.account = account
        self.lost = False

    def position(self, now: int, limit: int) -> Position:
        with self._database.read() as connection:
            account = self._leased(connection)
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

    def known(self, session_ids: Sequence[str]) -> Mapping[str, Seen]:
        return {
            session_id: Seen(ended, entries, LogCompleteness(details))
            for session_id, (ended, entries, details) in self._look_up("seen", session_ids)
        }

    def waiting(self, session_ids: Sequence[str]) -> Mapping[str, Pending]:
        return {
            session_id: rows.pending(row)
            for session_id, row in self._look_up("pending_call", session_ids)
        }

    def check_room(self, needed: int) -> None:
        self._ledger.check_room(needed)

    def commit(self, step: Step) -> None:
        bodies = waiting_bodies(step)
        new = sum(len(body.data) for body in bodies)
        self._ledger.check_disk(new)
        with self._database.write() as connection:
            account = self._leased(connection)
            used = used_bytes(connection)
            self._ledger.check_capacity(used, new)
            write_step(connection, account, step, bodies)
        self._ledger.stands_at(used + new)

    def _look_up(self, query: str, session_ids: Sequence[str]) -> Sequence[tuple[str, rows.Row]]:
        # One look-up an id: the statement is prepared once, and any id can be asked for as it is.
        with self._database.read() as connection:
            account = self._leased(connection)
            looked_up = (
                (one, connection.execute(_SQL[query], (account, one)).fetchone())
                for one in session_ids
            )
            return [(session_id, row) for session_id, row in looked_up if row]

    def _leased(self, connection: sqlite3.Connection) -> int:
        """The account's row id. Raises ``LeaseLost`` unless the lease is the account's latest."""
        found = rows.account_row(connection, self.account)
        if found is None or found[1] != self._epoch:
            self.lost = True
            raise LeaseLost(f"Another fuse-otel has taken over the account {self.account}.")
        return found[0]


def _next_epoch(connection: sqlite3.Connection, account: str) -> int:
    connection.execute(_SQL["add_account"], {"account": account})
    connection.execute(_SQL["next_epoch"], {"account": account})
    found = rows.account_row(connection, account)
    return found[1] if found else 0
