"""A fault from one simulated moment to another."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FaultInterval:
    """``place`` is ``api``, ``traces`` or ``logs``. ``kind`` is a fault of the simulated API as a
    command line writes it (``error,endpoint=calls``), or for a lane an HTTP status, ``close``
    (no answer) or ``lost`` (taken, but the answer is cut off). UNIX seconds.
    """

    place: str
    kind: str
    since: float
    until: float

    def on(self, now: float) -> bool:
        return self.since <= now < self.until
