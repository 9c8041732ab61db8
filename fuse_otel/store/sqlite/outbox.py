"""The shipper's door: what is due for a lane, and what became of it."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from itertools import chain
from typing import cast

from fuse_otel.core import written
from fuse_otel.core.body import Body, BodyCall
from fuse_otel.core.lane import LIVE, Lane
from fuse_otel.core.telemetry import Signal
from fuse_otel.errors import Full
from fuse_otel.ports import Reread, Verdict
from fuse_otel.store.sqlite import parked
from fuse_otel.store.sqlite.database import Database
from fuse_otel.store.sqlite.ends import ends
from fuse_otel.store.sqlite.fitting import within
from fuse_otel.store.sqlite.level import Level
from fuse_otel.store.sqlite.packing import pack_offsets, unpack_calls
from fuse_otel.store.sqlite.queries import queries
from fuse_otel.store.sqlite.reread import reread
from fuse_otel.store.sqlite.space import give_back
from fuse_otel.store.sqlite.step import used_bytes

PARKED_SHARE = 0.2
_SQL = queries("outbox")


class SqliteOutbox:
    def __init__(self, database: Database, capacity: int, level: Level) -> None:
        self._database = database
        self._level = level
        self._parked_limit = int(capacity * PARKED_SHARE)

    def due(self, lane: Lane, now: float, max_bytes: int, live: float = LIVE) -> Sequence[Body]:
        with self._database.read() as connection:
            lane_id = _lane_id(connection, lane)
            if lane_id is None:
                return ()
            asked = {"lane": lane_id, "live": now - live}
            # The second query starts only when the first has not filled the bytes.
            in_order = chain.from_iterable(
                connection.execute(_SQL[query], asked) for query in ("live", "older")
            )
            chosen = within(in_order, max_bytes)
            return tuple(_body(connection, body, lane_id) for body in chosen)

    def resolve(self, lane: Lane, verdicts: Sequence[Verdict], now: float) -> None:
        """Raises ``Full`` when its copies would pass the share of the cap that is for them."""
        with self._database.write() as connection:
            lane_id = _lane_id(connection, lane)
            if lane_id is None:
                return
            copies = 0
            for verdict in verdicts:
                copies += _resolve(connection, lane_id, verdict, now)
            if copies:
                self._check_parked(connection)
            give_back(connection)
            used = used_bytes(connection)
        self._level.stands_at(used)

    def reread(self, body: int, now: float) -> Reread:
        with self._database.write() as connection:
            found = reread(connection, body, now)
            give_back(connection)
            used = used_bytes(connection)
        self._level.stands_at(used)
        return found

    def _check_parked(self, connection: sqlite3.Connection) -> None:
        (taken,) = connection.execute(_SQL["parked_bytes"]).fetchone()
        if taken > self._parked_limit:
            raise Full(
                f"Parked calls would take {written.size(taken)},"
                f" {written.size(self._parked_limit)} are theirs at most: replay or drop some."
            )


def _lane_id(connection: sqlite3.Connection, lane: Lane) -> int | None:
    row = connection.execute(_SQL["lane"], lane).fetchone()
    return cast("int", row[0]) if row else None


def _body(connection: sqlite3.Connection, body: int, lane_id: int) -> Body:
    row = connection.execute(_SQL["body"], (body, lane_id)).fetchone()
    body_id, signal, size, calls, remaining, data = row
    left = unpack_calls(calls, remaining)
    return Body(body_id, Signal(signal), data, size, left, whole=remaining is None)


def _resolve(connection: sqlite3.Connection, lane_id: int, verdict: Verdict, now: float) -> int:
    """Returns how many copies were parked. What is resolved already is passed over, so that a
    verdict told twice parks nothing twice.
    """
    row = connection.execute(_SQL["delivery"], (verdict.body, lane_id)).fetchone()
    if row is None:
        return 0
    left = unpack_calls(*row)
    open_offsets = {call.offset for call in left}
    resolved = open_offsets.intersection(verdict.offsets)
    copies = [copy for copy in verdict.parked if copy.call.offset in resolved]
    parked.put(connection, [(lane_id, copy) for copy in copies], now)
    if resolved == open_offsets:
        _deliver(connection, verdict.body, lane_id)
    elif resolved:
        rest = [call for call in left if call.offset not in resolved]
        _narrow(connection, verdict.body, lane_id, rest, int(now))
    return len(copies)


def _deliver(connection: sqlite3.Connection, body: int, lane_id: int) -> None:
    connection.execute(_SQL["delivered"], (body, lane_id))
    connection.execute(_SQL["drop_body"], {"body": body})


def _narrow(
    connection: sqlite3.Connection, body: int, lane_id: int, rest: Sequence[BodyCall], now: int
) -> None:
    oldest, newest = ends(rest, now)
    connection.execute(
        _SQL["narrow"],
        {
            "body": body,
            "lane": lane_id,
            "calls": len(rest),
            "oldest": oldest,
            "newest": newest,
            "remaining": pack_offsets([call.offset for call in rest]),
        },
    )
