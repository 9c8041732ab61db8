"""The poller's interface: how far an account is read, the stored calls, and a step's commit."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from threading import Lock
from typing import cast

from fuse_otel.core.batching.batch import Batch
from fuse_otel.core.model.call import LogCompleteness, Seen
from fuse_otel.errors import Busy, Full, LeaseLost
from fuse_otel.ports import CallerRow, Gap, Position, Step, StoredCalls
from fuse_otel.store.relational import rows
from fuse_otel.store.relational.capacity import Capacity, used_bytes
from fuse_otel.store.relational.database import Connection, Database
from fuse_otel.store.relational.erasure import erase
from fuse_otel.store.relational.outbox import hold_accounts
from fuse_otel.store.relational.queries import queries, with_lists
from fuse_otel.store.relational.step import deliverable, forget_expired, trim, write_step

# Short transactions of at most 500 rows a table, seconds in all. A larger surplus takes several
# refused steps.
TRIMS = 20
LOOK_AGAIN = 60  # seconds until expired rows are looked for again
_SQL = queries("ledger")


class RelationalLedger:
    """``acquire`` takes the lock of the process or raises ``Busy``."""

    def __init__(self, database: Database, capacity: Capacity, acquire: Callable[[], None]) -> None:
        self._database = database
        self._capacity = capacity
        self._acquire = acquire
        self._leases: dict[str, RelationalLease] = {}
        self._leasing = Lock()

    def lease(self, account: str) -> RelationalLease:
        """The process takes its lock once for all accounts. A new lease ends older ones, in case
        two processes work on a store although there is the lock.
        """
        with self._leasing:
            held = self._leases.get(account)
            # A lost lease stays lost: without a new one the account would never be read again.
            if held is None or held.lost:
                self._database.check_writable()
                # Before any write, so that a busy holder is reported at once, not waited for.
                self._acquire()
                with self._database.write() as connection:
                    epoch = self._next_epoch(connection, account)
                held = self._lease(account, epoch)
                self._leases[account] = held
            return held

    def help(self, account: str) -> RelationalLease:
        raise Busy(f"No other fuse-otel can help with the account {account}.")

    def _lease(self, account: str, epoch: int) -> RelationalLease:
        return RelationalLease(self._database, self._capacity, account, epoch)

    def _next_epoch(self, connection: Connection, account: str) -> int:
        """Raises ``Busy`` if another replica has the account."""
        which = {"account": account, "owner": self._database.owner}
        connection.execute(_SQL["add_account"], which)
        found = connection.execute(_SQL["next_epoch"], which).fetchall()
        if not found:
            raise Busy(f"Another fuse-otel reads the account {account}.")
        return cast("int", found[0][0])


class RelationalLease:
    """One account's part of the ledger. ``epoch`` counts the leases that the account has had."""

    helps = False

    def __init__(self, database: Database, capacity: Capacity, account: str, epoch: int) -> None:
        self._database = database
        self._capacity = capacity
        self._epoch = epoch
        self._now = 0  # of the latest `position`
        self._looked: int | None = None  # for expired rows: when last, if all were found
        self.account = account
        self.lost = False

    def position(self, now: int, limit: int) -> Position:
        self._now = now
        with self._database.read() as connection:
            return self._position(connection, self._leased(connection), limit)

    def _position(self, connection: Connection, account: int, limit: int) -> Position:
        due = connection.execute(
            _SQL["due"], {"account": account, "now": self._now, "limit": limit}
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
            waiting_for=rows.waiting_for(connection, account),
        )

    def look_up(self, session_ids: Sequence[str]) -> StoredCalls:
        stored = [rows.stored_id(one) for one in session_ids]
        with self._database.read() as connection:
            account = self._leased(connection)
            # Both queries have the stored id as their first column.
            known, waiting = (
                {row[0]: row for row in self._select(connection, query, account, stored)}
                for query in ("seen", "pending_call")
            )
        pairs = list(zip(session_ids, stored, strict=True))
        return StoredCalls(
            {one: _seen(known[place]) for one, place in pairs if place in known},
            {one: rows.pending(waiting[place]) for one, place in pairs if place in waiting},
        )

    def callers(self, pseudonyms: Sequence[str]) -> Sequence[CallerRow]:
        with self._database.read() as connection:
            account = self._leased(connection)
            found = (
                connection.execute(_SQL["callers"], rows.storable(account, one))
                for one in pseudonyms
            )
            return [CallerRow(*row) for each in found for row in each]

    def check_room(self, needed: int) -> None:
        # A need above the whole cap would never be met, so at most half of the cap is required.
        needed = min(needed, self._capacity.cap // 2)
        self._capacity.check_disk(needed)
        self._with_trim(partial(self._check_cap, needed))

    def _check_cap(self, needed: int) -> None:
        with self._database.read() as connection:
            self._capacity.check_cap(used_bytes(connection), needed)

    def commit(self, step: Step) -> None:
        batches = deliverable(step)
        new = sum(len(batch.data) for batch in batches)
        self._capacity.check_disk(new)
        self._with_trim(partial(self._commit, step, batches, new))

    def _commit(self, step: Step, batches: Sequence[Batch], new: int) -> None:
        try:
            self._write(step, batches, new)
        except _ErasedMeanwhile:
            # From the beginning, because an erasure locks all accounts before anything else.
            self._write(step, batches, new, erasing=True)

    def _write(
        self, step: Step, batches: Sequence[Batch], new: int, *, erasing: bool = False
    ) -> None:
        """Raises ``_ErasedMeanwhile``, which rolls the transaction back, unless ``erasing``."""
        with self._database.write() as connection:
            if erasing:
                hold_accounts(connection)
            account = self._leased(connection, "hold_account")
            self._check_step(connection, account, step)
            before = used_bytes(connection)
            self._capacity.check_cap(before, new)
            erased = write_step(
                connection, account, step, batches, self._capacity.cap, self._database.looseness
            )
            looks = self._looks_for_expired(step.at)
            more = looks and forget_expired(connection, account, step.at, len(step.indexed))
            if erased and not erasing:
                raise _ErasedMeanwhile
            if erased:
                # Their copies are in the step, and in its batches with those of other calls.
                erase(connection, erased, step.at)
            used = used_bytes(connection)
            # Again with the rows of the ledger, pending and recent calls.
            self._capacity.check_cap(before, used - before, drains=bool(batches))
        if looks:
            self._looked = None if more else step.at
        self._capacity.note(used)

    def _looks_for_expired(self, now: int) -> bool:
        """Not each commit: in most of them the five queries would find nothing."""
        return self._looked is None or not self._looked <= now < self._looked + LOOK_AGAIN

    def _check_step(self, connection: Connection, account: int, step: Step) -> None:
        """Nobody else stores calls of the account."""

    def claim(self, gap: Gap, end: int) -> Gap | None:
        """Nobody else reads the gap."""
        del end
        return gap

    def share(self, most: int) -> None:
        """There are no others."""

    def _with_trim(self, use: Callable[[], None]) -> None:
        """``use`` the store, and once more if it was full and could forget something."""
        try:
            use()
        except Full:
            if not self._trim():
                raise
            use()

    def _trim(self) -> bool:
        """Whether there was anything to forget."""
        trimmed = False
        for _ in range(TRIMS):
            with self._database.write() as connection:
                if not trim(connection, self._now, self._capacity.cap):
                    break
                used = used_bytes(connection)
            trimmed = True
            self._capacity.note(used)
        return trimmed

    def _select(
        self, connection: Connection, query: str, account: int, stored: Sequence[str]
    ) -> Iterator[rows.Row]:
        for text, places in with_lists(_SQL[query], stored):
            yield from connection.execute(text, (account, *places))

    def _leased(self, connection: Connection, query: str = "account") -> int:
        """The account's row id. Raises ``LeaseLost`` unless the lease is the account's latest."""
        which = {"account": self.account, "owner": self._database.owner, "epoch": self._epoch}
        found = connection.execute(_SQL[query], which).fetchone()
        if found is None:
            self.lost = True
            raise LeaseLost(f"Another fuse-otel has taken over the account {self.account}.")
        return cast("int", found[0])


def _seen(row: rows.Row) -> Seen:
    _, ended, entries, details = row
    return Seen(ended, entries, rows.word(LogCompleteness, details))


class _ErasedMeanwhile(Exception):
    """Calls of the step were erased while they were being read."""
