"""Parked calls as batches again, in the profile that their lane has now.

The store has only the parked bytes of a call, so a replay keeps their redaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct, field
from msgspec.structs import replace

from fuse_otel.core.batching.batch import Batch, CallSlice
from fuse_otel.core.batching.gzip_member import deflate, inflate
from fuse_otel.core.model.lane import Lane, Rendering
from fuse_otel.core.model.telemetry import Profile, Signal
from fuse_otel.ports import ParkedCall


class ReplayLanes(Struct, frozen=True):
    """The configured lanes and their profiles. ``stream_attribute`` is for the profile ``loki``."""

    profiles: Mapping[Lane, Profile]
    stream_attribute: str

    @classmethod
    def of(cls, renderings: Iterable[Rendering], stream_attribute: str) -> ReplayLanes:
        profiles = {lane: each.profile for each in renderings for lane in each.lanes}
        return cls(profiles, stream_attribute)


class ReplayPart(Struct):
    """``sent`` are the ids of the calls in ``batches``. The others stay parked: ``homeless`` calls
    are of lanes that are not configured any more, ``damaged`` ones have no readable bytes.
    """

    batches: list[Batch] = field(default_factory=list)
    sent: list[int] = field(default_factory=list)
    homeless: int = 0
    damaged: int = 0


def replay_part(calls: Sequence[ParkedCall], lanes: ReplayLanes) -> ReplayPart:
    """One batch a lane. The calls fit into one batch."""
    result = ReplayPart()
    slices: dict[Lane, list[tuple[ParkedCall, bytes]]] = {}
    for call in calls:
        if call.lane not in lanes.profiles:
            result.homeless += 1
            continue
        try:
            data = _relabelled(call, lanes)
        except ValueError:
            result.damaged += 1
            continue
        slices.setdefault(call.lane, []).append((call, data))
        result.sent.append(call.id)
    result.batches = [_batch(lane, lanes.profiles[lane], of) for lane, of in slices.items()]
    return result


def _relabelled(call: ParkedCall, lanes: ReplayLanes) -> bytes:
    """The call's bytes in its lane's profile. Raises ``ValueError`` if there are none."""
    data = inflate(call.data)
    if not data:
        raise ValueError("nothing is left of the call's bytes")
    if call.lane.signal is Signal.LOGS:
        from fuse_otel.core.encoding.relabel import relabel_logs  # noqa: PLC0415 - imports protobuf

        data = relabel_logs(data, lanes.profiles[call.lane], lanes.stream_attribute)
    return data


def _batch(lane: Lane, profile: Profile, slices: list[tuple[ParkedCall, bytes]]) -> Batch:
    slices.sort(key=lambda part: (part[0].call.start or 0, part[0].call.session_id, part[0].id))
    calls: list[CallSlice] = []
    offset = 0
    for parked, data in slices:
        calls.append(replace(parked.call, offset=offset, length=len(data)))
        offset += len(data)
    rendering = Rendering(f"{lane.signal}/replay/{profile}", lane.signal, profile, (lane,))
    return Batch(rendering, deflate(b"".join(data for _, data in slices)), offset, tuple(calls))
