"""A lane on a bench: a real store in memory, a destination that answers as told, time by hand."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import TypeVar

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from fuse_otel.core.batching.batch import Batch
from fuse_otel.core.batching.export_result import Accepted, ExportResult, PermanentFailure
from fuse_otel.core.batching.gzip_member import inflate
from fuse_otel.core.model.telemetry import Signal
from fuse_otel.events import Event
from fuse_otel.ports import LaneStatus, Outbox, ParkedCall
from fuse_otel.shipper import Shipper, ShipperOptions
from support.builders.ship_values import NOW, TRACES, add, store_with
from support.fakes.otlp_request import Request

E = TypeVar("E", bound=Event)
Decide = Callable[[list[str]], ExportResult]

ACCEPTED = Accepted("200")
REFUSED = PermanentFailure("400", "bad span")


def accept(_: list[str]) -> ExportResult:
    return ACCEPTED


def refusing(*bad: str, result: ExportResult = REFUSED) -> Decide:
    """Accepts every request but those that hold one of these calls."""
    return lambda sessions: result if set(sessions) & set(bad) else ACCEPTED


class ScriptedDestination:
    """``decide`` is given the session ids of a request; ``sent`` keeps those of all requests."""

    name = "tempo"

    def __init__(self, decide: Decide) -> None:
        self.decide = decide
        self.sent: list[list[str]] = []

    def send(self, signal: Signal, data: bytes, items: int) -> ExportResult:
        kind = ExportTraceServiceRequest if signal is Signal.TRACES else ExportLogsServiceRequest
        inflated = inflate(data)
        request = Request("", {}, data, inflated, kind.FromString(inflated), kept=False)
        assert items == len(request.spans) + len(request.records)
        self.sent.append(request.sessions)
        return self.decide(request.sessions)

    def close(self) -> None:
        raise AssertionError("its owner closes it")


class LaneRig:
    """``now`` is the bench's time; a request takes ``seconds``."""

    def __init__(
        self,
        *bodies: Batch,
        decide: Decide = accept,
        outbox: Callable[[Outbox], Outbox] = lambda real: real,
        options: ShipperOptions = ShipperOptions(),  # noqa: B008 - frozen
        capacity: int = 1 << 30,
        seconds: float = 0.0,
    ) -> None:
        self.store = store_with(*bodies, capacity=capacity)
        weakref.finalize(self, self.store.close)  # a bench needs no tidying up
        self.destination = ScriptedDestination(self._decide)
        self.events: list[Event] = []
        self.now = float(NOW)
        self._answer = decide
        self._seconds = seconds
        self.passed = 0.0  # seconds, by the lane's timer
        self.lane = bodies[0].rendering.lanes[0] if bodies else TRACES
        self.outbox = outbox(self.store.outbox)
        self.shipper = Shipper(
            self.lane,
            self.outbox,
            self.destination,
            self.events.append,
            lambda: 1.0,
            options,
            timer=lambda: self.passed,
        )

    @property
    def sent(self) -> list[list[str]]:
        return self.destination.sent

    @property
    def waiting(self) -> int:
        return self._status().calls

    @property
    def parked(self) -> list[ParkedCall]:
        """In the order they were parked."""
        control = self.store.control
        listed = sorted(control.parked(1000), key=lambda call: call.id)
        found = [control.parked_call(call.id) for call in listed]
        return [call for call in found if call is not None]

    @property
    def parked_sessions(self) -> list[str]:
        return [parked.call.session_id for parked in self.parked]

    def add(self, *bodies: Batch) -> None:
        add(self.store, *bodies)

    def seen(self, kind: type[E]) -> list[E]:
        return [event for event in self.events if isinstance(event, kind)]

    def step(self) -> float:
        """One step; returns how long the lane wants to wait then, in seconds."""
        return max(self.shipper.step(self.now) - self.now, 0.0)

    def run(self, steps: int = 10_000) -> None:
        """Until nothing is due: the time is moved to each wake."""
        for _ in range(steps):
            wait = self.step()
            if self.shipper.idle:
                return
            self.now += wait
        raise AssertionError(f"{self.waiting} calls still wait after {steps} steps")

    def run_for(self, seconds: float) -> None:
        end = self.now + seconds
        while self.now < end:
            self.now += max(self.step(), 0.001)

    def run_until(self, holds: Callable[[], bool], within: float) -> None:
        """Until ``holds``, for at most so many seconds of the bench's time."""
        end = self.now + within
        while not holds():
            assert self.now < end, "it did not come about"
            self.now += max(self.step(), 0.001)

    def _decide(self, sessions: list[str]) -> ExportResult:
        self.passed += self._seconds
        return self._answer(sessions)

    def _status(self) -> LaneStatus:
        return next(one for one in self.store.control.status().lanes if one.lane == self.lane)
