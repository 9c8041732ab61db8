"""A lane's next step: choose a shipment, send it, act on what ``result_policy`` makes of the
outcome.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from fuse_otel.core.batching.export_request import BatchDamaged, halve
from fuse_otel.core.batching.export_result import Accepted, PartialSuccess
from fuse_otel.core.model.lane import Lane
from fuse_otel.core.timing.backoff import Backoff, Random, SteadyClock
from fuse_otel.errors import Full, StoreError
from fuse_otel.events import BatchReadAgain, Emit, StoreFailed
from fuse_otel.ports import Destination, Outbox
from fuse_otel.shipper.acknowledgement import PendingAcknowledgements
from fuse_otel.shipper.in_flight import Attempt, InFlight
from fuse_otel.shipper.lane_health import LaneHealth, export_done, settled
from fuse_otel.shipper.next_request import NextRequest
from fuse_otel.shipper.options import ShipperOptions
from fuse_otel.shipper.result_policy import (
    Acknowledge,
    Decision,
    RetryLater,
    Split,
    Suspend,
    is_single_refusal,
    result_policy,
)


class Shipper:
    """Takes what is due for a lane to its destination until every call is delivered or parked.

    Not for two threads at once. ``random`` draws from [0, 1); ``timer`` measures requests.
    """

    def __init__(
        self,
        lane: Lane,
        outbox: Outbox,
        destination: Destination,
        emit: Emit,
        random: Random,
        options: ShipperOptions = ShipperOptions(),  # noqa: B008 - frozen
        *,
        timer: Callable[[], float] = time.monotonic,
    ) -> None:
        self._lane = lane
        self._outbox = outbox
        self._supply = NextRequest(lane, outbox, options.live)
        self._destination = destination
        self._emit = emit
        self._random = random
        self._options = options
        self._timer = timer
        self._hand = InFlight(options)
        self._condition = LaneHealth(lane, emit)
        self._settlement: PendingAcknowledgements | None = None
        # Single calls in a row, none accepted between.
        self._refusals = options.refusals - 1 if options.doubted else 0
        self._backoff = Backoff(options.first_wait, options.longest_wait)
        self._store_backoff = Backoff(options.first_wait, options.hold)
        self._hold_until = 0.0
        self._idle = False
        self._steady = SteadyClock()  # all waits are its: a clock that is set back lengthens none

    @property
    def lane(self) -> Lane:
        return self._lane

    @property
    def held(self) -> str | None:
        """Why the lane waits for the operator (a wrong credential, a proxy, …), if it does."""
        return self._condition.held

    @property
    def idle(self) -> bool:
        """Whether the last step found nothing due and nothing is in hand."""
        return self._idle

    def step(self, now: float) -> float:
        """At most one request. Returns when to step again, UNIX seconds: ``now`` or less is at
        once; a commit to the store is a reason to step earlier.
        """
        steady = self._steady.at(now)
        wake = self._waiting_until()
        if steady >= wake:
            try:
                wake = self._advance(steady)
            except StoreError as error:
                wake = self._store_failed(error, steady)
        return self._steady.wall(wake)

    def _waiting_until(self) -> float:
        if self._settlement is not None:
            return self._store_backoff.until
        return max(self._store_backoff.until, self._backoff.until, self._hold_until)

    def _advance(self, now: float) -> float:
        if self._settlement is not None:
            self._settle(self._settlement, now)
            return self._waiting_until()
        suspect = self._hand.to_isolate
        if suspect is not None:
            self._isolate(suspect)
            return self._waiting_until()
        try:
            attempt = self._choose(now)
        except BatchDamaged as damaged:
            self._reread(damaged.body, now)
            return self._waiting_until()
        self._store_backoff.succeed()
        if attempt is None:
            return self._rest(now)
        self._idle = False
        self._send(attempt, now)
        return self._waiting_until()

    def _rest(self, now: float) -> float:
        self._idle = not self._hand
        if self._hand.full:
            self._condition.failing("too many calls fail again and again")
        return min(now + self._options.idle, self._hand.next_aside())

    # --- choosing ---

    def _choose(self, now: float) -> Attempt | None:
        hand = self._hand
        alone = hand.ready_aside(now)
        if alone is not None:
            return alone
        if hand.doubtful:
            return self._taken(self._supply.next(self._steady.wall(now), hand)) or hand.first
        if self._untroubled:
            return self._taken(self._supply.next_live(self._steady.wall(now), hand)) or hand.first
        return hand.first

    @property
    def _untroubled(self) -> bool:
        """Pieces of a refused body are being worked off, nothing else is wrong."""
        return self._condition.held is None and self._backoff.failures == 0

    def _taken(self, attempt: Attempt | None) -> Attempt | None:
        if attempt is not None:
            self._hand.put(attempt)
        return attempt

    # --- sending ---

    def _send(self, attempt: Attempt, now: float) -> None:
        shipment = attempt.shipment
        began = self._timer()
        outcome = self._destination.send(self._lane.signal, shipment.data, shipment.items)
        seconds = self._timer() - began
        if is_single_refusal(outcome, shipment):
            self._refusals += 1
        decision = result_policy(outcome, shipment, self._refusals, self._options.refusals)
        self._emit(export_done(self._lane, shipment, outcome, decision, seconds))
        if isinstance(outcome, Accepted | PartialSuccess):
            self._accepted()
        self._act(decision, attempt, now + seconds)

    def _accepted(self) -> None:
        self._refusals = 0
        self._hand.accuse()
        self._condition.delivering()

    # --- acting: one method a decision ---

    def _act(self, decision: Decision, attempt: Attempt, at: float) -> None:
        match decision:
            case RetryLater():
                self._wait(attempt, decision, at)
            case Suspend():
                self._hold(attempt, decision, at)
            case Acknowledge():
                self._answered()
                self._settle(PendingAcknowledgements(attempt, decision.parked), at)
            case Split():
                self._answered()
                self._hand.replace(attempt, halve(attempt.shipment), failures=0)

    def _answered(self) -> None:
        self._backoff.succeed()
        self._condition.release()

    def _wait(self, attempt: Attempt, decision: RetryLater, at: float) -> None:
        attempt.failures += 1
        self._condition.release()
        if attempt.backoff is not None:
            attempt.fail_aside(at, attempt.backoff, self._random, decision.after)
            return
        self._backoff.fail(at, self._random, decision.after)
        self._hand.to_the_end(attempt)
        if self._backoff.failures >= self._options.down_after:
            self._condition.failing(decision.reason)

    def _hold(self, attempt: Attempt, decision: Suspend, at: float) -> None:
        self._backoff.succeed()
        self._hold_until = at + self._options.hold
        self._condition.hold(decision.code, decision.reason)
        if decision.doubtful:
            self._put_last(attempt, at)

    def _put_last(self, attempt: Attempt, at: float) -> None:
        """Other calls first: one that is accepted shows that it was the data after all."""
        attempt.failures = max(attempt.failures, self._options.patience)
        if attempt.backoff is not None:
            attempt.backoff.fail(at, self._random)
        self._hand.to_the_end(attempt)

    def _isolate(self, attempt: Attempt) -> None:
        """Find the call that fails by itself. What is not proven keeps its turn: one failure of
        a half is enough to doubt it again.
        """
        shipment = attempt.shipment
        pieces = (shipment,) if shipment.single else halve(shipment)
        if attempt.guilty:
            self._hand.set_aside(attempt, pieces)
        else:
            self._hand.replace(attempt, pieces, failures=self._options.patience - 1)

    # --- the store ---

    def _settle(self, settlement: PendingAcknowledgements, at: float) -> None:
        """Kept until the store has it: the destination is not asked twice for a store's fault."""
        self._settlement = settlement
        told_at = self._steady.wall(at)
        self._outbox.resolve(self._lane, settlement.verdicts, told_at)
        self._settlement = None
        self._store_backoff.succeed()
        self._condition.release()
        self._hand.drop(settlement.attempt)
        self._emit(settled(self._lane, settlement, told_at))

    def _reread(self, body: int, now: float) -> None:
        self._idle = False
        found = self._outbox.reread(body, self._steady.wall(now))
        self._store_backoff.succeed()
        self._emit(BatchReadAgain(self._lane, found.calls, found.parked))

    def _store_failed(self, error: StoreError, now: float) -> float:
        self._idle = False
        self._store_backoff.fail(now, self._random)
        self._emit(StoreFailed.of(error))
        if isinstance(error, Full) and self._settlement is not None:
            # No room for parked copies: whether to go on without them is for the operator.
            self._condition.hold("full", str(error))
        return self._store_backoff.until
