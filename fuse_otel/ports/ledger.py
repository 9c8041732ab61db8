"""The store's door for the poller: what was seen, and what is still to be read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from fuse_otel.core.batching.batch import Batch
from fuse_otel.core.model.call import ListedCall, Seen


class GapReason(StrEnum):
    HISTORY = "history"  # the past asked for at the first start
    BACKFILL = "backfill"  # asked for by an order
    DOWNTIME = "downtime"  # nobody polled
    ERROR = "error"  # the API did not answer for this interval
    DAMAGE = "damage"  # a stored batch was damaged, and its calls were forgotten


class PendingReason(StrEnum):
    GROWING = "growing"  # the log may still grow
    MISSING = "missing"  # the details are not there (yet)
    FAILING = "failing"  # the details answer with an error
    RECHECK = "recheck"  # exported already; read once more


@dataclass(frozen=True, slots=True)
class Gap:
    """An interval still to read. ``id`` is the store's, 0 for one not stored yet. ``again``: send
    calls that are known once more. ``order`` is the order that opened it, 0 for none.
    """

    number: str
    start: int
    end: int
    reason: GapReason
    again: bool = False
    id: int = 0
    order: int = 0


@dataclass(frozen=True, slots=True)
class Pending:
    """A call to be read (again) at ``due``. Any but ``RECHECK`` is not exported yet. ``since`` is
    the store's: when the call became pending, 0 for one not stored yet.
    """

    call: ListedCall
    number: str
    reason: PendingReason
    due: int
    since: int = 0


@dataclass(frozen=True, slots=True)
class NumberPosition:
    """``cursor``: read up to here, gaps and pending calls apart. ``floor``: never read before."""

    cursor: int
    floor: int


@dataclass(frozen=True, slots=True)
class Position:
    """Where an account's reading stands.

    ``due`` holds at most the asked number of pending calls, the earliest due first;
    ``next_due`` is when the first of the others falls due. ``waiting`` counts the pending calls
    that are not exported yet, and ``waiting_since`` is the oldest end among them.
    """

    numbers: Mapping[str, NumberPosition]
    gaps: tuple[Gap, ...]
    due: tuple[Pending, ...]
    next_due: int | None
    waiting: int
    waiting_since: int | None


@dataclass(frozen=True, slots=True)
class SeenRow:
    """A ledger row to be written: the call was exported as ``seen`` tells."""

    session_id: str
    seen: Seen


@dataclass(frozen=True, slots=True)
class RecentCall:
    """A call for the pages and ``show``. ``traces`` and ``logs`` are OTLP export requests
    (generic flavour, strict redaction), not compressed.
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


@dataclass(frozen=True, slots=True)
class Step:
    """All that one reading changes, for one transaction.

    ``at`` is the time of the step. Ledger rows are kept 7 days after the later of the call's end
    and ``at``; ``listed`` names rows that were met again, whose keeping starts anew.
    ``opened`` and ``closed`` edit the gaps; ``given_up`` are those of the closed that were not
    read. The calls of ``seen`` count for the ``order`` they were read for. ``pending`` replaces by
    session id, ``settled`` takes pending calls away. ``positions`` are set as they are.
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
    order: int = 0
    bodies: Sequence[Batch] = ()
    recent: Sequence[RecentCall] = ()


class Lease(Protocol):
    """The right to read one account, and the store as that account's poller sees it.

    Every method may raise ``Broken``; all but ``check_room`` raise ``LeaseLost`` once another
    process has taken the account.
    """

    @property
    def account(self) -> str: ...

    def position(self, now: int, limit: int) -> Position:
        """Where the account stands, with at most ``limit`` pending calls due at ``now``."""
        ...

    def known(self, session_ids: Sequence[str]) -> Mapping[str, Seen]:
        """Those of the calls that were exported, as they were then."""
        ...

    def waiting(self, session_ids: Sequence[str]) -> Mapping[str, Pending]:
        """Those of the calls that are pending (rechecks included)."""
        ...

    def check_room(self, needed: int) -> None:
        """Raises ``Full`` unless so many bytes of batches have room, or as many as half the cap."""
        ...

    def commit(self, step: Step) -> None:
        """All or nothing, durable on return. Raises ``Full`` or ``LeaseLost``."""
        ...


class Ledger(Protocol):
    """The poller's door to the store."""

    def lease(self, account: str) -> Lease:
        """Take the account. Idempotent for the holder. Raises ``Busy`` or ``Broken``."""
        ...

    # The poller moves to the methods of the lease; these go when it has.
    def position(self, lease: Lease, now: int, limit: int) -> Position: ...

    def known(self, account: str, session_ids: Sequence[str]) -> Mapping[str, Seen]: ...

    def waiting(self, account: str, session_ids: Sequence[str]) -> Mapping[str, Pending]: ...

    def check_room(self, needed: int) -> None: ...

    def commit(self, lease: Lease, step: Step) -> None: ...
