"""The store's door for the shipper: what is due for a lane."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from fuse_otel.core.batching.batch import CallSlice, StoredBatch
from fuse_otel.core.model.lane import LIVE, Lane


@dataclass(frozen=True, slots=True)
class ParkedCopy:
    """A call that a destination refused. ``data`` is its slice of the body as one gzip member."""

    call: CallSlice
    rejected: int
    code: str
    reason: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """These calls (by their offset) of a body are resolved for the lane; copies are parked."""

    body: int
    offsets: tuple[int, ...]
    parked: tuple[ParkedCopy, ...] = ()


@dataclass(frozen=True, slots=True)
class Reread:
    """Of a damaged body's calls: how many are to be read again, and how many were parked."""

    calls: int
    parked: int


class Outbox(Protocol):
    """The shipper's door to the store. Every method may raise ``Broken``."""

    def due(
        self, lane: Lane, now: float, max_bytes: int, live: float = LIVE
    ) -> Sequence[StoredBatch]:
        """Unresolved bodies in the order to send them, up to ``max_bytes`` inflated, at least one
        if there is any. First those with calls that ended within ``live`` seconds; both groups by
        their oldest call's end.
        """
        ...

    def resolve(self, lane: Lane, verdicts: Sequence[Acknowledgement], now: float) -> None:
        """Durable on return, idempotent. A body that no lane waits for is deleted. Raises ``Full``
        when the parked copies would pass their share of the cap.
        """
        ...

    def reread(self, body: int, now: float) -> Reread:
        """The bytes of a body are damaged: no lane waits for it any more. While Plum keeps the
        details of its calls, the ledger forgets them and gaps over their times are opened, so that
        they are read as if they were new. The others are parked without bytes for each lane that
        waited. Durable on return, idempotent.
        """
        ...
