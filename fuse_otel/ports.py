"""The contracts between the loops and the outside: one source, three doors of one store,
destinations and the clock. Every adapter passes the conformance suite of its port (``tests``).

All times are UNIX seconds. ``account`` is an account's configured name; ``number`` is the phone
number a reading is limited to, ``""`` for all numbers of the account.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from fuse_otel.core.body import Body, BodyCall, Lane, NewBody
from fuse_otel.core.call import CallLog, CallRecord, Details, ListedCall, Seen
from fuse_otel.core.outcome import Outcome
from fuse_otel.core.telemetry import Signal

# --- source ---------------------------------------------------------------------------------------


class Endpoint(StrEnum):
    CALLS = "calls"
    ALL_LOGS = "all_logs"
    CALL = "call"


@dataclass(frozen=True, slots=True)
class CallPage:
    """``records`` counts what the page held, unreadable ones included; ``total`` is the API's
    ``total_calls``, ``None`` if it named none.
    """

    calls: tuple[CallRecord, ...]
    records: int
    total: int | None


@dataclass(frozen=True, slots=True)
class LogPage:
    """``records`` counts what the page held; ``size`` is the decoded answer in bytes."""

    logs: Mapping[str, CallLog]
    records: int
    size: int


class Source(Protocol):
    """The three questions the API answers. One request each: no retry, no sleep inside.

    ``start`` and ``end`` are the bounds of the path. Raises ``SourceError``.
    """

    def list_calls(
        self, start: int, end: int, *, number: str, offset: int, limit: int | None
    ) -> CallPage: ...

    def read_logs(
        self, start: int, end: int, *, number: str, offset: int, limit: int
    ) -> LogPage: ...

    def read_call(self, session_id: str) -> CallLog: ...


# --- store: the poller's door ---------------------------------------------------------------------


class GapReason(StrEnum):
    HISTORY = "history"  # the past asked for at the first start
    BACKFILL = "backfill"  # asked for by an order
    DOWNTIME = "downtime"  # nobody polled
    ERROR = "error"  # the API did not answer for this interval


class PendingReason(StrEnum):
    GROWING = "growing"  # the log may still grow
    MISSING = "missing"  # the details are not there (yet)
    FAILING = "failing"  # the details answer with an error
    RECHECK = "recheck"  # exported already; read once more


@dataclass(frozen=True, slots=True)
class Gap:
    """An interval still to read. ``id`` is the store's, 0 for one not stored yet."""

    number: str
    start: int
    end: int
    reason: GapReason
    again: bool = False
    id: int = 0


@dataclass(frozen=True, slots=True)
class Pending:
    """A call to be read (again) at ``due``. Any but ``RECHECK`` is not exported yet."""

    call: ListedCall
    number: str
    reason: PendingReason
    due: int


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
class Lease:
    account: str
    epoch: int


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
    ``opened`` and ``closed`` edit the gaps; ``pending`` replaces by session id, ``settled`` takes
    pending calls away. ``positions`` are set as they are.
    """

    at: int
    positions: Mapping[str, NumberPosition] = field(default_factory=dict)
    seen: Sequence[SeenRow] = ()
    listed: Sequence[str] = ()
    pending: Sequence[Pending] = ()
    settled: Sequence[str] = ()
    opened: Sequence[Gap] = ()
    closed: Sequence[int] = ()
    bodies: Sequence[NewBody] = ()
    recent: Sequence[RecentCall] = ()


class Ledger(Protocol):
    """The poller's door to the store. Every method may raise ``Broken``."""

    def lease(self, account: str) -> Lease:
        """Take the account. Idempotent for the holder. Raises ``Busy``."""
        ...

    def position(self, lease: Lease, now: int, limit: int) -> Position:
        """Where the account stands, with at most ``limit`` pending calls due at ``now``."""
        ...

    def known(self, account: str, session_ids: Sequence[str]) -> Mapping[str, Seen]: ...

    def waiting(self, account: str, session_ids: Sequence[str]) -> Mapping[str, Pending]:
        """Those of the calls that are pending (rechecks included)."""
        ...

    def commit(self, lease: Lease, step: Step) -> None:
        """All or nothing, durable on return. Raises ``Full`` or ``LeaseLost``."""
        ...


# --- store: the shipper's door --------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ParkedCopy:
    """A call that a destination refused. ``data`` is its slice of the body as one gzip member."""

    call: BodyCall
    rejected: int
    code: str
    reason: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Verdict:
    """These calls (by their offset) of a body are resolved for the lane; copies are parked."""

    body: int
    offsets: tuple[int, ...]
    parked: tuple[ParkedCopy, ...] = ()


class Outbox(Protocol):
    """The shipper's door to the store. Every method may raise ``Broken``."""

    def due(self, lane: Lane, now: float, max_bytes: int) -> Sequence[Body]:
        """Unresolved bodies in the order to send them, up to ``max_bytes`` inflated, at least one
        if there is any. First those with calls that ended in the last 2 min, then by their oldest
        call's end.
        """
        ...

    def resolve(self, lane: Lane, verdicts: Sequence[Verdict], now: float) -> None:
        """Durable on return, idempotent. A body that no lane waits for is deleted. Raises ``Full``
        when the parked copies would pass their share of the cap.
        """
        ...


# --- store: the door of the pages and the commands ------------------------------------------------


@dataclass(frozen=True, slots=True)
class AccountStatus:
    account: str
    numbers: Mapping[str, NumberPosition]
    gaps: tuple[Gap, ...]
    waiting: int
    waiting_since: int | None
    calls: int


@dataclass(frozen=True, slots=True)
class LaneStatus:
    """``calls`` wait for the lane, the oldest ended at ``oldest``; ``parked`` calls are parked."""

    lane: Lane
    calls: int
    oldest: int | None
    parked: int


@dataclass(frozen=True, slots=True)
class Status:
    """``used`` and ``capacity`` are bytes of bodies and parked copies."""

    accounts: tuple[AccountStatus, ...]
    lanes: tuple[LaneStatus, ...]
    used: int
    capacity: int


@dataclass(frozen=True, slots=True)
class ParkedCall:
    """``id`` is the store's. ``data`` is empty in a listing."""

    id: int
    lane: Lane
    call: BodyCall
    rejected: int
    code: str
    reason: str
    parked_at: float
    data: bytes = b""


@dataclass(frozen=True, slots=True)
class Order:
    """What a command asks of the daemon. ``kind`` is ``backfill``, ``replay`` or ``drop``;
    ``arguments`` is JSON.
    """

    kind: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """``state`` is ``waiting``, ``done`` or ``failed``; ``result`` a sentence."""

    id: int
    state: str
    result: str


class Control(Protocol):
    """The door of the pages and the commands: reads, and orders for the daemon."""

    def status(self) -> Status: ...

    def recent(self, limit: int) -> Sequence[RecentCall]:
        """The calls stored last, newest first; ``traces`` and ``logs`` are empty here."""
        ...

    def recent_call(self, session_id: str) -> RecentCall | None: ...

    def parked(self, limit: int) -> Sequence[ParkedCall]: ...

    def parked_call(self, parked_id: int) -> ParkedCall | None: ...

    def order(self, order: Order, now: float) -> Receipt: ...

    def orders(self) -> Sequence[tuple[int, Order]]:
        """Those that wait, oldest first."""
        ...

    def receipt(self, order_id: int) -> Receipt | None: ...

    def answer(self, receipt: Receipt) -> None:
        """Note what became of an order."""
        ...


class Store(Protocol):
    """One database behind three doors."""

    @property
    def ledger(self) -> Ledger: ...

    @property
    def outbox(self) -> Outbox: ...

    @property
    def control(self) -> Control: ...

    def close(self) -> None: ...


# --- the far side ---------------------------------------------------------------------------------


class Destination(Protocol):
    """An OTLP back end, a file or a terminal. Never raises for what the far side does."""

    @property
    def name(self) -> str: ...

    def send(self, signal: Signal, data: bytes, items: int) -> Outcome:
        """Deliver one export request, given as one gzip member of the OTLP protobuf message."""
        ...

    def close(self) -> None: ...


class Clock(Protocol):
    def now(self) -> float: ...


__all__ = [
    "AccountStatus", "Body", "CallPage", "Clock", "Control", "Destination", "Details", "Endpoint",
    "Gap", "GapReason", "LaneStatus", "Lease", "Ledger", "LogPage", "NumberPosition", "Order",
    "Outbox", "ParkedCall", "ParkedCopy", "Pending", "PendingReason", "Position", "Receipt",
    "RecentCall", "SeenRow", "Source", "Status", "Step", "Store", "Verdict",
]  # fmt: skip
