"""Orders inside a transaction: what carrying one out changes, and what the daemon tells."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping

from fuse_otel.core.model.lane import Lane
from fuse_otel.ports import Carried, Job, JobStatus, Told
from fuse_otel.store.sqlite import dead_letters
from fuse_otel.store.sqlite.commit import open_gaps, write_bodies
from fuse_otel.store.sqlite.database import give_back
from fuse_otel.store.sqlite.queries import queries
from fuse_otel.store.sqlite.rows import Row

_SQL = queries("control")


class Outdated(Exception):
    """What was decided does not fit what is stored any more. Never leaves the store."""


def carry(connection: sqlite3.Connection, carried: Carried, now: float) -> None:
    """Raises ``Outdated``: the transaction is to be rolled back."""
    receipt = carried.receipt
    changed = connection.execute(
        _SQL["carry"],
        {
            "id": receipt.id,
            "state": receipt.state,
            "result": receipt.result,
            "calls": receipt.calls,
            "opens": bool(carried.opened),
        },
    ).rowcount
    if not changed or not dead_letters.take(connection, carried.unparked):
        raise Outdated
    for account, gaps in carried.opened.items():
        connection.execute(_SQL["account"], {"account": account})
        (account_id,) = connection.execute(_SQL["account_id"], {"account": account}).fetchone()
        open_gaps(connection, account_id, gaps)
    write_bodies(connection, carried.bodies, int(now))
    give_back(connection)


def open_orders(connection: sqlite3.Connection) -> tuple[tuple[Job, JobStatus], ...]:
    return tuple(map(_open_order, connection.execute(_SQL["open_orders"])))


def tell(
    connection: sqlite3.Connection, accounts: Mapping[str, Told], lanes: Mapping[Lane, Told]
) -> None:
    connection.execute(_SQL["forget_told"])
    connection.execute(_SQL["forget_told_lanes"])
    for account, told in accounts.items():
        row = {"name": account, "state": told.state, "reason": told.reason}
        connection.execute(_SQL["tell"], row)
    for lane, told in lanes.items():
        connection.execute(
            _SQL["tell_lane"], {**lane._asdict(), "state": told.state, "reason": told.reason}
        )


def _open_order(row: Row) -> tuple[Job, JobStatus]:
    kind, arguments, *receipt = row
    return Job(kind, arguments), JobStatus(*receipt)
