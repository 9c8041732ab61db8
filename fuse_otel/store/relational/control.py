"""The interface of the pages, the commands and the job worker."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence

from msgspec.structs import replace

from fuse_otel.core.model.lane import Lane
from fuse_otel.ports import (
    SLOT,
    SLOTS,
    Erased,
    Job,
    JobStatus,
    JobStep,
    ParkedCall,
    ParkedQuery,
    RecentCall,
    ReplicaStatus,
    ReportedState,
    Sample,
    Status,
)
from fuse_otel.ports.control import EVERY_PARKED
from fuse_otel.store.relational import erasure, parked, pauses, reports, rows
from fuse_otel.store.relational.capacity import used_bytes
from fuse_otel.store.relational.database import Connection, Database
from fuse_otel.store.relational.outbox import hold_accounts
from fuse_otel.store.relational.queries import queries
from fuse_otel.store.relational.rows import write_batches
from fuse_otel.store.relational.step import open_gaps, recent_looseness

_SQL = queries("control")


def _alone(_: Connection) -> tuple[ReplicaStatus, ...]:
    return ()


class RelationalControl:
    """``acquire`` takes the lock of the process or raises ``Busy``; ``holder`` names its holder;
    ``free`` is the room on the disk in bytes; ``replicas`` reads those of a shared store.
    """

    def __init__(
        self,
        database: Database,
        cap: int,
        acquire: Callable[[], None],
        holder: Callable[[], str | None],
        free: Callable[[], int],
        replicas: Callable[[Connection], tuple[ReplicaStatus, ...]] = _alone,
    ) -> None:
        self._free = free
        self._replicas = replicas
        self._database = database
        self._cap = cap
        self._acquire = acquire
        self._holder = holder

    def status(self) -> Status:
        """Reads counters and ends of indexes only: cheap enough for every scrape."""
        free = self._free()
        with self._database.read() as connection:
            return Status(
                accounts=reports.accounts(connection),
                lanes=reports.lanes(connection),
                used=used_bytes(connection),
                capacity=self._cap,
                jobs=reports.jobs(connection),
                moved_aside=reports.moved_aside(connection),
                size=connection.execute(_SQL["size"]).fetchone()[0],
                free=free if free < sys.maxsize else None,
                replicas=self._replicas(connection),
            )

    def report_states(
        self, accounts: Mapping[str, ReportedState], lanes: Mapping[Lane, ReportedState]
    ) -> None:
        with self._database.write() as connection:
            reports.report(connection, self._database.owner, accounts, lanes)

    def add_sample(self, sample: Sample) -> None:
        with self._database.write() as connection:
            connection.execute(_SQL["add_sample"], (sample.at, sample.lag, sample.headroom))
            oldest = sample.at - (SLOTS - 1) * SLOT
            connection.execute(_SQL["forget_samples"], {"first": oldest, "last": sample.at})

    def samples(self, since: int) -> Sequence[Sample]:
        with self._database.read() as connection:
            return [Sample(*row) for row in connection.execute(_SQL["samples"], (since,))]

    def note_moved_aside(self, at: int) -> None:
        """Record that this store replaced a damaged one."""
        with self._database.write() as connection:
            connection.execute(_SQL["note_moved_aside"], (at,))

    def recent(self, limit: int) -> Sequence[RecentCall]:
        with self._database.read() as connection:
            return tuple(map(_recent_call, connection.execute(_SQL["recent"], (limit,))))

    def recent_call(self, session_id: str) -> RecentCall | None:
        with self._database.read() as connection:
            for key in rows.stored_ids(session_id):
                if row := connection.execute(_SQL["recent_call"], (key,)).fetchone():
                    return _recent_call(row)
        return None

    def limit_recent(self, looseness: int, *, beside: bool = False) -> None:
        self._database.looseness = looseness
        if beside and self._holder():
            return
        with self._database.write() as connection:
            if recent_looseness(connection) == looseness:
                return
            connection.execute(_SQL["hold_recent_calls"])
            if recent_looseness(connection) > looseness:
                connection.execute(_SQL["forget_recent_calls"])
            connection.execute(_SQL["note_recent_looseness"], (looseness,))

    def parked(self, limit: int, query: ParkedQuery = EVERY_PARKED) -> Sequence[ParkedCall]:
        with self._database.read() as connection:
            return parked.listed(connection, query, limit)

    def parked_call(self, parked_id: int) -> ParkedCall | None:
        with self._database.read() as connection:
            return parked.one(connection, parked_id)

    def parked_count(self, query: ParkedQuery) -> tuple[int, int]:
        with self._database.read() as connection:
            return parked.count(connection, query)

    def parked_part(self, query: ParkedQuery, max_bytes: int) -> Sequence[ParkedCall]:
        with self._database.read() as connection:
            return parked.part(connection, query, max_bytes)

    def pause(self, lanes: Sequence[Lane], now: int) -> Sequence[Lane]:
        with self._database.write() as connection:
            rows.add_lanes(connection, lanes)
            return pauses.pause(connection, lanes, now)

    def resume(self, lanes: Sequence[Lane]) -> Sequence[Lane]:
        with self._database.write() as connection:
            return pauses.resume(connection, lanes)

    def paused_lanes(self) -> Mapping[Lane, int]:
        with self._database.read() as connection:
            return pauses.paused_lanes(connection)

    def announce(self) -> None:
        with self._database.write() as connection:
            connection.execute(_SQL["announce"])

    def announcements(self) -> int:
        with self._database.read() as connection:
            row = connection.execute(_SQL["announcements"]).fetchone()
            return row[0] if row else 0

    def add_job(self, job: Job, now: float) -> JobStatus:
        """A finished job is forgotten once a thousand newer jobs exist."""
        with self._database.write() as connection:
            ((job_id,),) = connection.execute(
                _SQL["add_job"], (job.kind, job.arguments, now)
            ).fetchall()
            connection.execute(_SQL["forget_jobs"], (job_id,))
            row = connection.execute(_SQL["job_status"], (job_id,)).fetchone()
            return JobStatus(*row)

    def open_jobs(self) -> Sequence[tuple[int, Job]]:
        with self._database.read() as connection:
            found = connection.execute(_SQL["jobs"])
            return tuple((job_id, Job(kind, arguments)) for job_id, kind, arguments in found)

    def job_status(self, job_id: int) -> JobStatus | None:
        with self._database.read() as connection:
            row = connection.execute(_SQL["job_status"], (job_id,)).fetchone()
            return JobStatus(*row) if row else None

    def lock(self) -> None:
        self._database.check_writable()
        self._acquire()

    def lock_holder(self) -> str | None:
        return self._holder()

    def commit_job_step(self, step: JobStep, now: float) -> bool:
        try:
            with self._database.write() as connection:
                _write_job_step(connection, step, now)
                self._database.give_back(connection)
        except _Outdated:
            return False
        return True

    def erase(self, session_id: str, now: float) -> Erased:
        with self._database.erasing() as connection:
            return self._erase(connection, session_id, now)

    def erase_by_job(
        self, job_id: int, session_id: str, now: float, result: Callable[[Erased], JobStatus]
    ) -> JobStatus | None:
        with self._database.erasing() as connection:
            if connection.execute(_SQL["hold_job"], (job_id,)).fetchone() is None:
                return None
            status = result(self._erase(connection, session_id, now))
            _finish_job(connection, status)
        return status

    def _erase(self, connection: Connection, session_id: str, now: float) -> Erased:
        hold_accounts(connection)
        erased = erasure.erase(connection, rows.stored_ids(session_id), int(now))
        self._database.give_back(connection)
        return erased

    def finish_job(self, status: JobStatus) -> bool:
        with self._database.write() as connection:
            return _finish_job(connection, status)


class _Outdated(Exception):
    """The step was planned for a job or for calls that have changed since."""


def _write_job_step(connection: Connection, step: JobStep, now: float) -> None:
    """Raises ``_Outdated``, which rolls the transaction back."""
    status = step.status
    advanced = connection.execute(
        _SQL["advance_job"],
        {
            "id": status.id,
            "state": status.state,
            "result": rows.storable(status.result)[0],
            "taken": len(step.unparked),
            "opens": bool(step.opened),
        },
    ).rowcount
    if not advanced or not parked.take(connection, step.unparked):
        raise _Outdated
    for account, gaps in step.opened.items():
        connection.execute(_SQL["account"], {"account": account})
        (account_id,) = connection.execute(_SQL["account_id"], {"account": account}).fetchone()
        open_gaps(connection, account_id, gaps)
    write_batches(connection, step.batches, int(now))


def _finish_job(connection: Connection, status: JobStatus) -> bool:
    row = rows.storable(status.state, status.result, status.id)
    return connection.execute(_SQL["finish_job"], row).rowcount > 0


def _recent_call(row: rows.Row) -> RecentCall:
    call = RecentCall(*row)
    return replace(call, error=bool(call.error))
