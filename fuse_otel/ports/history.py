"""What the charts of the overview show: the last day, in slots of five minutes."""

from __future__ import annotations

from dataclasses import dataclass

SLOT = 300
"""Seconds. A slot starts at a multiple of it."""
SLOTS = 288
"""How many slots are kept: those of a day."""


def slot_of(moment: float) -> int:
    """The start of the slot of a moment, UNIX seconds."""
    return int(moment // SLOT) * SLOT


@dataclass(frozen=True, slots=True)
class Sample:
    """The largest ``lag`` and the smallest ``headroom`` of all accounts in a slot, whole seconds.
    ``at`` is the start of the slot.
    """

    at: int
    lag: int
    headroom: int


@dataclass(frozen=True, slots=True)
class CallCount:
    """How many calls started in the slot that starts ``at``, and how many of them have an error."""

    at: int
    calls: int
    errors: int
