"""Whether a lane delivers, as far as is known; told on changes only."""

from __future__ import annotations

from fuse_otel.core.lane import Lane
from fuse_otel.events import Emit, LaneChanged

_UP = "up"
_FAILING = "failing"


class Condition:
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
