"""The door of the pages and the commands: reads, and orders for the daemon."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from fuse_otel.core.model.lane import Lane
from fuse_otel.core.model.telemetry import Signal
from fuse_otel.ports import (
    AccountStatus,
    Carried,
    Job,
    JobStatus,
    LaneStatus,
    ParkedCall,
    ParkedQuery,
    RecentCall,
    Status,
    Told,
    Unreadable,
)
from fuse_otel.ports.control import EVERY_PARKED
from fuse_otel.store.sqlite import dead_letters, jobs, rows
from fuse_otel.store.sqlite.database import Database
from fuse_otel.store.sqlite.queries import queries

_SQL = queries("control")


class SqliteControl:
    """``acquire`` takes the process's lock or raises ``Busy``, ``holder`` tells who has it."""

    def __init__(
        self,
        database: Database,
        capacity: int,
        acquire: Callable[[], None],
        holder: Callable[[], str | None],
    ) -> None:
        self._database = database
        self._capacity = capacity
        self._acquire = acquire
        self._holder = holder

    def status(self) -> Status:
        """Reads counters and index ends, whatever waits: cheap enough for every scrape."""
        with self._database.read() as connection:
            accounts = connection.execute(_SQL["accounts"]).fetchall()
            lanes = connection.execute(_SQL["lanes"]).fetchall()
            (used,) = connection.execute(_SQL["used"]).fetchone()
            moved_aside = connection.execute(_SQL["moved_aside"]).fetchone()
            return Status(
                accounts=tuple(_account_status(connection, row) for row in accounts),
                lanes=tuple(map(_lane_status, lanes)),
                used=used,
                capacity=self._capacity,
                orders=jobs.open_orders(connection),
                moved_aside=moved_aside[0] if moved_aside else None,
            )

    def tell(self, accounts: Mapping[str, Told], lanes: Mapping[Lane, Told]) -> None:
        with self._database.write() as connection:
            jobs.tell(connection, accounts, lanes)

    def note_moved_aside(self, at: int) -> None:
        """The store took the place of a damaged one."""
        with self._database.write() as connection:
            connection.execute(_SQL["note_moved_aside"], (at,))

    def recent(self, limit: int) -> Sequence[RecentCall]:
        with self._database.read() as connection:
            return tuple(map(_recent_call, connection.execute(_SQL["recent"], (limit,))))

    def recent_call(self, session_id: str) -> RecentCall | None:
        with self._database.read() as connection:
            row = connection.execute(_SQL["recent_call"], (session_id,)).fetchone()
            return _recent_call(row) if row else None

    def parked(self, limit: int, query: ParkedQuery = EVERY_PARKED) -> Sequence[ParkedCall]:
        with self._database.read() as connection:
            return dead_letters.listed(connection, query, limit)

    def parked_call(self, parked_id: int) -> ParkedCall | None:
        with self._database.read() as connection:
            return dead_letters.one(connection, parked_id)

    def parked_count(self, query: ParkedQuery) -> tuple[int, int]:
        with self._database.read() as connection:
            return dead_letters.count(connection, query)

    def parked_part(self, query: ParkedQuery, max_bytes: int) -> Sequence[ParkedCall]:
        with self._database.read() as connection:
            return dead_letters.part(connection, query, max_bytes)

    def order(self, order: Job, now: float) -> JobStatus:
        """Orders that were answered are forgotten when a thousand newer ones stand before them."""
        with self._database.write() as connection:
            order_id = connection.execute(
                _SQL["add_order"], (order.kind, order.arguments, now)
            ).lastrowid
            connection.execute(_SQL["forget_orders"], (order_id,))
            row = connection.execute(_SQL["receipt"], (order_id,)).fetchone()
            return JobStatus(*row)

    def serve(self) -> None:
        self._database.check_writable()
        self._acquire()

    def server(self) -> str | None:
        return self._holder()

    def carry_out(self, carried: Carried, now: float) -> bool:
        try:
            with self._database.write() as connection:
                jobs.carry(connection, carried, now)
        except jobs.Outdated:
            return False
        return True

    def orders(self) -> Sequence[tuple[int, Job]]:
        with self._database.read() as connection:
            rows = connection.execute(_SQL["orders"])
            return tuple((order_id, Job(kind, arguments)) for order_id, kind, arguments in rows)

    def receipt(self, order_id: int) -> JobStatus | None:
        with self._database.read() as connection:
            row = connection.execute(_SQL["receipt"], (order_id,)).fetchone()
            return JobStatus(*row) if row else None

    def answer(self, receipt: JobStatus) -> None:
        with self._database.write() as connection:
            connection.execute(_SQL["answer"], (receipt.state, receipt.result, receipt.id))


def _account_status(connection: sqlite3.Connection, row: rows.Row) -> AccountStatus:
    account_id, name, calls, state, reason = row
    unreadable = connection.execute(_SQL["unreadable"], (account_id,))
    waiting, waiting_since = rows.waiting(connection, account_id)
    return AccountStatus(
        account=name,
        numbers=rows.numbers(connection, account_id),
        gaps=rows.gaps(connection, account_id),
        waiting=waiting,
        waiting_since=waiting_since,
        calls=calls,
        unreadable=tuple(Unreadable(*each) for each in unreadable),
        told=Told(state, reason),
    )


def _lane_status(row: rows.Row) -> LaneStatus:
    destination, signal, calls, kept, oldest, state, reason = row
    lane = Lane(destination, Signal(signal))
    return LaneStatus(lane, calls, oldest, kept, Told(state, reason))


def _recent_call(row: rows.Row) -> RecentCall:
    call = RecentCall(*row)
    return replace(call, error=bool(call.error))
