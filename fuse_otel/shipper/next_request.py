"""Where a lane takes its next shipment from: what is due and not in hand yet."""

from __future__ import annotations

from collections.abc import Sequence

from fuse_otel.core.batching.batch import MAX_INFLATED, StoredBatch
from fuse_otel.core.batching.export_request import neighbours, ship
from fuse_otel.core.model.lane import Lane
from fuse_otel.ports import Outbox
from fuse_otel.shipper.in_flight import Attempt, InFlight


class NextRequest:
    """The store is asked anew for every shipment, so that live calls go first."""

    def __init__(self, lane: Lane, outbox: Outbox, live: float) -> None:
        self._lane = lane
        self._outbox = outbox
        self._live = live

    def next(self, now: float, hand: InFlight) -> Attempt | None:
        """Raises ``StoreError``, or ``Damaged`` for a body whose bytes are."""
        bodies = self._others(now, hand)
        if bodies and self._live_at(bodies[0], now):
            # Alone: with old calls they would make a large request, and fail together with it.
            bodies = [body for body in bodies if self._live_at(body, now)]
        return Attempt(ship(neighbours(bodies))) if bodies else None

    def next_live(self, now: float, hand: InFlight) -> Attempt | None:
        """Only what ended just now. Raises as ``next``."""
        bodies = [body for body in self._others(now, hand) if self._live_at(body, now)]
        return Attempt(ship(neighbours(bodies))) if bodies else None

    def _others(self, now: float, hand: InFlight) -> Sequence[StoredBatch]:
        """One shipment's worth. The bodies in hand are due as well, so the store is asked for
        theirs on top.
        """
        if hand.full:
            return ()
        known = hand.bodies
        most = MAX_INFLATED + sum(known.values())
        due = self._outbox.due(self._lane, now, most, self._live)
        return [body for body in due if body.id not in known]

    def _live_at(self, body: StoredBatch, now: float) -> bool:
        return _newest(body) >= now - self._live


def _newest(body: StoredBatch) -> float:
    ends = (call.end for call in body.calls if call.end is not None)
    return max(ends, default=0)
