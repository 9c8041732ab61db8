"""The shipper's door: what is due for a lane, and what became of it."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from itertools import chain
from typing import cast

from fuse_otel import humanize
from fuse_otel.core.batching.batch import CallSlice, StoredBatch
from fuse_otel.core.model.lane import LIVE, Lane
from fuse_otel.core.model.telemetry import Signal
from fuse_otel.errors import Full
from fuse_otel.ports import Acknowledgement, Reread
from fuse_otel.store.sqlite import dead_letters
from fuse_otel.store.sqlite.commit import used_bytes
from fuse_otel.store.sqlite.damaged_batch import reread
from fuse_otel.store.sqlite.database import Database, give_back
from fuse_otel.store.sqlite.packing import ends, pack_offsets, unpack_calls
from fuse_otel.store.sqlite.queries import queries
from fuse_otel.store.sqlite.rows import within
from fuse_otel.store.sqlite.watermark import Watermark

PARKED_SHARE = 0.2
_SQL = queries("outbox")


class SqliteOutbox:
    def __init__(self, database: Database, capacity: int, level: Watermark) -> None:
        self._database = database
        self._level = level
        self._parked_limit = int(capacity * PARKED_SHARE)

    def due(
        self, lane: Lane, now: float, max_bytes: int, live: float = LIVE
    ) -> Sequence[StoredBatch]:
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

    def resolve(self, lane: Lane, verdicts: Sequence[Acknowledgement], now: float) -> None:
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
                f"Parked calls would take {humanize.size(taken)},"
                f" {humanize.size(self._parked_limit)} are theirs at most: replay or drop some."
            )


def _lane_id(connection: sqlite3.Connection, lane: Lane) -> int | None:
    row = connection.execute(_SQL["lane"], lane).fetchone()
    return cast("int", row[0]) if row else None


def _body(connection: sqlite3.Connection, body: int, lane_id: int) -> StoredBatch:
    row = connection.execute(_SQL["body"], (body, lane_id)).fetchone()
    body_id, signal, size, calls, remaining, data = row
    left = unpack_calls(calls, remaining)
    return StoredBatch(body_id, Signal(signal), data, size, left, whole=remaining is None)


def _resolve(
    connection: sqlite3.Connection, lane_id: int, verdict: Acknowledgement, now: float
) -> int:
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
    dead_letters.put(connection, [(lane_id, copy) for copy in copies], now)
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
    connection: sqlite3.Connection, body: int, lane_id: int, rest: Sequence[CallSlice], now: int
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
