"""Which request a lane sends next: one that it has begun, or one of what is due in the store."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from fuse_otel.core.batching.batch import MAX_INFLATED, CallSlice, StoredBatch
from fuse_otel.core.batching.export_request import mergeable, request_of
from fuse_otel.core.model.lane import Lane
from fuse_otel.ports import Outbox
from fuse_otel.shipper.in_flight import Attempt, InFlight


class NextRequest:
    """Reads the store for every request, so that live calls go first."""

    def __init__(self, lane: Lane, outbox: Outbox, in_flight: InFlight, live: float) -> None:
        self._lane = lane
        self._outbox = outbox
        self._in_flight = in_flight
        self._live = live
        self._new: Attempt | None = None  # read from the store by the present step

    def choose(
        self, now: float, wall: float, *, untroubled: bool, others_first: bool
    ) -> Attempt | None:
        """``None`` if nothing is due. ``now`` is the lane's time, ``wall`` the clock's.
        ``untroubled``: live calls may go before what has begun. ``others_first``: what is in
        quarantine comes last, else first.

        Raises ``StoreError``, or ``BatchDamaged``.
        """
        while True:
            chosen = self._choose(now, wall, untroubled=untroubled, others_first=others_first)
            if chosen is None or chosen is self._new or self._is_wanted(chosen):
                self._new = None
                return chosen
            # The store still has the other calls, and gives them again.
            self._in_flight.remove(chosen)

    def _is_wanted(self, attempt: Attempt) -> bool:
        """Whether none of its calls was erased since the request was begun."""
        offsets: dict[int, set[int]] = {}
        for part in attempt.request.parts:
            offsets.setdefault(part.batch_id, set()).add(part.call.offset)
        return all(
            wanted <= self._outbox.open_offsets(self._lane, batch)
            for batch, wanted in offsets.items()
        )

    def _choose(
        self, now: float, wall: float, *, untroubled: bool, others_first: bool
    ) -> Attempt | None:
        alone = self._in_flight.due_in_quarantine(now)
        if alone is not None and not others_first:
            return alone
        return self._in_turn(wall, untroubled=untroubled) or alone

    def _in_turn(self, wall: float, *, untroubled: bool) -> Attempt | None:
        in_flight = self._in_flight
        if not in_flight.doubtful and not untroubled:
            return in_flight.first
        made = self._from_store(wall, only_live=not in_flight.doubtful)
        if made is None:
            return in_flight.first
        in_flight.add(made)
        self._new = made
        return made

    def is_live(self, calls: Iterable[CallSlice], wall: float) -> bool:
        """Whether one of the calls ended just now."""
        ends = (call.end for call in calls if call.end is not None)
        return max(ends, default=0) >= wall - self._live

    def _from_store(self, wall: float, *, only_live: bool) -> Attempt | None:
        batches = self._due(wall)
        live = [batch for batch in batches if self.is_live(batch.calls, wall)]
        # Live calls go alone: with old calls they would make a large request, and fail with it.
        if only_live or (batches and batches[0] in live):
            batches = live
        return Attempt(request_of(mergeable(batches))) if batches else None

    def _due(self, wall: float) -> Sequence[StoredBatch]:
        """One request's worth. The batches in flight are due as well, so the store is asked for
        theirs on top.
        """
        if self._in_flight.full:
            return ()
        known = self._in_flight.batches
        most = MAX_INFLATED + sum(known.values())
        due = self._outbox.due(self._lane, wall, most, self._live)
        return [batch for batch in due if batch.id not in known]
