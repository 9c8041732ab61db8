"""What is to be told to the store, kept until the store has taken it."""

from __future__ import annotations

from dataclasses import dataclass

from fuse_otel.core.batching.export_request import ExportRequest
from fuse_otel.ports import Acknowledgement, ParkedCopy
from fuse_otel.shipper.in_flight import Attempt


@dataclass(frozen=True, slots=True)
class PendingAcknowledgements:
    """The verdicts of one shipment. The store may be told them again and again."""

    attempt: Attempt
    parked: tuple[ParkedCopy, ...]

    @property
    def verdicts(self) -> list[Acknowledgement]:
        return verdicts(self.attempt.shipment, self.parked)

    @property
    def ends(self) -> tuple[int, ...]:
        """The ends of its calls, as far as they are known."""
        calls = (part.call for part in self.attempt.shipment.parts)
        return tuple(call.end for call in calls if call.end is not None)


def verdicts(shipment: ExportRequest, parked: tuple[ParkedCopy, ...]) -> list[Acknowledgement]:
    """One a body. ``parked`` is empty or holds a copy of each call, in the shipment's order."""
    offsets: dict[int, list[int]] = {}
    copies: dict[int, list[ParkedCopy]] = {}
    for part in shipment.parts:
        offsets.setdefault(part.body, []).append(part.call.offset)
    for part, copy in zip(shipment.parts, parked, strict=False):
        copies.setdefault(part.body, []).append(copy)
    return [
        Acknowledgement(body, tuple(places), tuple(copies.get(body, ())))
        for body, places in offsets.items()
    ]
