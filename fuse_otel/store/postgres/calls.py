"""The index of calls, whose ids become visible in another order than they are given."""

from __future__ import annotations

from fuse_otel.store.postgres.connection import own_queries
from fuse_otel.store.relational.calls import RelationalCalls

_SQL = own_queries("calls")


class PostgresCalls(RelationalCalls):
    def last_id(self) -> int:
        """No call with this id or a smaller one is stored from now on."""
        # The id first: a transaction that takes an id after it cannot take a smaller one. A
        # transaction that took one before it is either seen by its lock, or has ended, so that the
        # next look at the table sees its calls.
        with self._database.read() as connection:
            (last,) = connection.execute(_SQL["last_id"]).fetchone()
            (before_open,) = connection.execute(_SQL["before_open"]).fetchone()
            return int(last if before_open is None else min(last, before_open))
