"""What daemons report of their accounts and lanes, and the parts of the status that show it."""

from __future__ import annotations

from collections.abc import Mapping

from fuse_otel.core.model.lane import Lane
from fuse_otel.core.model.telemetry import Signal
from fuse_otel.ports import (
    AccountStatus,
    Job,
    JobStatus,
    LaneStatus,
    ReportedState,
    Unreadable,
)
from fuse_otel.store.relational import pauses, rows
from fuse_otel.store.relational.database import Connection
from fuse_otel.store.relational.queries import queries

_SQL = queries("control")


def report(
    connection: Connection,
    owner: str,
    accounts: Mapping[str, ReportedState],
    lanes: Mapping[Lane, ReportedState],
) -> None:
    """``owner`` is the replica that reports. What it reported before is forgotten."""
    connection.execute(_SQL["forget_account_states"], {"owner": owner})
    connection.execute(_SQL["forget_lane_states"], {"owner": owner})
    # In one order everywhere, as `add_lanes` does.
    reported = [_reported(owner, each, account=name) for name, each in sorted(accounts.items())]
    connection.executemany(_SQL["account"], [{"account": row["account"]} for row in reported])
    rows.add_lanes(connection, lanes)
    connection.executemany(_SQL["report_account"], reported)
    connection.executemany(
        _SQL["report_lane"],
        [
            _reported(owner, each, destination=lane.destination, signal=lane.signal)
            for lane, each in lanes.items()
        ],
    )


def _reported(owner: str, reported: ReportedState, **which: str) -> dict[str, object]:
    row = which | {"owner": owner, "state": reported.state, "reason": reported.reason}
    return dict(zip(row, rows.storable(*row.values()), strict=True))


def accounts(connection: Connection) -> tuple[AccountStatus, ...]:
    found = connection.execute(_SQL["accounts"]).fetchall()
    return tuple(_account_status(connection, row) for row in found)


def _account_status(connection: Connection, row: rows.Row) -> AccountStatus:
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
        reported=ReportedState(state, reason),
    )


def lanes(connection: Connection) -> tuple[LaneStatus, ...]:
    found = connection.execute(_SQL["lanes"]).fetchall()
    paused = pauses.paused_lanes(connection)
    return tuple(_lane_status(row, paused) for row in found)


def _lane_status(row: rows.Row, paused: Mapping[Lane, int]) -> LaneStatus:
    destination, signal, calls, parked_calls, oldest, state, reason = row
    lane = Lane(destination, rows.word(Signal, signal))
    reported = ReportedState(state, reason)
    return LaneStatus(lane, calls, oldest, parked_calls, reported, paused.get(lane))


def jobs(connection: Connection) -> tuple[tuple[Job, JobStatus], ...]:
    """The open ones."""
    return tuple(map(_open_job, connection.execute(_SQL["open_jobs"])))


def _open_job(row: rows.Row) -> tuple[Job, JobStatus]:
    kind, arguments, *status = row
    return Job(kind, arguments), JobStatus(*status)


def moved_aside(connection: Connection) -> int | None:
    row = connection.execute(_SQL["moved_aside"]).fetchone()
    return row[0] if row else None
