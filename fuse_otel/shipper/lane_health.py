"""What a lane did, as the events that metrics and the log are made from.

Whether a lane delivers, as far as is known; told on changes only.
"""

from __future__ import annotations

import re

from fuse_otel.core.batching.export_request import ExportRequest
from fuse_otel.core.batching.export_result import Accepted, ExportResult, PartialSuccess
from fuse_otel.core.model.lane import Lane
from fuse_otel.events import CallsDelivered, CallsParked, Emit, ExportDone, LaneChanged
from fuse_otel.shipper.acknowledgement import PendingAcknowledgements
from fuse_otel.shipper.result_policy import Acknowledge, Decision

_UP = "up"
_FAILING = "failing"


class LaneHealth:
    """``held`` says why the lane waits for the operator, ``None`` while it does not."""

    def __init__(self, lane: Lane, emit: Emit) -> None:
        self._lane = lane
        self._emit = emit
        self._told: str | None = None
        self.held: str | None = None

    def delivering(self) -> None:
        self.held = None
        self._tell(_UP, up=True, reason="")

    def release(self) -> None:
        """Nothing stands in the way any more; whether anything is delivered is still open."""
        self.held = None

    def failing(self, reason: str) -> None:
        self.held = None
        self._tell(_FAILING, up=False, reason=reason)

    def hold(self, code: str, reason: str) -> None:
        """Another code is news, another wording of the same is not."""
        self.held = reason
        self._tell(f"held {code}", up=False, reason=reason, held=True)

    def _tell(self, state: str, *, up: bool, reason: str, held: bool = False) -> None:
        if state != self._told:
            self._told = state
            self._emit(LaneChanged(self._lane, up, reason, held))


def export_done(
    lane: Lane, shipment: ExportRequest, outcome: ExportResult, decision: Decision, seconds: float
) -> ExportDone:
    """Items count as rejected when it is for good: what is halved or retried is not counted yet."""
    taken = isinstance(outcome, Accepted | PartialSuccess)
    rejected = 0
    if isinstance(outcome, PartialSuccess):
        rejected = outcome.count
    elif isinstance(decision, Acknowledge) and decision.parked:
        rejected = shipment.items
    return ExportDone(
        lane=lane,
        code=outcome.code,
        outcome=_snake(type(outcome)),
        seconds=seconds,
        items=shipment.items - rejected if taken else 0,
        rejected=rejected,
        reason="" if isinstance(outcome, Accepted) else outcome.reason,
    )


def settled(
    lane: Lane, settlement: PendingAcknowledgements, at: float
) -> CallsDelivered | CallsParked:
    parked = settlement.parked
    if parked:
        return CallsParked(lane, len(parked), parked[0].reason)
    return CallsDelivered(lane, at, settlement.ends)


def _snake(kind: type) -> str:
    """A class's name as metrics and logs write it: ``lease_lost``."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", kind.__name__).lower()
