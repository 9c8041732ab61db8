"""What the simulator answers, and how badly it is delivered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from fuse_otel.simulator.fault import Fault, FaultKind
from fuse_otel.simulator.json_bytes import dump


class Delivery(StrEnum):
    WHOLE = "whole"
    DRIBBLE = "dribble"
    CUT = "cut"
    CLOSE = "close"
    RESET = "reset"
    FLOOD = "flood"


@dataclass(frozen=True, slots=True)
class SimulatedResponse:
    """``latency`` and ``pace`` (the pause before each byte of a dribble) are in seconds."""

    status: int
    body: bytes
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    delivery: Delivery = Delivery.WHOLE
    latency: float = 0.0
    pace: float = 0.0


def failure(status: int, sentence: str, **headers: str) -> SimulatedResponse:
    """The API's error body. Header names are written with ``_`` for ``-``."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return SimulatedResponse(status, dump({"error": sentence}), headers=named)


_HTML = b"<!DOCTYPE html><html><body><h1>502 Bad Gateway</h1><hr>proxy</body></html>\n"

_DELIVERIES = {
    FaultKind.DOWN: Delivery.CLOSE,
    FaultKind.RESET: Delivery.RESET,
    FaultKind.DRIBBLE: Delivery.DRIBBLE,
    FaultKind.CUT: Delivery.CUT,
    FaultKind.FLOOD: Delivery.FLOOD,
}


def spoilt(answer: SimulatedResponse, fault: Fault, now: float) -> SimulatedResponse:
    """The answer as this fault leaves it."""
    match fault.kind:
        case FaultKind.ERROR:
            return failure(fault.status, "database error")
        case FaultKind.UNAUTHORIZED:
            return failure(401, "This account is inactive.", WWW_Authenticate='Basic realm="Fuse"')
        case FaultKind.THROTTLED:
            return _throttled(fault, now)
        case FaultKind.HTML:
            return SimulatedResponse(200, _HTML, content_type="text/html; charset=utf-8")
        case FaultKind.EMPTY:
            return SimulatedResponse(200, b"")
    return replace(answer, delivery=_DELIVERIES[fault.kind], pace=fault.seconds)


def _throttled(fault: Fault, now: float) -> SimulatedResponse:
    headers = {}
    if fault.retry_after is not None:
        headers["Retry_After"] = f"{fault.retry_after:g}"
    if fault.reset_after is not None:
        headers["X_RateLimit_Limit"] = "60"
        headers["X_RateLimit_Remaining"] = "0"
        headers["X_RateLimit_Reset"] = str(int(now + fault.reset_after))
    return failure(429, "Too many requests.", **headers)
