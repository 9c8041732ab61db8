"""Writes what the scans change of positions and gaps."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from fuse_otel.events import Emit, WindowUnreadable
from fuse_otel.ports import Gap, Lease, NumberPosition, Step


class StepWriter:
    """``clock`` gives the time of the poller's present step."""

    def __init__(self, lease: Lease, emit: Emit, clock: Callable[[], float]) -> None:
        self._lease = lease
        self._emit = emit
        self._clock = clock

    def commit(
        self,
        *,
        positions: Mapping[str, NumberPosition] | None = None,
        opened: Sequence[Gap] = (),
        closed: Sequence[int] = (),
        given_up: Sequence[Gap] = (),
    ) -> None:
        if not (positions or opened or closed or given_up):
            return
        self._lease.commit(
            Step(
                at=int(self._clock()),
                positions=positions or {},
                opened=opened,
                closed=closed,
                given_up=given_up,
            )
        )
        for gap in given_up:
            self._emit(WindowUnreadable(self._lease.account, gap.start, gap.end))

    def shrink(self, gap: Gap, left: Sequence[Gap] = ()) -> None:
        """What is ``left`` of a gap replaces it, unless it was closed meanwhile: a first start by a
        wrong clock opens gaps, and the first answer replaces them.
        """
        here = self._lease.position(int(self._clock()), 0).gaps
        if any(other.id == gap.id for other in here):
            self.commit(closed=[gap.id], opened=left)
