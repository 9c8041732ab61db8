"""Whether a lane delivers, and what it did, as the events that metrics and the log are made of."""

from __future__ import annotations

import re

from fuse_otel.core.batching.export_request import ExportRequest
from fuse_otel.core.batching.export_result import Accepted, ExportResult, PartialSuccess
from fuse_otel.core.model.lane import Lane
from fuse_otel.events import CallsDelivered, CallsParked, Emit, ExportDone, LaneChanged
from fuse_otel.ports import ParkedCopy
from fuse_otel.shipper.result_policy import Acknowledge, Decision

_UP = "up"
_FAILING = "failing"


class LaneHealth:
    """``suspended`` is the reason why the lane waits for the operator, or ``None``. An event
    is emitted on changes only.
    """

    def __init__(self, lane: Lane, emit: Emit) -> None:
        self._lane = lane
        self._emit = emit
        self._state: str | None = None
        self.suspended: str | None = None

    def delivering(self) -> None:
        self.suspended = None
        self._change(_UP, up=True, reason="")

    def release(self) -> None:
        """The lane is no longer suspended. Whether it can deliver is not known yet."""
        self.suspended = None

    def failing(self, reason: str) -> None:
        self.suspended = None
        self._change(_FAILING, up=False, reason=reason)

    def suspend(self, code: str, reason: str) -> None:
        """Another code is a change. Another text for the same code is not."""
        self.suspended = reason
        self._change(f"suspended {code}", up=False, reason=reason, suspended=True)

    def _change(self, state: str, *, up: bool, reason: str, suspended: bool = False) -> None:
        if state != self._state:
            self._state = state
            self._emit(LaneChanged(self._lane, up, reason, suspended))


def export_done(
    lane: Lane, request: ExportRequest, result: ExportResult, decision: Decision, seconds: float
) -> ExportDone:
    """Items count as rejected after a final result, not if the request is halved or retried."""
    taken = isinstance(result, Accepted | PartialSuccess)
    rejected = 0
    if isinstance(result, PartialSuccess):
        rejected = result.count
    elif isinstance(decision, Acknowledge) and decision.parked:
        rejected = request.items
    return ExportDone(
        lane=lane,
        code=result.code,
        result=_snake(type(result)),
        seconds=seconds,
        items=request.items - rejected if taken else 0,
        rejected=rejected,
        reason="" if isinstance(result, Accepted) else result.reason,
    )


def acknowledged(
    lane: Lane, request: ExportRequest, parked: tuple[ParkedCopy, ...], at: float
) -> CallsDelivered | CallsParked:
    if parked:
        return CallsParked(lane, len(parked), parked[0].reason)
    ends = (part.call.end for part in request.parts)
    return CallsDelivered(lane, at, tuple(end for end in ends if end is not None))


def _snake(kind: type) -> str:
    """A class's name as metrics and logs write it: ``partial_success``."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", kind.__name__).lower()
