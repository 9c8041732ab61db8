"""The store's interface for the poller: which calls were stored, and what is still to be read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple, Protocol

from msgspec import Struct, field

from fuse_otel.core.batching.batch import Batch
from fuse_otel.core.model.call import ListedCall, Seen
from fuse_otel.core.timing.windows import HOUR
from fuse_otel.ports.calls import IndexedCall

RECENT_CALLS = 500  # the pages keep no more calls than that


class GapReason(StrEnum):
    HISTORY = "history"  # the past that the first start has to read
    BACKFILL = "backfill"  # a job asked for it
    DOWNTIME = "downtime"  # no daemon was running
    ERROR = "error"  # the API did not answer for this interval
    DAMAGE = "damage"  # a stored batch was damaged, so its calls are read again


class PendingReason(StrEnum):
    GROWING = "growing"  # the log can still grow
    MISSING = "missing"  # the API has no log for it yet
    FAILING = "failing"  # the API answers its log with an error
    RECHECK = "recheck"  # exported already; read once more


class Gap(Struct, frozen=True):
    """An interval still to be read. ``id`` is the store's, 0 for one not stored yet. ``again``:
    send known calls once more. ``job`` is the id of the job that opened it, 0 for none. ``taken``:
    another replica reads it now.
    """

    number: str
    start: int
    end: int
    reason: GapReason
    again: bool = False
    id: int = 0
    job: int = 0
    taken: bool = False


class Pending(Struct, frozen=True):
    """A call to be read (again) at ``due``, not exported yet unless ``reason`` is ``RECHECK``.
    ``since`` is the store's: when the call became pending, 0 for one not stored yet.
    """

    call: ListedCall
    number: str
    reason: PendingReason
    due: int
    since: int = 0


class StoredCalls(NamedTuple):
    """By session id: the calls that were exported, as they were then, and the pending ones
    (rechecks included).
    """

    known: Mapping[str, Seen] = MappingProxyType({})
    waiting: Mapping[str, Pending] = MappingProxyType({})


class NumberPosition(Struct, frozen=True):
    """``cursor``: the account was read up to here, gaps and pending calls apart. ``floor``: nothing
    before it is read.
    """

    cursor: int
    floor: int


class Position(Struct, frozen=True):
    """How far an account is read.

    ``due`` holds pending calls up to the given limit, the earliest due first; ``next_due`` is when
    the first of the others falls due. ``waiting`` counts the pending calls that are not exported
    yet, ``waiting_since`` is the oldest end among them, and ``waiting_for`` counts them by reason.
    ``shares``: the request budget of the account is divided among so many replicas.
    """

    numbers: Mapping[str, NumberPosition]
    gaps: tuple[Gap, ...]
    due: tuple[Pending, ...]
    next_due: int | None
    waiting: int
    waiting_since: int | None
    waiting_for: Mapping[PendingReason, int] = field(default_factory=dict)
    shares: int = 1


class SeenRow(Struct, frozen=True):
    """A ledger row to be written: the call was exported with the facts in ``seen``."""

    session_id: str
    seen: Seen


class CallerRow(Struct, frozen=True):
    """An inbound call of the pseudonym ``caller``, which ended at ``end`` (UNIX seconds)."""

    session_id: str
    caller: str
    end: int


class RecentCall(Struct, frozen=True):
    """A call for the pages and ``show``. ``traces`` and ``logs`` are OTLP export requests
    (generic profile, the redaction of the pages), not compressed.
    """

    session_id: str
    trace_id: str
    application: str
    direction: str
    outcome: str
    details: str
    error: bool
    start: int | None
    end: int | None
    traces: bytes
    logs: bytes
    account: str = ""

    @property
    def size(self) -> int:
        """Of its requests, bytes."""
        return len(self.traces) + len(self.logs)

    def is_live(self, now: int) -> bool:
        """Whether it ended in the last hour, so that no call that is caught up takes its place."""
        return self.end is not None and self.end > now - HOUR


class Step(Struct, frozen=True):
    """All that one step of a scan changes, for one transaction.

    ``at`` is the time of the step. Ledger rows are kept 7 days after the later of the call's end
    and ``at``; the rows named in ``listed`` were listed again, so their 7 days start again.
    ``opened`` and ``closed`` edit the gaps; ``given_up`` are the closed gaps that were not read.
    The calls of ``seen`` count for ``job``. ``pending`` adds or replaces by session id, ``settled``
    removes pending calls. ``positions`` replaces the positions of the named numbers. ``callers``
    are kept for 25 hours after the end of their call. ``indexed`` are the facts of the calls that
    this step stores, for the index of calls: they replace those of an earlier step. ``before`` has
    the entries that the ledger had of calls in ``seen`` when they were rendered, ``None`` for a new
    call.
    """

    at: int
    positions: Mapping[str, NumberPosition] = field(default_factory=dict)
    seen: Sequence[SeenRow] = ()
    listed: Sequence[str] = ()
    pending: Sequence[Pending] = ()
    settled: Sequence[str] = ()
    opened: Sequence[Gap] = ()
    closed: Sequence[int] = ()
    given_up: Sequence[Gap] = ()
    job: int = 0
    batches: Sequence[Batch] = ()
    recent: Sequence[RecentCall] = ()
    callers: Sequence[CallerRow] = ()
    indexed: Sequence[IndexedCall] = ()
    before: Mapping[str, int | None] = field(default_factory=dict)


class Lease(Protocol):
    """The right to read one account, and the store as that account's poller sees it. A lease that
    ``helps`` is the right to read gaps of an account that another process holds: its positions have
    nothing else.

    Every method may raise ``Broken``; all but ``check_room`` raise ``LeaseLost`` once another
    process has taken the account.
    """

    @property
    def account(self) -> str: ...

    @property
    def helps(self) -> bool: ...

    def position(self, now: int, limit: int) -> Position:
        """The position of the account, with at most ``limit`` pending calls due at ``now``."""

    def look_up(self, session_ids: Sequence[str]) -> StoredCalls:
        """Those of the calls that were exported or are pending, in one view."""

    def callers(self, pseudonyms: Sequence[str]) -> Sequence[CallerRow]:
        """The kept calls of these callers."""

    def check_room(self, needed: int) -> None:
        """Raises ``Full`` unless so many bytes of batches have room, or as many as half the cap."""

    def commit(self, step: Step) -> None:
        """All or nothing, durable on return. Raises ``Full``, ``LeaseLost``, or ``Overtaken`` when
        the ledger has other entries of a call than ``before``.
        """

    def claim(self, gap: Gap, end: int) -> Gap | None:
        """The gap to read, so that no other replica reads it. Where there are others, it is the
        part up to ``end``, and the rest is a gap of its own. ``None``: another one has it.
        """

    def share(self, most: int) -> None:
        """Divide the request budget among all living replicas, ``most`` at most. Those that help
        now are divided among in any case. A lease that helps may not.
        """


class Ledger(Protocol):
    """The poller's interface to the store."""

    def lease(self, account: str) -> Lease:
        """Take the account. Idempotent for the holder. Raises ``Busy`` or ``Broken``."""

    def help(self, account: str) -> Lease:
        """Help the process that has the account. What this one has claimed before is free then.
        Raises ``Busy`` unless it shares the account.
        """
