"""What a lane did, as the events that metrics and the log are made from."""

from __future__ import annotations

import re

from fuse_otel.core.lane import Lane
from fuse_otel.core.outcome import Accepted, Outcome, Rejected
from fuse_otel.core.shipment import Shipment
from fuse_otel.events import CallsDelivered, CallsParked, ExportDone
from fuse_otel.shipper.decide import Decision, Settle
from fuse_otel.shipper.settlement import Settlement


def export_done(
    lane: Lane, shipment: Shipment, outcome: Outcome, decision: Decision, seconds: float
) -> ExportDone:
    """Items count as rejected when it is for good: what is halved or retried is not counted yet."""
    taken = isinstance(outcome, Accepted | Rejected)
    rejected = 0
    if isinstance(outcome, Rejected):
        rejected = outcome.count
    elif isinstance(decision, Settle) and decision.parked:
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


def settled(lane: Lane, settlement: Settlement, at: float) -> CallsDelivered | CallsParked:
    parked = settlement.parked
    if parked:
        return CallsParked(lane, len(parked), parked[0].reason)
    return CallsDelivered(lane, at, settlement.ends)


def _snake(kind: type) -> str:
    """A class's name as metrics and logs write it: ``lease_lost``."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", kind.__name__).lower()
