"""Parked calls as bodies again, written as their lanes are configured now. What is redacted stays
redacted: nothing but the parked bytes is known.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from fuse_otel.core.batching.batch import Batch, CallSlice
from fuse_otel.core.batching.gzip_member import deflate, inflate
from fuse_otel.core.encoding.relabel import relabel_logs
from fuse_otel.core.model.lane import Lane, Rendering
from fuse_otel.core.model.telemetry import Profile, Signal
from fuse_otel.ports import ParkedCall


@dataclass(frozen=True, slots=True)
class Lanes:
    """The lanes there are, with their flavours; ``stream_attribute`` is for Loki's."""

    flavours: Mapping[Lane, Profile]
    stream_attribute: str

    @classmethod
    def of(cls, renderings: Iterable[Rendering], stream_attribute: str) -> Lanes:
        flavours = {lane: each.flavour for each in renderings for lane in each.lanes}
        return cls(flavours, stream_attribute)


@dataclass(slots=True)
class Replayed:
    """``sent`` are the ids of what the bodies hold; the others stay parked: ``homeless`` calls are
    of lanes that are no more, ``damaged`` ones have no bytes to send.
    """

    bodies: list[Batch] = field(default_factory=list)
    sent: list[int] = field(default_factory=list)
    homeless: int = 0
    damaged: int = 0


def replayed(calls: Sequence[ParkedCall], lanes: Lanes) -> Replayed:
    """One body a lane. The calls are no more than a body may hold."""
    result = Replayed()
    parts: dict[Lane, list[tuple[ParkedCall, bytes]]] = {}
    for call in calls:
        if call.lane not in lanes.flavours:
            result.homeless += 1
            continue
        try:
            data = _present(call, lanes)
        except ValueError:
            result.damaged += 1
            continue
        parts.setdefault(call.lane, []).append((call, data))
        result.sent.append(call.id)
    result.bodies = [_body(lane, lanes.flavours[lane], of) for lane, of in parts.items()]
    return result


def _present(call: ParkedCall, lanes: Lanes) -> bytes:
    """The call's bytes in its lane's flavour. Raises ``ValueError`` where there are none."""
    data = inflate(call.data)
    if not data:
        raise ValueError("nothing is left of the call's bytes")
    if call.lane.signal is Signal.LOGS:
        data = relabel_logs(data, lanes.flavours[call.lane], lanes.stream_attribute)
    return data


def _body(lane: Lane, flavour: Profile, parts: list[tuple[ParkedCall, bytes]]) -> Batch:
    parts.sort(key=lambda part: (part[0].call.start or 0, part[0].call.session_id, part[0].id))
    calls: list[CallSlice] = []
    offset = 0
    for parked, data in parts:
        calls.append(replace(parked.call, offset=offset, length=len(data)))
        offset += len(data)
    rendering = Rendering(f"{lane.signal}/replay/{flavour}", lane.signal, flavour, (lane,))
    return Batch(rendering, deflate(b"".join(data for _, data in parts)), offset, tuple(calls))
