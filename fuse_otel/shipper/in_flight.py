"""The export requests that a lane has begun and the store has not acknowledged yet. The lane sends
one of them next, or one of what is due in the store.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from fuse_otel.core.batching.batch import (
    MAX_INFLATED,
    CallSlice,
    ExportRequest,
    StoredBatch,
    mergeable,
    request_of,
)
from fuse_otel.core.model.lane import Lane
from fuse_otel.core.timing.backoff import Backoff, Random
from fuse_otel.ports import Outbox
from fuse_otel.shipper.options import ShipperOptions


@dataclass(slots=True, eq=False)
class Attempt:
    """A request and its history. ``failures`` are those in a row. ``poisoned``: the back end
    accepted others meanwhile, so the cause is in this request. ``backoff``: its own one, in
    quarantine. ``proven``: others were accepted since it is in quarantine, so one more failure
    makes it poisoned.
    """

    request: ExportRequest
    failures: int = 0
    poisoned: bool = False
    backoff: Backoff | None = None
    proven: bool = False


class InFlight:
    """Two groups: requests that take turns, and the quarantine. A request in quarantine contains a
    call that fails by itself. It has waits of its own, so that it delays no other.
    """

    def __init__(self, options: ShipperOptions) -> None:
        self._options = options
        self._turns: deque[Attempt] = deque()
        self._quarantine: list[Attempt] = []

    def __bool__(self) -> bool:
        return bool(self._turns or self._quarantine)

    @property
    def first(self) -> Attempt | None:
        return self._turns[0] if self._turns else None

    @property
    def to_isolate(self) -> Attempt | None:
        """Which request to halve next: a poisoned one. Where no other request can be begun to find
        out which it is, any that carries several calls: one of its halves may pass.
        """
        found = next((attempt for attempt in self._all() if attempt.poisoned), None)
        if found is None and self.full and self.doubtful:
            found = next((one for one in self._turns if not one.request.single), None)
        return found

    @property
    def doubtful(self) -> bool:
        """No request takes turns, or all have failed so often that another should be tried."""
        return all(attempt.failures >= self._options.patience for attempt in self._turns)

    @property
    def full(self) -> bool:
        attempts = self._all()
        size = sum(attempt.request.size for attempt in attempts)
        return (
            size + MAX_INFLATED > self._options.most_bytes
            or len(attempts) >= self._options.most_requests
        )

    @property
    def batches(self) -> Mapping[int, int]:
        """The batches that the calls come from: id → inflated size."""
        return {
            part.batch_id: part.batch_size
            for attempt in self._all()
            for part in attempt.request.parts
        }

    def due_in_quarantine(self, now: float) -> Attempt | None:
        return next(
            (one for one in self._quarantine if one.backoff and one.backoff.ready(now)), None
        )

    def next_in_quarantine(self) -> float:
        """When the first request in quarantine is due, UNIX seconds; infinity if it is empty."""
        waits = (one.backoff.until for one in self._quarantine if one.backoff)
        return min(waits, default=float("inf"))

    def add(self, attempt: Attempt) -> None:
        """Its turn comes before all others."""
        self._turns.appendleft(attempt)

    def replace(self, attempt: Attempt, halves: Iterable[ExportRequest], failures: int) -> None:
        """The halves come first now, in their order."""
        self.remove(attempt)
        self._turns.extendleft(reversed([Attempt(half, failures) for half in halves]))

    def remove(self, attempt: Attempt) -> None:
        (self._quarantine if attempt.backoff else self._turns).remove(attempt)

    def move_last(self, attempt: Attempt) -> None:
        """The others that take turns come first now."""
        if attempt.backoff is None:
            self._turns.remove(attempt)
            self._turns.append(attempt)

    def note_accepted(self) -> None:
        """The back end works, so a request that failed so often fails by itself."""
        for attempt in self._turns:
            attempt.poisoned = attempt.failures >= self._options.patience
        for attempt in self._quarantine:
            attempt.proven = True
            attempt.poisoned = attempt.failures > 0 and not attempt.request.single

    def quarantine(self, attempt: Attempt, pieces: Iterable[ExportRequest]) -> list[Attempt]:
        """Put the pieces into quarantine in place of the attempt. Each is due at once."""
        self.remove(attempt)
        waits = self._options.first_wait, self._options.longest_wait
        made = [Attempt(piece, backoff=Backoff(*waits)) for piece in pieces]
        self._quarantine += made
        return made

    def fail(self, attempt: Attempt, at: float, random: Random, after: float | None = None) -> None:
        """Note a failure of one in quarantine, which waits on its own."""
        attempt.failures += 1
        attempt.poisoned = attempt.proven and not attempt.request.single
        if attempt.backoff is not None:
            attempt.backoff.fail(at, random, after)

    def _all(self) -> list[Attempt]:
        return [*self._turns, *self._quarantine]


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
