"""A lane's next step: choose a request, send it, and do what ``result_policy`` decides."""

from __future__ import annotations

import time
from collections.abc import Callable

from fuse_otel.core.batching.batch import BatchDamaged, halve
from fuse_otel.core.batching.export_result import Accepted, PartialSuccess
from fuse_otel.core.model.lane import Lane, LoopName
from fuse_otel.core.timing.backoff import Backoff, Random, SteadyClock
from fuse_otel.errors import Full, StoreError
from fuse_otel.events import BatchReadAgain, Emit, LoopFailed, StoreFailed
from fuse_otel.ports import Destination, Outbox
from fuse_otel.shipper.in_flight import Attempt, InFlight, NextRequest
from fuse_otel.shipper.lane_health import LaneHealth, acknowledged, export_done
from fuse_otel.shipper.options import ShipperOptions
from fuse_otel.shipper.result_policy import (
    Acknowledge,
    Decision,
    Refusals,
    RetryLater,
    Split,
    Suspend,
    acknowledgements,
    result_policy,
)


class Shipper:
    """Sends what is due for a lane to its destination until every call is delivered or parked.

    Not for two threads at once. ``random`` draws from [0, 1); ``timer`` measures requests.
    ``idle``: the last step found nothing due, and nothing is in flight.
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
        self.lane = lane
        self._outbox = outbox
        self._destination = destination
        self._emit = emit
        self._random = random
        self._options = options
        self._timer = timer
        self._in_flight = InFlight(options)
        self._next = NextRequest(lane, outbox, self._in_flight, options.live)
        self._health = LaneHealth(lane, emit)
        self._refusals = Refusals(options)
        # Sent, but the store has not taken the acknowledgement yet.
        self._sent: tuple[Attempt, Acknowledge] | None = None
        # What the present step is about, so that an unexpected error can be put down to it.
        self._current: Attempt | None = None
        self._backoff = Backoff(options.first_wait, options.longest_wait)
        self._store_backoff = Backoff(options.first_wait, options.suspend)
        self._unexpected = Backoff(options.first_wait, options.suspend)
        # The batches that unexpected errors were about, since a request was accepted.
        self._unexpected_batches: set[int] = set()
        self._suspended_until = 0.0
        self._began = 0.0  # when the present step began, by the timer
        self.idle = False
        self._hurry = False
        self._steady = SteadyClock()  # all waits are its: a clock that is set back lengthens none

    @property
    def suspended(self) -> str | None:
        """Why the lane waits for the operator (a wrong credential, a proxy, …), if it does."""
        return self._health.suspended

    def try_at_once(self) -> None:
        """Forget how long to wait for the destination: an operator says that it works. The next
        step does it. For any thread.
        """
        self._hurry = True

    def step(self, now: float) -> float:
        """At most one request. Returns when to step again, UNIX seconds: ``now`` or less is at
        once; a commit to the store is a reason to step earlier.
        """
        steady = self._steady.at(now)
        if self._hurry:
            self._hurry, self._suspended_until = False, 0.0
            self._backoff.succeed()
        wake = self._waiting_until()
        if steady >= wake:
            self._began = self._timer()
            self._current = None
            try:
                wake = self._advance(steady)
            except StoreError as error:
                wake = self._store_failed(error, self._present(steady))
            except Exception as error:  # noqa: BLE001 - see _failed_unexpectedly
                wake = self._failed_unexpectedly(error, self._present(steady))
        return self._steady.wall(wake)

    def _present(self, began: float) -> float:
        """A wait begins at the failure, not at the beginning of its step: to read the store may
        take longer than the wait.
        """
        return began + self._timer() - self._began

    def _waiting_until(self) -> float:
        if self._sent is not None:
            return max(self._store_backoff.until, self._unexpected.until)
        waits = (self._store_backoff, self._backoff, self._unexpected)
        return max(*(each.until for each in waits), self._suspended_until)

    def _advance(self, now: float) -> float:
        if self._sent is not None:
            self._acknowledge(*self._sent, now)
            return self._waiting_until()
        if self._outbox.is_paused(self.lane):
            self._store_backoff.succeed()
            self.idle = True  # the daemon can end: the calls wait in the store
            return now + self._options.idle
        doubted = self._in_flight.to_isolate
        if doubted is not None:
            self._isolate(doubted)
            return self._waiting_until()
        try:
            attempt = self._choose(now)
        except BatchDamaged as damaged:
            self._read_again(damaged.batch_id, now)
            return self._waiting_until()
        self._store_backoff.succeed()
        if attempt is None:
            return self._rest(now)
        self.idle = False
        self._send(attempt, now)
        return self._waiting_until()

    def _choose(self, now: float) -> Attempt | None:
        return self._next.choose(
            now,
            self._steady.wall(now),
            # At most, halves of a refused request are being sent.
            untroubled=self._health.suspended is None and self._backoff.failures == 0,
            # A request that just raised comes last: others show whether it is only that one.
            others_first=self._unexpected.failures > 0,
        )

    def _rest(self, now: float) -> float:
        self.idle = not self._in_flight
        if self.idle:
            self._refusals.note_idle()
            if self._unexpected.failures:  # they were the store's, which works again
                self._forget_unexpected()
                self._health.delivering()
        if self._in_flight.full:
            self._health.failing("too many calls fail again and again")
        return min(now + self._options.idle, self._in_flight.next_in_quarantine())

    # --- sending ---

    def _send(self, attempt: Attempt, now: float) -> None:
        self._current = attempt
        request = attempt.request
        began = self._timer()
        result = self._destination.send(self.lane.signal, request.data, request.items)
        seconds = self._timer() - began
        self._refusals.note(result, request)
        decision = result_policy(result, request, self._refusals)
        self._emit(export_done(self.lane, request, result, decision, seconds))
        if isinstance(result, Accepted | PartialSuccess):
            self._accepted(attempt, now)
        self._act(decision, attempt, self._present(now))

    def _accepted(self, attempt: Attempt, now: float) -> None:
        calls = (part.call for part in attempt.request.parts)
        self._refusals.note_accepted(live=self._next.is_live(calls, self._steady.wall(now)))
        self._forget_unexpected()
        self._in_flight.note_accepted()
        self._health.delivering()

    def _forget_unexpected(self) -> None:
        self._unexpected.succeed()
        self._unexpected_batches.clear()

    # --- acting: one method a decision ---

    def _act(self, decision: Decision, attempt: Attempt, at: float) -> None:
        match decision:
            case RetryLater():
                self._retry_later(attempt, decision, at)
            case Suspend():
                self._suspend(attempt, decision, at)
            case Acknowledge():
                self._answered()
                self._acknowledge(attempt, decision, at)
            case Split():
                self._answered()
                self._in_flight.replace(attempt, halve(attempt.request), failures=0)

    def _answered(self) -> None:
        self._backoff.succeed()
        self._health.release()

    def _retry_later(self, attempt: Attempt, decision: RetryLater, at: float) -> None:
        self._health.release()
        if attempt.backoff is not None:
            self._in_flight.fail(attempt, at, self._random, decision.after)
            return
        attempt.failures += 1
        self._backoff.fail(at, self._random, decision.after)
        self._in_flight.move_last(attempt)
        if (decision.after or 0.0) > self._options.suspend:
            # Up to an hour each: three of them in a row would hide for hours that nothing moves.
            self._health.failing(f"{decision.reason}; it asks to wait {decision.after:.0f} s")
        elif self._backoff.failures >= self._options.down_after:
            self._health.failing(decision.reason)

    def _suspend(self, attempt: Attempt, decision: Suspend, at: float) -> None:
        self._backoff.succeed()
        self._suspended_until = at + self._options.suspend
        self._health.suspend(decision.code, decision.reason)
        if decision.doubtful:
            # Other calls first: one that is accepted shows that it was the data after all.
            attempt.failures = max(attempt.failures, self._options.patience)
            if attempt.backoff is not None:
                attempt.backoff.fail(at, self._random)
            self._in_flight.move_last(attempt)

    def _isolate(self, attempt: Attempt) -> None:
        """Find the call that fails by itself. What is not poisoned keeps its turn: one failure of
        a half is enough to doubt it again.
        """
        self._current = attempt
        request, poisoned = attempt.request, attempt.poisoned
        # An unexpected error below must not bring this attempt here again at once.
        attempt.poisoned = attempt.proven = False
        pieces = (request,) if request.single else halve(request)
        if poisoned:
            self._in_flight.quarantine(attempt, pieces)
        else:
            self._in_flight.replace(attempt, pieces, failures=self._options.patience - 1)

    # --- the store ---

    def _acknowledge(self, attempt: Attempt, decision: Acknowledge, at: float) -> None:
        """Kept until the store has it: what the store refuses is not sent twice."""
        self._sent = attempt, decision
        wall = self._steady.wall(at)
        request, parked = attempt.request, decision.parked
        self._outbox.resolve(self.lane, acknowledgements(request, parked), wall)
        self._sent = None
        self._store_backoff.succeed()
        self._health.release()
        self._in_flight.remove(attempt)
        self._emit(acknowledged(self.lane, request, parked, wall, self._options.live))

    def _read_again(self, batch_id: int, now: float) -> None:
        self.idle = False
        found = self._outbox.reread(batch_id, self._steady.wall(now))
        self._store_backoff.succeed()
        self._emit(BatchReadAgain(self.lane, found.calls, found.parked))

    def _store_failed(self, error: StoreError, now: float) -> float:
        self.idle = False
        self._store_backoff.fail(now, self._random)
        self._emit(StoreFailed.of(error))
        if isinstance(error, Full) and self._sent is not None:
            # No room for parked copies: the operator decides whether to continue without them.
            self._health.suspend("full", str(error))
        return self._store_backoff.until

    def _failed_unexpectedly(self, error: Exception, now: float) -> float:
        """Without this the loop would repeat the same request endlessly while the lane counts as
        up. The request goes into quarantine, so that the others continue. After three different
        batches the cause is not a single request: the lane is down.
        """
        self.idle = False
        failure = LoopFailed.of(LoopName.of_lane(self.lane), error)
        self._emit(failure)
        self._unexpected.fail(now, self._random)
        attempt = self._current
        if attempt is None or self._sent is not None:
            self._unexpected_batches.add(-self._unexpected.failures)  # about the store, not a batch
        else:
            self._unexpected_batches.add(attempt.request.parts[0].batch_id)
            if attempt.backoff is None:
                (attempt,) = self._in_flight.quarantine(attempt, (attempt.request,))
            self._in_flight.fail(attempt, now, self._random)
        if len(self._unexpected_batches) >= self._options.down_after:
            self._health.failing(f"unexpected {failure.error_type} at {failure.where}")
        return self._waiting_until()
