"""The state of accounts, lanes, outbox and jobs, as JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Sequence

from fuse_otel.core.model.lane import Lane
from fuse_otel.ports import (
    AccountStatus,
    Job,
    JobStatus,
    LaneStatus,
    ReplicaStatus,
    ReportedState,
    Status,
)
from fuse_otel.views.status_report import headroom_of, lanes_of, masked


def status_json(
    status: Status, now: float, problems: Sequence[str], version: str, daemon: str | None
) -> dict[str, object]:
    """Times are UNIX seconds. Of a phone number only the last digits are shown; ``None`` means
    all numbers of the account. ``daemon`` is the holder of the store, ``None`` without one.
    """
    return {
        "version": version,
        "time": now,
        "daemon": daemon,
        "problems": list(problems),
        "accounts": [_account_json(account, now) for account in status.accounts],
        "lanes": list(map(_lane_json, lanes_of(status))),
        "outbox": {"used_bytes": status.used, "capacity_bytes": status.capacity},
        "replicas": list(map(_replica_json, status.replicas)),
        "orders": [_job_json(job, progress) for job, progress in status.jobs],
    }


def _account_json(account: AccountStatus, now: float) -> dict[str, object]:
    return {
        "account": account.account,
        "state": account.reported.state or None,
        "reason": account.reported.reason,
        "headroom_seconds": headroom_of(account, now),
        "calls": account.calls,
        "pending": account.waiting,
        "pending_since": account.waiting_since,
        "numbers": [
            {"number": masked(number) or None, "cursor": position.cursor, "floor": position.floor}
            for number, position in account.numbers.items()
        ],
        "gaps": [
            {
                "number": masked(gap.number) or None,
                "start": gap.start,
                "end": gap.end,
                "reason": gap.reason.value,
            }
            for gap in account.gaps
        ],
        "unreadable": [
            {
                "number": masked(each.number) or None,
                "start": each.start,
                "end": each.end,
                "closed_at": each.closed_at,
            }
            for each in account.unreadable
        ],
    }


def _lane_json(each: LaneStatus) -> dict[str, object]:
    return {
        **_reported_json(each.lane, each.reported),
        "calls": each.calls,
        "oldest": each.oldest,
        "parked": each.parked,
        "paused_since": each.paused_since,
    }


def _reported_json(lane: Lane, reported: ReportedState) -> dict[str, object]:
    return {
        "destination": lane.destination,
        "signal": lane.signal.value,
        "state": reported.state or None,
        "reason": reported.reason,
    }


def _replica_json(each: ReplicaStatus) -> dict[str, object]:
    return {
        "replica": each.name,
        "version": each.version,
        "start": each.start,
        "seen": each.seen,
        "alive": each.alive,
        "accounts": list(each.accounts),
        "helps": list(each.helps),
        "lanes": [_reported_json(lane, reported) for lane, reported in each.lanes.items()],
    }


def _job_json(job: Job, progress: JobStatus) -> dict[str, object]:
    return {
        "id": progress.id,
        "order": job.kind,
        "arguments": json.loads(job.arguments),
        "state": progress.state,
        "calls": progress.calls,
        "entries": progress.entries,
        "left_seconds": progress.left,
    }
