"""The store's interface for the shipper: what is due for a lane, and what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from msgspec import Struct

from fuse_otel.core.batching.batch import CallSlice, StoredBatch
from fuse_otel.core.model.lane import LIVE, Lane


class ParkedCopy(Struct, frozen=True):
    """A call that a destination refused. ``data`` is its slice of the batch as one gzip member."""

    call: CallSlice
    rejected: int
    code: str
    reason: str
    data: bytes


class Acknowledgement(Struct, frozen=True):
    """The calls at ``offsets`` of a batch are done for the lane; ``parked`` of them as copies."""

    batch: int
    offsets: tuple[int, ...]
    parked: tuple[ParkedCopy, ...] = ()


class Reread(Struct, frozen=True):
    """How many calls of a damaged batch are read again, and how many were parked."""

    calls: int
    parked: int


class Outbox(Protocol):
    """The shipper's interface to the store. Every method may raise ``Broken``."""

    def due(
        self, lane: Lane, now: float, max_bytes: int, live: float = LIVE
    ) -> Sequence[StoredBatch]:
        """Unresolved batches in the order to send them, up to ``max_bytes`` inflated, at least one
        if there is any. First those with calls that ended within ``live`` seconds; both groups by
        their oldest call's end.
        """

    def is_paused(self, lane: Lane) -> bool:
        """Whether an operator has paused the lane: nothing may be sent to it."""

    def resolve(self, lane: Lane, acknowledgements: Sequence[Acknowledgement], now: float) -> None:
        """Durable on return, idempotent. A batch that no lane waits for is deleted. Raises ``Full``
        when the parked copies would pass their share of the cap.
        """

    def open_offsets(self, lane: Lane, batch: int) -> frozenset[int]:
        """The calls of a batch that the lane still has to deliver. A call may be erased after a
        request with it was begun.
        """

    def reread(self, batch: int, now: float) -> Reread:
        """The bytes of a batch are damaged: no lane waits for it any more.

        While Plum keeps the logs of its calls, the ledger forgets them and gaps over their times
        are opened, so that they are read as new calls. The others are parked without bytes for each
        lane that waited. Durable on return, idempotent.
        """
