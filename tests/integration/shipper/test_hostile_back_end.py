"""Back ends that answer anything at all: no answer loses a call, repeats a request without a wait,
or fails a lane in silence. The waits are the product's; the time is moved to each wake.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

import pytest
from support.builders.ship_values import LOGS, TRACES, new_body, store_with
from support.fakes.hostile_answers import hostile_grpc, hostile_http
from support.fakes.otlp_protocols import BOTH, AnyReceiver, OtlpProtocol
from support.fakes.otlp_request import Request
from support.fakes.raw_http import Peer, RawServer
from support.rigs.socket_lane_rig import SocketLaneRig
from support.scale import scaled

from fuse_otel.core.model.lane import Lane
from fuse_otel.events import ExportDone, LaneChanged, LoopFailed
from fuse_otel.shipper import ShipperOptions
from fuse_otel.shipper.lane_health import LaneHealth

ANSWERS: dict[str, Callable[[Random], Any]] = {"http": hostile_http, "grpc": hostile_grpc}
SHORTEST_WAIT = ShipperOptions().first_wait / 2
ENOUGH = 12  # requests with the same answer, after which a lane has decided


class HostileLane(SocketLaneRig):
    """``answer`` is what its back end gives to every request, ``None`` for a good one."""

    def __init__(
        self, protocol: OtlpProtocol, receiver: AnyReceiver, lane: Lane, names: set[str]
    ) -> None:
        store = store_with(new_body(*sorted(names), lane=lane))
        super().__init__(store, protocol, receiver.url, lane, timeout=5.0, options=ShipperOptions())
        receiver.decide = self._decide
        self.answer: Any = None
        self.requests = 0
        self.too_soon: list[float] = []
        self._now = time.time()
        self._last: dict[bytes, float] = {}

    def run_until(self, done: Callable[[], object]) -> None:
        for _ in range(1_000):
            if done():
                return
            self._now = max(self._now, self.shipper.step(self._now))
        raise AssertionError(f"not within 1,000 steps: {self.codes[-9:]}")

    def close(self) -> None:
        self.destination.close()
        self.store.close()

    @property
    def codes(self) -> list[str]:
        return [event.code for event in self.events if isinstance(event, ExportDone)]

    @property
    def healthy(self) -> bool:
        changes = [event for event in self.events if isinstance(event, LaneChanged)]
        return not changes or changes[-1].up

    def _decide(self, request: Request) -> Any:
        self.requests += 1
        waited = self._now - self._last.get(request.inflated, 0.0)
        if waited < SHORTEST_WAIT:
            self.too_soon.append(waited)
        self._last[request.inflated] = self._now
        return self.answer


@pytest.fixture(params=BOTH.values(), ids=BOTH.keys())
def protocol(request: pytest.FixtureRequest) -> OtlpProtocol:
    return request.param


@pytest.fixture
def receiver(protocol: OtlpProtocol) -> Iterator[AnyReceiver]:
    with protocol.receiver() as running:
        yield running


@pytest.mark.proof
def test_whatever_a_back_end_answers_each_call_is_delivered_or_parked(protocol, receiver):
    draw = ANSWERS[protocol.word.partition("/")[0]]
    figures: Counter[str] = Counter()
    for number in range(scaled(80)):
        names = {f"{number}/{place}" for place in range(3)}
        rig = HostileLane(protocol, receiver, (TRACES, LOGS)[number % 2], names)
        rig.answer = draw(Random(number))
        where = f"answer {number}: {str(rig.answer)[:300]}"
        rig.run_until(lambda rig=rig: rig.shipper.idle or rig.requests >= ENOUGH)
        assert rig.shipper.idle or not rig.healthy, where
        assert not rig.too_soon, where
        figures.update(rig.outcomes)
        rig.answer = None
        rig.run_until(lambda rig=rig: rig.shipper.idle)
        assert names == (names & receiver.sessions()) | rig.parked_sessions, where
        assert "error" not in rig.codes, where
        assert not [event for event in rig.events if isinstance(event, LoopFailed)], where
        rig.close()
    print(dict(figures))  # noqa: T201 - pytest shows it with -rP
    assert len(figures) >= 4, figures


NOISE = (
    b"", b"\x00" * 100, b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n", b"\xff" * 5_000,
    b"\x00\x00\x00\x04\x00\x00\x00\x00\x00", b"\x00\x00\x00\x04\x00\x00\x00\x00\x00" * 10_000,
    b"\x00\x00\x00\x04\x00\x00\x00\x00\x00\x00\x00\x08\x07\x00\x00\x00\x00\x00" + bytes(8),
    b"\x00\x00\x00\x04\x00\x00\x00\x00\x00\xff\xff\xff\x00\x00\x00\x00\x00\x01" + b"z" * 70_000,
    b"\x00\x00\x00\x04\x00\x00\x00\x00\x00\x00\x00\x04\x01\x04\x00\x00\x00\x01\x88\x88\x88\x88",
    b"\x00\x00\x00\x04\x00\x00\x00\x00\x00\x00\x00\x04\x03\x00\x00\x00\x00\x01\x00\x00\x00\x07",
)  # fmt: skip


@pytest.mark.parametrize("noise", NOISE, ids=range(len(NOISE)))
def test_a_peer_that_breaks_http_2_takes_the_lane_down_and_loses_nothing(noise):
    """Frames that are cut, of no known type, far too long, of no stream, or a reset."""

    def respond(peer: Peer, _head: str) -> None:
        peer.send(noise)
        time.sleep(0.02)
        peer.close()

    with RawServer(respond) as server:
        rig = HostileLane(BOTH["grpc"], server, TRACES, {"a", "b"})
        rig.run_until(lambda: len(rig.codes) >= 4)
        assert not rig.healthy
        assert "error" not in rig.codes
        assert (rig.waiting, rig.parked) == (2, [])
        rig.close()


def test_a_lane_that_failed_in_silence_would_be_caught(monkeypatch):
    """Of the check above: without the event of a lane that fails the lane seems healthy."""
    monkeypatch.setattr(LaneHealth, "failing", lambda *_: None)
    protocol = BOTH["http"]
    with protocol.receiver() as receiver:
        rig = HostileLane(protocol, receiver, TRACES, {"a"})
        rig.answer = protocol.busy
        rig.run_until(lambda: rig.requests >= ENOUGH)
        assert rig.healthy
        rig.close()
