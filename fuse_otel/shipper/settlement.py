"""What is to be told to the store, kept until the store has taken it."""

from __future__ import annotations

from dataclasses import dataclass

from fuse_otel.core.shipment import Shipment
from fuse_otel.ports import ParkedCopy, Verdict
from fuse_otel.shipper.hand import Attempt


@dataclass(frozen=True, slots=True)
class Settlement:
    """The verdicts of one shipment. The store may be told them again and again."""

    attempt: Attempt
    parked: tuple[ParkedCopy, ...]

    @property
    def verdicts(self) -> list[Verdict]:
        return verdicts(self.attempt.shipment, self.parked)

    @property
    def ends(self) -> tuple[int, ...]:
        """The ends of its calls, as far as they are known."""
        calls = (part.call for part in self.attempt.shipment.parts)
        return tuple(call.end for call in calls if call.end is not None)


def verdicts(shipment: Shipment, parked: tuple[ParkedCopy, ...]) -> list[Verdict]:
    """One a body. ``parked`` is empty or holds a copy of each call, in the shipment's order."""
    offsets: dict[int, list[int]] = {}
    copies: dict[int, list[ParkedCopy]] = {}
    for part in shipment.parts:
        offsets.setdefault(part.body, []).append(part.call.offset)
    for part, copy in zip(shipment.parts, parked, strict=False):
        copies.setdefault(part.body, []).append(copy)
    return [
        Verdict(body, tuple(places), tuple(copies.get(body, ())))
        for body, places in offsets.items()
    ]
