"""The store's door for the pages and the commands: reads, and orders for the daemon."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from fuse_otel.core.batching.batch import Batch, CallSlice
from fuse_otel.core.model.lane import Lane
from fuse_otel.ports.ledger import Gap, NumberPosition, RecentCall

LAST = 2**63 - 1  # no id of the store is larger


@dataclass(frozen=True, slots=True)
class Told:
    """What the daemon last told of an account or a lane. ``state`` is ``up``, ``down`` or (lanes)
    ``held``, empty for what it does not have; ``reason`` a sentence.
    """

    state: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """An interval that was given up: it answered with errors until its five days were over."""

    number: str
    start: int
    end: int
    closed_at: int


@dataclass(frozen=True, slots=True)
class AccountStatus:
    account: str
    numbers: Mapping[str, NumberPosition]
    gaps: tuple[Gap, ...]
    waiting: int
    waiting_since: int | None
    calls: int
    unreadable: tuple[Unreadable, ...] = ()
    told: Told = Told()


@dataclass(frozen=True, slots=True)
class LaneStatus:
    """``calls`` wait for the lane, the oldest ended at ``oldest``; ``parked`` calls are parked."""

    lane: Lane
    calls: int
    oldest: int | None
    parked: int
    told: Told = Told()


@dataclass(frozen=True, slots=True)
class ParkedCall:
    """``id`` is the store's. ``data`` is empty in a listing."""

    id: int
    lane: Lane
    call: CallSlice
    rejected: int
    code: str
    reason: str
    parked_at: float
    data: bytes = b""


@dataclass(frozen=True, slots=True)
class ParkedQuery:
    """Which parked calls: those of ``ids``, of a destination, of a signal (empty: of all), with an
    id above ``after`` and up to ``last``.
    """

    ids: tuple[int, ...] = ()
    destination: str = ""
    signal: str = ""
    after: int = 0
    last: int = LAST


EVERY_PARKED = ParkedQuery()


@dataclass(frozen=True, slots=True)
class Job:
    """What a command asks of the daemon. ``kind`` is ``backfill``, ``replay`` or ``drop``;
    ``arguments`` is JSON.
    """

    kind: str
    arguments: str


@dataclass(frozen=True, slots=True)
class JobStatus:
    """``state`` is ``waiting``, ``working``, ``done`` or ``failed``; ``result`` a sentence.

    ``calls`` (with ``entries``, where calls are read) were dealt with so far; ``left`` are the
    seconds of a backfill that are still to be read, of all its accounts and numbers together.
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


@dataclass(frozen=True, slots=True)
class Carried:
    """What carrying out an order, or a part of it, changes. ``opened`` are gaps by account;
    ``unparked`` calls leave the parked ones, ``bodies`` go to their lanes.
    """

    receipt: JobStatus
    opened: Mapping[str, Sequence[Gap]] = field(default_factory=dict)
    unparked: Sequence[int] = ()
    bodies: Sequence[Batch] = ()


@dataclass(frozen=True, slots=True)
class Status:
    """``used`` and ``capacity`` are bytes of bodies and parked copies; ``orders`` are open.
    ``moved_aside`` is when this store took the place of a damaged one, ``None`` if it never did.
    """

    accounts: tuple[AccountStatus, ...]
    lanes: tuple[LaneStatus, ...]
    used: int
    capacity: int
    orders: tuple[tuple[Job, JobStatus], ...] = ()
    moved_aside: int | None = None


class Control(Protocol):
    """The door of the pages and the commands: reads, and orders for the daemon."""

    def status(self) -> Status: ...

    def tell(self, accounts: Mapping[str, Told], lanes: Mapping[Lane, Told]) -> None:
        """Keep what the daemon says of its accounts and lanes; of others it says nothing."""
        ...

    def recent(self, limit: int) -> Sequence[RecentCall]:
        """The calls stored last, newest first; ``traces`` and ``logs`` are empty here."""
        ...

    def recent_call(self, session_id: str) -> RecentCall | None: ...

    def parked(self, limit: int, query: ParkedQuery = EVERY_PARKED) -> Sequence[ParkedCall]:
        """Newest first."""
        ...

    def parked_call(self, parked_id: int) -> ParkedCall | None: ...

    def parked_count(self, query: ParkedQuery) -> tuple[int, int]:
        """How many there are, and the newest's id (0 if there is none)."""
        ...

    def parked_part(self, query: ParkedQuery, max_bytes: int) -> Sequence[ParkedCall]:
        """The first of them with their data, in the order of their ids: up to ``max_bytes``
        inflated, at least one if there is any.
        """
        ...

    def order(self, order: Job, now: float) -> JobStatus: ...

    def orders(self) -> Sequence[tuple[int, Job]]:
        """Those that are open, oldest first."""
        ...

    def receipt(self, order_id: int) -> JobStatus | None: ...

    def serve(self) -> None:
        """Become the one that carries out orders. Idempotent. Raises ``Busy``."""
        ...

    def server(self) -> str | None:
        """Who carries out orders at the moment, for people to read; ``None`` if nobody does."""
        ...

    def carry_out(self, carried: Carried, now: float) -> bool:
        """All or nothing, durable on return. False, and nothing is changed, if the order is not
        open any more, has moved on (gaps are opened once), or a call is not parked any more.
        """
        ...

    def answer(self, receipt: JobStatus) -> None:
        """Note what became of an order."""
        ...
