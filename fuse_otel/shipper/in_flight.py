"""The export requests that a lane has begun and the store has not acknowledged yet."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from fuse_otel.core.batching.batch import MAX_INFLATED
from fuse_otel.core.batching.export_request import ExportRequest
from fuse_otel.core.timing.backoff import Backoff, Random
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
