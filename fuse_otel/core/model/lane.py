"""Lanes, their loops and renderings: where calls are sent, and in which form."""

from __future__ import annotations

from typing import NamedTuple

from msgspec import Struct

from fuse_otel.core.model.redaction_policy import STRICT, Redaction
from fuse_otel.core.model.telemetry import Profile, Signal

LIVE = 120.0
"""Calls that ended within so many seconds go first, unless the lane has a limit of its own."""


class Lane(NamedTuple):
    """A destination's name and a signal: own progress, own back-off."""

    destination: str
    signal: Signal

    def __str__(self) -> str:
        return f"{self.destination}/{self.signal}"


class LoopName(NamedTuple):
    """Which loop of the daemon. ``kind`` is ``account``, ``lane``, ``jobs``, ``heartbeat`` or
    ``instrumentation``; the other fields say which account or lane, and are empty for the rest.
    """

    kind: str
    account: str = ""
    destination: str = ""
    signal: str = ""

    @classmethod
    def of_lane(cls, lane: Lane) -> LoopName:
        return cls("lane", destination=lane.destination, signal=lane.signal.value)

    def __str__(self) -> str:
        which = self.account or "/".join(filter(None, (self.destination, self.signal)))
        return f"{self.kind} {which}".rstrip()


class Rendering(Struct, frozen=True):
    """One way to write calls. All lanes that want the same bytes share it, and its batches.

    ``id`` is stable over restarts: it names signal, redaction rules and profile.
    """

    id: str
    signal: Signal
    profile: Profile
    lanes: tuple[Lane, ...]
    redaction: Redaction = STRICT
