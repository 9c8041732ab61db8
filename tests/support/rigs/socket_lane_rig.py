"""A lane with everything real, and the loop of a daemon around it."""

from __future__ import annotations

import time
from collections.abc import Callable

from fuse_otel.core.model.lane import Lane
from fuse_otel.events import Event, ExportDone
from fuse_otel.ports import ParkedCall, Store
from fuse_otel.shipper import Shipper, ShipperOptions
from support.fakes.otlp_protocols import OtlpProtocol
from support.patience import PATIENCE

# Short enough to wait for in a test.
QUICK = ShipperOptions(first_wait=0.01, longest_wait=0.05, suspend=0.05, idle=0.01)


class SocketLaneRig:
    """``timeout``: seconds an attempt may take."""

    def __init__(
        self,
        store: Store,
        protocol: OtlpProtocol,
        url: str,
        lane: Lane,
        timeout: float = 30.0,
        options: ShipperOptions = QUICK,
    ) -> None:
        self.store = store
        self.lane = lane
        self.events: list[Event] = []
        self.destination = protocol.to(url, lane.destination, timeout)
        self.shipper = Shipper(
            lane, store.outbox, self.destination, self.events.append, lambda: 0.5, options
        )

    @property
    def waiting(self) -> int:
        return sum(one.calls for one in self.store.control.status().lanes if one.lane == self.lane)

    @property
    def parked(self) -> list[ParkedCall]:
        return list(self.store.control.parked(100_000))

    @property
    def parked_sessions(self) -> set[str]:
        return {parked.call.session_id for parked in self.parked}

    @property
    def outcomes(self) -> list[str]:
        return [event.result for event in self.events if isinstance(event, ExportDone)]

    def run(self, until: Callable[[], object] | None = None) -> None:
        done = until or (lambda: self.shipper.idle)
        deadline = time.monotonic() + PATIENCE
        while not done():
            assert time.monotonic() < deadline
            wake = self.shipper.step(time.time())
            time.sleep(max(0.0, min(wake - time.time(), 0.1)))
