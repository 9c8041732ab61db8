"""The poller's interface where several replicas read one account: its holder reads all of it, and
others may help with its gaps.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import cast

from msgspec.structs import replace

from fuse_otel.errors import Busy, LeaseLost, Overtaken
from fuse_otel.ports import Gap, GapReason, Position, Step
from fuse_otel.store.postgres.connection import own_queries
from fuse_otel.store.relational import rows
from fuse_otel.store.relational.capacity import Capacity
from fuse_otel.store.relational.database import Connection, Database
from fuse_otel.store.relational.ledger import RelationalLease, RelationalLedger

_LEDGER, _SQL = own_queries("ledger"), own_queries("sharing")
_HELPING = {"account": "shared_account", "hold_account": "hold_shared_account"}


class PostgresLedger(RelationalLedger):
    def _lease(self, account: str, epoch: int) -> RelationalLease:
        return PostgresLease(self._database, self._capacity, account, epoch)

    def help(self, account: str) -> RelationalLease:
        self._acquire()
        lease = HelpingLease(self._database, self._capacity, account)
        which = {"account": account, "owner": self._database.owner}
        with self._database.write() as connection:
            # What it has claimed before, as the holder or as a helper.
            connection.execute(_SQL["free_claims"], which)
            shared = connection.execute(_SQL["shared_account"], which).fetchone()
            free = shared and lease.has_share(connection, shared[0])
        if not free:
            raise Busy(f"Other fuse-otels read the account {account} and need no help.")
        return lease


class PostgresLease(RelationalLease):
    """A claimed gap is a new row, so what a replica writes of a gap that another one has claimed
    meanwhile finds no row.
    """

    def __init__(
        self, database: Database, capacity: Capacity, account: str, epoch: int = 0
    ) -> None:
        super().__init__(database, capacity, account, epoch)
        self._shares = 1
        self._claims: set[int] = set()

    def _position(self, connection: Connection, account: int, limit: int) -> Position:
        return self._with_claims(connection, account, super()._position(connection, account, limit))

    def _with_claims(self, connection: Connection, account: int, position: Position) -> Position:
        which = {"account": account, "owner": self._database.owner}
        self._shares, taken = connection.execute(_SQL["taken"], which).fetchone()
        gaps = tuple(replace(gap, taken=gap.id in taken) for gap in position.gaps)
        return replace(position, gaps=gaps, shares=self._shares)

    def _select(
        self, connection: Connection, query: str, account: int, stored: Sequence[str]
    ) -> Iterator[rows.Row]:
        yield from connection.execute(_LEDGER[query], {"account": account, "ids": list(stored)})

    def share(self, most: int) -> None:
        with self._database.write() as connection:
            account = self._leased(connection, "hold_account")
            which = {"account": account, "owner": self._database.owner, "most": most}
            (self._shares,) = connection.execute(_SQL["share"], which).fetchone()

    def claim(self, gap: Gap, end: int) -> Gap | None:
        with self._database.write() as connection:
            account = self._leased(connection, "hold_account")
            claimed = self._claimed(connection, account, gap, end)
        if claimed is not None:
            self._claims = self._claims - {gap.id} | {claimed.id}
        return claimed

    def _claimed(self, connection: Connection, account: int, gap: Gap, end: int) -> Gap | None:
        which = {"account": account, "gap": gap.id, "owner": self._database.owner}
        row = connection.execute(_SQL["take_gap"], which).fetchone()
        if row is None:
            return None
        number, start, stop, reason, again, job = row
        whole = which | {"number": number, "reason": reason, "again": again, "ordered": job}
        cut = min(stop, end)
        if cut < stop:
            connection.execute(_SQL["open_rest"], whole | {"start": cut, "stop": stop})
        piece = whole | {"start": start, "stop": cut}
        found = connection.execute(_SQL["claim_gap"], piece).fetchone()
        return replace(gap, start=start, end=cut, id=found[0], taken=False) if found else None

    def commit(self, step: Step) -> None:
        super().commit(step)
        self._claims -= set(step.closed)

    def _check_step(self, connection: Connection, account: int, step: Step) -> None:
        if self._shares > 1 and step.before:
            before = {rows.stored_id(one): entries for one, entries in step.before.items()}
            seen = self._select(connection, "seen", account, list(before))
            now = {one: entries for one, _, entries, _ in seen}
            if any(now.get(one) != entries for one, entries in before.items()):
                raise Overtaken(f"Another fuse-otel stored a call of the account {self.account}.")
        if self._claims:
            which = {"gaps": list(self._claims), "owner": self._database.owner}
            connection.execute(_SQL["renew"], which)


class HelpingLease(PostgresLease):
    """The right to claim gaps of an account that another replica holds, while that one shares it.
    Each transaction checks the claims.
    """

    helps = True

    def _position(self, connection: Connection, account: int, limit: int) -> Position:
        del limit
        gaps = (gap for gap in rows.gaps(connection, account) if gap.reason is not GapReason.ERROR)
        position = Position({}, tuple(gaps), (), None, 0, None)
        return self._with_claims(connection, account, position)

    def share(self, most: int) -> None:
        """The holder does."""

    def _claimed(self, connection: Connection, account: int, gap: Gap, end: int) -> Gap | None:
        if not self.has_share(connection, account):
            return None
        return super()._claimed(connection, account, gap, end)

    def has_share(self, connection: Connection, account: int) -> bool:
        """Whether one of the shares is this replica's, or free."""
        which = {"account": account, "owner": self._database.owner}
        (free,) = connection.execute(_SQL["helps"], which).fetchone()
        return bool(free)

    def _leased(self, connection: Connection, query: str = "account") -> int:
        which = {"account": self.account, "owner": self._database.owner}
        found = connection.execute(_SQL[_HELPING[query]], which).fetchone()
        # By a statement after the one that waited for the lock: it sees who claimed meanwhile.
        if found is None or not self._has_claims(connection):
            self.lost = True
            raise LeaseLost(f"This fuse-otel helps no more with the account {self.account}.")
        return cast("int", found[0])

    def _has_claims(self, connection: Connection) -> bool:
        which = {"gaps": list(self._claims), "owner": self._database.owner}
        (count,) = connection.execute(_SQL["claimed"], which).fetchone()
        return bool(count == len(self._claims))
