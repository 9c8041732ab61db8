"""The shipments a lane has in hand: begun, and not resolved yet."""

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
    """A shipment and how it fared. ``failures`` in a row; ``guilty``: others were accepted since,
    so it is not the back end; ``backoff``: its own, for what was set aside; ``vouched``: others
    were accepted since then, so if it fails it is guilty.
    """

    shipment: ExportRequest
    failures: int = 0
    guilty: bool = False
    backoff: Backoff | None = None
    vouched: bool = False

    def fail_aside(self, at: float, backoff: Backoff, random: Random, told: float | None) -> None:
        """Its own failure, and its own wait."""
        backoff.fail(at, random, told)
        self.guilty = self.vouched and not self.shipment.single


class InFlight:
    """Two groups: those whose turn comes round, and those set aside with waits of their own,
    because a call among them fails by itself and shall delay nobody.
    """

    def __init__(self, options: ShipperOptions) -> None:
        self._options = options
        self._turn: deque[Attempt] = deque()
        self._aside: list[Attempt] = []

    def __bool__(self) -> bool:
        return bool(self._turn or self._aside)

    @property
    def first(self) -> Attempt | None:
        return self._turn[0] if self._turn else None

    @property
    def to_isolate(self) -> Attempt | None:
        """Whom to take apart: one that is guilty. Where there is no room for another shipment to
        tell, one that could be: a half of it may tell.
        """
        found = next((attempt for attempt in self._all() if attempt.guilty), None)
        if found is None and self.full and self.doubtful:
            found = next((one for one in self._turn if not one.shipment.single), None)
        return found

    @property
    def doubtful(self) -> bool:
        """Nobody in turn, or all of them failed so often that another one should be tried."""
        return all(attempt.failures >= self._options.patience for attempt in self._turn)

    @property
    def full(self) -> bool:
        attempts = self._all()
        size = sum(attempt.shipment.size for attempt in attempts)
        return (
            size + MAX_INFLATED > self._options.most_bytes
            or len(attempts) >= self._options.most_shipments
        )

    @property
    def bodies(self) -> Mapping[int, int]:
        """The bodies these calls lie in → their inflated sizes."""
        return {
            part.body: part.body_size for attempt in self._all() for part in attempt.shipment.parts
        }

    def ready_aside(self, now: float) -> Attempt | None:
        return next((one for one in self._aside if one.backoff and one.backoff.ready(now)), None)

    def next_aside(self) -> float:
        """When the first of those set aside is due, UNIX seconds; infinity if there is none."""
        waits = (one.backoff.until for one in self._aside if one.backoff)
        return min(waits, default=float("inf"))

    def put(self, attempt: Attempt) -> None:
        """Before all others."""
        self._turn.appendleft(attempt)

    def replace(self, attempt: Attempt, halves: Iterable[ExportRequest], failures: int) -> None:
        """The halves come first now, in their order."""
        self.drop(attempt)
        self._turn.extendleft(reversed([Attempt(half, failures) for half in halves]))

    def drop(self, attempt: Attempt) -> None:
        (self._aside if attempt.backoff else self._turn).remove(attempt)

    def to_the_end(self, attempt: Attempt) -> None:
        """The others in turn come first now."""
        if attempt.backoff is None:
            self._turn.remove(attempt)
            self._turn.append(attempt)

    def accuse(self) -> None:
        """Another shipment was accepted: those that failed so often fail by themselves."""
        for attempt in self._turn:
            attempt.guilty = attempt.failures >= self._options.patience
        for attempt in self._aside:
            attempt.vouched = True
            attempt.guilty = attempt.failures > 0 and not attempt.shipment.single

    def set_aside(self, attempt: Attempt, pieces: Iterable[ExportRequest]) -> None:
        """The pieces in place of the attempt; each is due at once."""
        self.drop(attempt)
        for piece in pieces:
            backoff = Backoff(self._options.first_wait, self._options.longest_wait)
            self._aside.append(Attempt(piece, backoff=backoff))

    def _all(self) -> list[Attempt]:
        return [*self._turn, *self._aside]
