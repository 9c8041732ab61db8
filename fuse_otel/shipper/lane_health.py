"""Whether a lane delivers, and what it did, as the events that metrics and the log are made of."""

from __future__ import annotations

import re

from fuse_otel.core.batching.batch import ExportRequest
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
    final = isinstance(decision, Acknowledge)
    return ExportDone(
        lane=lane,
        code=result.code,
        result=_snake(type(result)),
        seconds=seconds,
        items=request.items - rejected if taken else 0,
        rejected=rejected,
        reason="" if isinstance(result, Accepted) else result.reason,
        failed=0 if final else request.items,
        size=request.size,
        sent=len(request.data),
    )


def acknowledged(
    lane: Lane, request: ExportRequest, parked: tuple[ParkedCopy, ...], at: float, live: float
) -> CallsDelivered | CallsParked:
    """A call is live if it was stored within ``live`` seconds after its end. What its lane does
    later, such as waiting for the destination, does not change that.
    """
    if parked:
        return CallsParked(lane, len(parked), parked[0].reason)
    on_time: list[int] = []
    caught_up: list[int] = []
    for part in request.parts:
        if part.call.end is not None:
            is_live = part.stored_at > 0 and part.stored_at - part.call.end <= live
            (on_time if is_live else caught_up).append(part.call.end)
    return CallsDelivered(lane, at, tuple(on_time), tuple(caught_up))


def _snake(kind: type) -> str:
    """A class's name as metrics and logs write it: ``partial_success``."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", kind.__name__).lower()
