"""The store's interface for pages and commands: status, recent and parked calls, jobs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from msgspec import Struct, field

from fuse_otel.core.batching.batch import Batch, CallSlice
from fuse_otel.core.model.lane import Lane
from fuse_otel.ports.calls import Sample
from fuse_otel.ports.ledger import Gap, NumberPosition, RecentCall

LAST = 2**63 - 1  # no id of the store is larger


class ReportedState(Struct, frozen=True):
    """What the daemon last reported of an account or a lane. ``state`` is ``up``, ``down`` or
    (lanes) ``held``, and empty if the daemon has no such account or lane. ``reason`` is a sentence.
    """

    state: str = ""
    reason: str = ""


class Unreadable(Struct, frozen=True):
    """An interval that was given up: the API answered it with errors for five days."""

    number: str
    start: int
    end: int
    closed_at: int


class AccountStatus(Struct, frozen=True):
    account: str
    numbers: Mapping[str, NumberPosition]
    gaps: tuple[Gap, ...]
    waiting: int
    waiting_since: int | None
    calls: int
    unreadable: tuple[Unreadable, ...] = ()
    reported: ReportedState = ReportedState()


class LaneStatus(Struct, frozen=True):
    """``calls`` wait for the lane, the oldest ended at ``oldest``; ``parked`` calls are parked.
    ``paused_since`` is when an operator paused the lane, ``None`` if nobody has.
    """

    lane: Lane
    calls: int
    oldest: int | None
    parked: int
    reported: ReportedState = ReportedState()
    paused_since: int | None = None


class ParkedCall(Struct, frozen=True):
    """``id`` is the store's. ``data`` is empty in a listing."""

    id: int
    lane: Lane
    call: CallSlice
    rejected: int
    code: str
    reason: str
    parked_at: float
    data: bytes = b""


class ParkedQuery(Struct, frozen=True):
    """Which parked calls: those of ``ids``, of a destination, of a signal (empty: of all), with an
    id above ``after`` and up to ``last``.
    """

    ids: tuple[int, ...] = ()
    destination: str = ""
    signal: str = ""
    after: int = 0
    last: int = LAST


EVERY_PARKED = ParkedQuery()


class Job(Struct, frozen=True):
    """Work that a command leaves in the store for the daemon. ``kind`` is ``backfill``, ``replay``,
    ``drop`` or ``erase``; ``arguments`` is JSON.
    """

    kind: str
    arguments: str


class JobStatus(Struct, frozen=True):
    """``state`` is ``waiting``, ``working``, ``done`` or ``failed``; ``result`` is a sentence.

    ``calls`` and, where calls are read, ``entries`` count what is done. ``left`` is how many
    seconds of a backfill are still to be read, over all accounts and numbers.
    """

    id: int
    state: str
    result: str
    calls: int = 0
    entries: int = 0
    left: int = 0

    @property
    def open(self) -> bool:
        return self.state in {"waiting", "working"}


class JobStep(Struct, frozen=True):
    """What one step of a job changes. ``opened`` holds gaps by account; the calls ``unparked`` are
    not parked any more; ``batches`` go to their lanes.
    """

    status: JobStatus
    opened: Mapping[str, Sequence[Gap]] = field(default_factory=dict)
    unparked: Sequence[int] = ()
    batches: Sequence[Batch] = ()


class Erased(Struct, frozen=True):
    """How many copies of a call were erased: ``waiting`` and ``parked`` by lane. ``known``: an
    account has read the call, or has listed it. ``indexed``: its rows in the index of calls.
    """

    recent: int
    pending: int
    waiting: Mapping[Lane, int]
    parked: Mapping[Lane, int]
    known: bool
    indexed: int = 0

    @property
    def copies(self) -> int:
        lanes = (*self.waiting.values(), *self.parked.values())
        return self.recent + self.pending + self.indexed + sum(lanes)


class ReplicaStatus(Struct, frozen=True):
    """A process that works on a shared store since ``start``; it last answered at ``seen`` (UNIX
    seconds of the store), and reads ``accounts``. Without ``alive`` it counts as dead. ``here``: it
    is this process. It ``exports`` metrics if it is a daemon. Of the accounts in ``helps`` it reads
    a part of a gap. ``lanes`` is what it last reported of its lanes.
    """

    name: str
    version: str
    start: int
    seen: int
    alive: bool
    here: bool
    accounts: tuple[str, ...] = ()
    exports: bool = True
    helps: tuple[str, ...] = ()
    lanes: Mapping[Lane, ReportedState] = field(default_factory=dict)


class Status(Struct, frozen=True):
    """``used`` and ``capacity`` are bytes of the outbox; ``jobs`` are the open ones. ``size`` is
    the database's, ``free`` the room on its disk: bytes, ``None`` where nothing is known.
    ``moved_aside`` is when this store took the place of a damaged one, ``None`` if it never did.
    ``replicas`` are those of a shared store, the oldest first.
    """

    accounts: tuple[AccountStatus, ...]
    lanes: tuple[LaneStatus, ...]
    used: int
    capacity: int
    jobs: tuple[tuple[Job, JobStatus], ...] = ()
    moved_aside: int | None = None
    size: int | None = None
    free: int | None = None
    replicas: tuple[ReplicaStatus, ...] = ()

    @property
    def is_exported_here(self) -> bool:
        """Whether this process exports the gauges of the store: one of the daemons does."""
        exporting = (each.here for each in self.replicas if each.alive and each.exports)
        return next(exporting, True)


class Control(Protocol):
    """The interface of pages, commands and job worker. Every method may raise ``Broken``."""

    def status(self) -> Status: ...

    def report_states(
        self, accounts: Mapping[str, ReportedState], lanes: Mapping[Lane, ReportedState]
    ) -> None:
        """Keep the states of the daemon's accounts and lanes; all others lose theirs. Each replica
        of a shared store has states of its own. The status shows that of an account's reader, and
        the worst of a lane.
        """

    def add_sample(self, sample: Sample) -> None:
        """A slot keeps the worst of its samples. Those older than a day, and those of a clock that
        was ahead, are forgotten.
        """

    def samples(self, since: int) -> Sequence[Sample]:
        """Of the slots that start at ``since`` or later, the oldest first."""

    def recent(self, limit: int) -> Sequence[RecentCall]:
        """The calls stored last, newest first; ``traces`` and ``logs`` are empty here."""

    def recent_call(self, session_id: str) -> RecentCall | None: ...

    def limit_recent(self, looseness: int, *, beside: bool = False) -> None:
        """From now on recent calls show so much. Those stored while more was shown are removed, and
        other processes that would show more store none. ``beside``: only this process does so if
        others work on the store.
        """

    def parked(self, limit: int, query: ParkedQuery = EVERY_PARKED) -> Sequence[ParkedCall]:
        """Newest first."""

    def parked_call(self, parked_id: int) -> ParkedCall | None: ...

    def parked_count(self, query: ParkedQuery) -> tuple[int, int]:
        """How many there are, and the newest's id (0 if there is none)."""

    def parked_part(self, query: ParkedQuery, max_bytes: int) -> Sequence[ParkedCall]:
        """The first of them with their data, in the order of their ids: up to ``max_bytes``
        inflated, at least one if there is any.
        """

    def pause(self, lanes: Sequence[Lane], now: int) -> Sequence[Lane]:
        """From now on nothing is sent to these lanes. Returns those that were not paused before;
        the others keep their time. Durable on return.
        """

    def resume(self, lanes: Sequence[Lane]) -> Sequence[Lane]:
        """Returns those that were paused. Durable on return."""

    def paused_lanes(self) -> Mapping[Lane, int]:
        """Since when each paused lane is paused, UNIX seconds."""

    def announce(self) -> None:
        """A call ended: count it for all processes that share the store. Durable on return."""

    def announcements(self) -> int:
        """How many there were."""
        ...

    def add_job(self, job: Job, now: float) -> JobStatus: ...

    def open_jobs(self) -> Sequence[tuple[int, Job]]:
        """Waiting and working ones with their ids, oldest first."""

    def job_status(self, job_id: int) -> JobStatus | None: ...

    def lock(self) -> None:
        """Take the lock of the process that does the jobs. Idempotent. Raises ``Busy``."""

    def lock_holder(self) -> str | None:
        """The process that does the jobs now, for people to read; ``None`` if there is none."""

    def commit_job_step(self, step: JobStep, now: float) -> bool:
        """All or nothing, durable on return. Returns False and changes nothing if the job is not
        open any more, has moved on (gaps are opened once), or a call is not parked any more. The
        calls of the job grow by those that are parked no more.
        """

    def erase(self, session_id: str, now: float) -> Erased:
        """Remove all that is held of a call, also inside batches of many calls, and overwrite it on
        the disk. The ledger keeps the session id, so that the call is not read again. Durable on
        return, idempotent.
        """

    def erase_by_job(
        self, job_id: int, session_id: str, now: float, result: Callable[[Erased], JobStatus]
    ) -> JobStatus | None:
        """``erase``, and finish the job with what ``result`` makes of it, all or nothing. Returns
        ``None`` and erases nothing if the job had ended before.
        """

    def finish_job(self, status: JobStatus) -> bool:
        """Record how a job ended. Returns False if it had ended before."""
