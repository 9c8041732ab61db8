"""A lane over real sockets: a real store, a real back end, everything in between."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.builders.ship_values import LOGS, NOW, TRACES, add, encoded, new_body
from support.fakes.otlp_answer import HANG_UP, NO_CONTENT
from support.fakes.otlp_protocols import BOTH, GRPC, HTTP, AnyReceiver, OtlpProtocol
from support.fakes.otlp_receiver import OtlpReceiver
from support.fakes.otlp_request import Request
from support.rigs.socket_lane_rig import QUICK, SocketLaneRig

from fuse_otel.core.batching.gzip_member import inflate
from fuse_otel.core.model.lane import Lane
from fuse_otel.core.model.telemetry import Signal
from fuse_otel.ports import Store
from fuse_otel.shipper import Shipper
from fuse_otel.store import open_store

FAR_BEHIND = "entry too far behind, entry timestamp is: 2026-11-18T23:00:00Z"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    url = f"sqlite:///{tmp_path / 'store.db'}"
    opened = open_store(url, capacity=1 << 30, clock=time.time)
    yield opened
    opened.close()


@pytest.fixture(params=BOTH.values(), ids=BOTH.keys())
def protocol(request: pytest.FixtureRequest) -> OtlpProtocol:
    return request.param


@pytest.fixture
def receiver(protocol: OtlpProtocol) -> Iterator[AnyReceiver]:
    with protocol.receiver() as running:
        yield running


@pytest.fixture
def line(store: Store, protocol: OtlpProtocol, receiver: AnyReceiver) -> Iterator[SocketLaneRig]:
    made = SocketLaneRig(store, protocol, receiver.url, TRACES)
    yield made
    made.destination.close()


@pytest.fixture
def logs_line(
    store: Store, protocol: OtlpProtocol, receiver: AnyReceiver
) -> Iterator[SocketLaneRig]:
    made = SocketLaneRig(store, protocol, receiver.url, LOGS)
    yield made
    made.destination.close()


@pytest.fixture
def http() -> Iterator[OtlpReceiver]:
    with OtlpReceiver() as running:
        yield running


@pytest.mark.parametrize("lane", [TRACES, LOGS], ids=["traces", "logs"])
def test_every_call_arrives_once(store, protocol, receiver, lane):
    names = {f"call {number}" for number in range(50)}
    add(store, *(new_body(name, lane=lane) for name in sorted(names)))
    line = SocketLaneRig(store, protocol, receiver.url, lane)
    line.run()
    line.destination.close()
    assert receiver.sessions() == names
    assert receiver.duplicates() == {}
    assert len(receiver.spans()) + len(receiver.records()) == 100
    assert len(receiver.requests) == 1
    assert line.waiting == 0


def test_an_answer_without_a_body_is_as_good(store, http):
    """Loki's."""
    add(store, new_body("a", lane=LOGS))
    http.then(NO_CONTENT)
    line = SocketLaneRig(store, HTTP, http.url, LOGS)
    line.run()
    line.destination.close()
    assert line.outcomes == ["accepted"]


def test_merged_batches_hold_the_bytes_of_their_calls_in_order(store, line, receiver):
    bodies = [new_body(name, end=NOW - 9000 + place) for place, name in enumerate("bca")]
    add(store, *bodies)
    line.run()
    (request,) = receiver.requests
    assert request.inflated == b"".join(encoded(Signal.TRACES, session) for session in "bca")


def test_a_whole_batch_arrives_as_it_was_stored(store, http):
    body = new_body("a", "b")
    add(store, body)
    line = SocketLaneRig(store, HTTP, http.url, TRACES)
    line.run()
    line.destination.close()
    assert http.requests[0].content == body.data


@pytest.mark.parametrize(
    ("protocol", "trouble"),
    [(each, trouble) for each in BOTH.values() for trouble in each.troubles],
    ids=[f"{name}, {trouble}" for name, each in BOTH.items() for trouble in each.troubles],
)
def test_after_the_trouble_every_call_arrives_once(store, protocol, trouble):
    add(store, new_body("a", "b", "c"))
    # A good answer has time enough, also on a busy machine.
    timeout = 3.0 if trouble in {"silence", "dribbling"} else 10.0
    with protocol.receiver(protocol.troubles[trouble]) as receiver:
        line = SocketLaneRig(store, protocol, receiver.url, TRACES, timeout=timeout)
        line.run()
        line.destination.close()
        assert receiver.sessions() == {"a", "b", "c"}
        assert receiver.duplicates() == {}
    assert not store.control.parked(10)
    assert len(line.outcomes) == 2


def test_an_answer_that_got_lost_doubles_nothing_but_what_ids_distinguish(store, http):
    add(store, new_body("a"))
    http.then(HANG_UP.but(keep=True))
    line = SocketLaneRig(store, HTTP, http.url, TRACES)
    line.run()
    line.destination.close()
    assert set(http.duplicates().values()) == {2}
    first, second = http.requests
    assert first.content == second.content


def test_a_back_end_that_was_down_gets_everything_when_it_is_up(store, protocol, shut_port):
    add(store, new_body("a", "b"))
    line = SocketLaneRig(store, protocol, f"http://127.0.0.1:{shut_port}", TRACES)
    line.run(until=lambda: line.outcomes == ["retry"] * 3)
    assert line.waiting == 2
    with protocol.receiver(port=shut_port) as up:
        add(store, new_body("c"))
        line.run()
        assert up.sessions() == {"a", "b", "c"}
        assert up.duplicates() == {}
    line.destination.close()
    assert line.outcomes[-1] == "accepted"


def test_a_bad_call_is_parked_with_the_words_of_the_back_end(store, protocol, line, receiver):
    names = {f"call {number:02}" for number in range(20)}
    add(store, new_body(*sorted(names)))

    def decide(request: Request) -> object:
        refused = "call 07" in request.sessions
        return protocol.refused("no name, caller 8005550100") if refused else None

    receiver.decide = decide
    line.run()
    assert receiver.sessions() == names - {"call 07"}
    assert receiver.duplicates() == {}
    (listed,) = store.control.parked(10)
    parked = store.control.parked_call(listed.id)
    assert parked is not None
    assert (parked.call.session_id, parked.code) == ("call 07", protocol.refusal.split()[0])
    assert parked.reason == f"{protocol.refusal}: no name, caller [digits]"
    assert inflate(parked.data) == encoded(Signal.TRACES, "call 07")


def test_what_a_refusal_stored_all_the_same_is_sent_again_with_the_same_ids(
    store, protocol, receiver, logs_line
):
    """Loki keeps the good records of a request that it answers with 400."""
    names = {f"call {number:02}" for number in range(16)}
    late = {"call 03", "call 12"}
    add(store, new_body(*sorted(names), lane=LOGS))

    def decide(request: Request) -> object:
        if late & set(request.sessions):
            return protocol.refused(FAR_BEHIND).but(keep=True)
        return None

    receiver.decide = decide
    logs_line.run()
    assert receiver.sessions() == names
    assert receiver.duplicates()
    copies = {(record.trace_id, record.SerializeToString()) for record in receiver.records()}
    assert len(copies) == 2 * len(names)
    assert {parked.call.session_id for parked in store.control.parked(10)} == late


def test_a_partial_success_leaves_copies_and_is_not_sent_again(
    store, protocol, receiver, logs_line
):
    add(store, new_body("a", "b", lane=LOGS))
    receiver.then(protocol.rejected(1, "too old"))
    logs_line.run()
    assert len(receiver.requests) == 1
    assert [parked.reason for parked in store.control.parked(10)] == ["too old"] * 2


def test_a_back_end_with_a_small_limit_gets_small_requests(store, protocol, line, receiver):
    names = {f"call {number:02}" for number in range(20)}
    add(store, new_body(*sorted(names), padding=1000))
    limit = 3 * len(encoded(Signal.TRACES, "call 00", padding=1000))
    receiver.decide = lambda request: protocol.too_large if len(request.inflated) > limit else None
    line.run()
    assert receiver.sessions() == names
    assert receiver.duplicates() == {}
    assert not store.control.parked(10)


def test_a_limit_of_grpcs_own_makes_small_requests_too(store):
    names = {f"call {number:02}" for number in range(20)}
    add(store, new_body(*sorted(names), padding=1000))
    limit = 3 * len(encoded(Signal.TRACES, "call 00", padding=1000))
    with GRPC.receiver(max_size=limit) as receiver:
        line = SocketLaneRig(store, GRPC, receiver.url, TRACES)
        line.run()
        line.destination.close()
        assert receiver.sessions() == names
        assert receiver.duplicates() == {}
    assert not store.control.parked(10)


def test_lanes_of_one_destination_do_not_hold_each_other_up(store, protocol, receiver):
    destination = protocol.to(receiver.url)
    traces, logs = (Lane("main", signal) for signal in Signal)
    add(store, new_body("a", lane=traces), new_body("a", lane=logs))
    receiver.decide = lambda request: protocol.busy if request.spans else None
    shippers = [
        Shipper(lane, store.outbox, destination, lambda _: None, lambda: 0.5, QUICK)
        for lane in (traces, logs)
    ]
    for shipper in shippers:
        shipper.step(time.time())
    destination.close()
    assert receiver.records()
    assert not receiver.spans()
