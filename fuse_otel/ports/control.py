"""The store's door for the pages and the commands: reads, and orders for the daemon."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from fuse_otel.core.body import BodyCall, Lane
from fuse_otel.ports.ledger import Gap, NumberPosition, RecentCall


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
