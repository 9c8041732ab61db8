"""The loop's one step for the orders: take the oldest, do a part of it in one transaction.

Every part leaves the order and what it changed in step with each other, so that an order that was
cut off by a crash goes on where it was, and nothing of it happens twice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from fuse_otel.core.batching.batch import MAX_INFLATED, Batch
from fuse_otel.core.model.lane import Lane
from fuse_otel.core.timing.backoff import Backoff, Random
from fuse_otel.errors import StoreError
from fuse_otel.events import Emit, JobChanged, StoreFailed
from fuse_otel.humanize import plural
from fuse_otel.jobs import backfill
from fuse_otel.jobs.job import Asked, Backfill, Drop, Replay, asked_of
from fuse_otel.jobs.replay import Lanes, replayed
from fuse_otel.ports import Carried, Control, Job, JobStatus, ParkedCall, Told

Standing = tuple[Mapping[str, Told], Mapping[Lane, Told]]
"""What is to be told of the accounts and the lanes there are."""

LOOK = 0.5  # seconds between two looks for orders: a command is answered within a second


@dataclass(slots=True)
class _Pass:
    """How far a pass over the parked calls is, and how many it had to leave."""

    after: int = 0
    homeless: int = 0
    damaged: int = 0


class JobWorker:
    """``accounts`` are those that are read, ``lanes`` those that deliver. Not for two threads.

    Keeps in the store what ``standing`` says, whenever that changes, for commands to read.
    """

    def __init__(
        self,
        control: Control,
        accounts: backfill.Numbers,
        lanes: Lanes,
        emit: Emit,
        random: Random,
        standing: Callable[[], Standing | None] = lambda: None,
    ) -> None:
        self._control = control
        self._accounts = accounts
        self._lanes = lanes
        self._emit = emit
        self._random = random
        self._standing = standing
        self._told: Standing | None = None
        self._passes: dict[int, _Pass] = {}
        self._store = Backoff(first=1.0, most=60.0)
        self._idle = False

    @property
    def idle(self) -> bool:
        """Whether the last step found no order open."""
        return self._idle

    def step(self, now: float) -> float:
        """Returns when to step again: ``now`` if there is more to do at once."""
        if not self._store.ready(now):
            return self._store.until
        try:
            more = self._advance(now)
        except StoreError as error:
            self._idle = False
            self._store.fail(now, self._random)
            self._emit(StoreFailed.of(error))
            return self._store.until
        self._store.succeed()
        return now if more else now + LOOK

    def _advance(self, now: float) -> bool:
        self._tell_standing()
        orders = self._control.orders()
        self._idle = not orders
        # None waits for another one to be done.
        more = [self._carry_out(order_id, order, now) for order_id, order in orders]
        return any(more)

    def _tell_standing(self) -> None:
        standing = self._standing()
        if standing is not None and standing != self._told:
            self._control.tell(*standing)
            self._told = standing

    def _carry_out(self, order_id: int, order: Job, now: float) -> bool:
        """Whether there is more to do for the order at once."""
        receipt = self._control.receipt(order_id)
        if receipt is None or not receipt.open:
            return False
        try:
            asked = asked_of(order)
        except ValueError as error:
            self._answer(order, JobStatus(order_id, "failed", str(error)))
            return False
        if isinstance(asked, Backfill):
            return self._backfill(order, asked, receipt, now)
        return self._go_through(order, asked, receipt, now)

    def _backfill(self, order: Job, asked: Backfill, receipt: JobStatus, now: float) -> bool:
        if receipt.state == "waiting":
            carried = backfill.begun(asked, receipt.id, self._accounts)
            if self._control.carry_out(carried, now):
                self._tell(order, carried.receipt)
        elif receipt.left == 0:
            self._answer(order, backfill.ended(asked, receipt))
        elif not backfill.readable(receipt.id, self._control.status(), self._accounts):
            self._answer(order, JobStatus(receipt.id, "failed", backfill.ABANDONED))
        return False

    def _go_through(self, order: Job, asked: Replay | Drop, receipt: JobStatus, now: float) -> bool:
        """One part of the parked calls that are asked for."""
        so_far = self._passes.setdefault(receipt.id, _Pass())
        rest = replace(asked.which, after=max(asked.which.after, so_far.after))
        part = self._control.parked_part(rest, MAX_INFLATED)
        if not part:
            del self._passes[receipt.id]
            self._answer(order, _ended(asked, receipt, so_far))
            return False
        ids, bodies = self._decide(asked, part, so_far)
        working = replace(receipt, state="working", calls=receipt.calls + len(ids))
        self._control.carry_out(Carried(working, unparked=ids, bodies=bodies), now)
        so_far.after = part[-1].id
        return True

    def _decide(
        self, asked: Asked, part: Sequence[ParkedCall], so_far: _Pass
    ) -> tuple[list[int], list[Batch]]:
        if not isinstance(asked, Replay):
            return [parked.id for parked in part], []
        found = replayed(part, self._lanes)
        so_far.homeless += found.homeless
        so_far.damaged += found.damaged
        return found.sent, found.bodies

    def _answer(self, order: Job, receipt: JobStatus) -> None:
        self._control.answer(receipt)
        self._tell(order, receipt)

    def _tell(self, order: Job, receipt: JobStatus) -> None:
        self._emit(JobChanged(order.kind, receipt.state, receipt.result))


def _ended(asked: Replay | Drop, receipt: JobStatus, so_far: _Pass) -> JobStatus:
    left = [
        (so_far.homeless, "the destination is not configured any more"),
        (
            so_far.damaged,
            "the stored bytes are damaged, `fuse-otel backfill --again` reads it anew",
        ),
    ]
    verb = "is" if receipt.calls == 1 else "are"
    what = "dropped" if isinstance(asked, Drop) else "on the way again"
    done = f"{plural(receipt.calls, 'parked call')} {verb} {what}."
    kept = [f"{count:,} stay parked: {why}." for count, why in left if count]
    if not receipt.calls and not kept:
        return JobStatus(receipt.id, "failed", "No such call is parked.")
    said = " ".join([done, *kept] if receipt.calls else kept)
    return JobStatus(receipt.id, "done" if receipt.calls else "failed", said)
