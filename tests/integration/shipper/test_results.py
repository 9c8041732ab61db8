"""What a lane makes of each kind of answer, and of few or many calls, over real sockets."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.builders.ship_values import ITEMS, LOGS, NOW, TRACES, add, encoded, new_body
from support.fakes.otlp_answer import HTML, records_rejected, spans_rejected, status, text
from support.fakes.otlp_protocols import HTTP
from support.fakes.otlp_receiver import OtlpReceiver
from support.rigs.socket_lane_rig import SocketLaneRig
from support.scale import scaled

from fuse_otel.core.batching.batch import MAX_INFLATED
from fuse_otel.core.batching.gzip_member import inflate
from fuse_otel.core.model.lane import Lane
from fuse_otel.core.model.tally import Tally
from fuse_otel.core.model.telemetry import Signal
from fuse_otel.daemon.daemon import Daemon
from fuse_otel.events import CallsStored, LaneChanged
from fuse_otel.jobs.replay import ReplayLanes
from fuse_otel.jobs.worker import JobWorker
from fuse_otel.ports import Store
from fuse_otel.shipper import Shipper, ShipperOptions
from fuse_otel.store import open_store

CAPACITY = 1 << 30


@pytest.fixture
def capacity() -> int:
    return CAPACITY


@pytest.fixture
def store(tmp_path: Path, capacity: int) -> Iterator[Store]:
    url = f"sqlite:///{tmp_path / 'store.db'}"
    opened = open_store(url, capacity=capacity, clock=time.time)
    yield opened
    opened.close()


@pytest.fixture
def receiver() -> Iterator[OtlpReceiver]:
    with OtlpReceiver() as running:
        yield running


def line_of(store: Store, receiver: OtlpReceiver, lane: Lane) -> Iterator[SocketLaneRig]:
    made = SocketLaneRig(store, HTTP, receiver.url, lane)
    yield made
    made.destination.close()


@pytest.fixture
def line(store, receiver):
    yield from line_of(store, receiver, TRACES)


@pytest.fixture
def logs_line(store, receiver):
    yield from line_of(store, receiver, LOGS)


def named(count: int) -> list[str]:
    return [f"call {number:05}" for number in range(count)]


# --- refused ---


@pytest.mark.slow
def test_ten_calls_refused_in_a_row_are_suspended_and_parked_no_further(store, line, receiver):
    names = named(40)
    add(store, new_body(*names))
    receiver.decide = lambda _: status(400, "unknown tenant")
    line.run(until=lambda: line.outcomes.count("permanent_failure") > 60)
    assert len(line.parked) == 9
    assert line.waiting == 31
    assert line.shipper.suspended is not None
    assert "unknown tenant" in line.shipper.suspended
    receiver.decide = lambda _: None
    line.run()
    assert receiver.sessions() == set(names) - line.parked_sessions
    assert len(line.parked) == 9


def test_calls_refused_between_accepted_ones_are_parked_however_many(store, line, receiver):
    names = named(60)
    bad = set(names[::2])
    add(store, new_body(*names))
    receiver.decide = lambda request: status(400, "no") if bad & set(request.sessions) else None
    line.run()
    assert line.parked_sessions == bad
    assert receiver.sessions() == set(names) - bad


@pytest.mark.parametrize("words", ["entry too far behind", "timestamp too old"])
def test_old_records_suspend_a_lane_without_lokis_profile(store, logs_line, receiver, words):
    names = named(25)
    add(store, new_body(*names, lane=LOGS))
    receiver.decide = lambda _: status(400, f"{words}, entry timestamp is: 2026-11-18T23:00:00Z")
    logs_line.run(until=lambda: logs_line.outcomes.count("permanent_failure") > 40)
    assert len(logs_line.parked) == 9
    assert "FUSE_OTEL_LOGS_FLAVOUR=loki" in logs_line.shipper.suspended


def test_a_partial_success_that_keeps_nothing_is_a_refusal(store, logs_line, receiver):
    names = named(8)
    add(store, new_body(*names, lane=LOGS))

    def decide(request):
        if names[3] in request.sessions:
            return records_rejected(len(request.records), "out of bounds").but(keep=False)
        return None

    receiver.decide = decide
    logs_line.run()
    assert receiver.sessions() == set(names) - {names[3]}
    (parked,) = logs_line.parked
    assert (parked.call.session_id, parked.rejected, parked.reason) == (
        names[3],
        ITEMS,
        "out of bounds",
    )


def test_a_partial_success_leaves_copies_that_can_be_sent_again(store, line, receiver):
    add(store, new_body("a", "b"))
    receiver.then(spans_rejected(1, "one is too old"))
    line.run()
    copies = [store.control.parked_call(parked.id) for parked in line.parked]
    assert {inflate(copy.data) for copy in copies if copy} == {
        encoded(Signal.TRACES, session) for session in "ab"
    }


# --- retried ---


def test_a_call_that_always_fails_stops_the_others_no_longer_than_ten_tries(store, line, receiver):
    names = named(12)
    add(store, new_body(*names), new_body("other", end=NOW - 5000, padding=700_000))
    receiver.decide = lambda request: text(500) if names[5] in request.sessions else None
    line.run(until=lambda: line.waiting == 1)
    assert receiver.sessions() == {*names, "other"} - {names[5]}
    assert line.parked == []
    receiver.decide = lambda _: None
    line.run()
    assert receiver.sessions() == {*names, "other"}
    assert receiver.duplicates() == {}


# --- held ---


@pytest.mark.parametrize(
    "answer",
    [
        *(text(code, "no") for code in (401, 403, 404, 405, 407, 415)),
        text(307, Location="https://elsewhere.example/"),
        HTML.but(keep=False),
        text(200, '{"status":"ok"}', "application/json").but(keep=False),
        text(400, "Client sent an HTTP request to an HTTPS server."),
    ],
    ids=["401", "403", "404", "405", "407", "415", "307", "page", "json", "tls port"],
)
def test_what_is_ours_to_mend_resolves_nothing_and_is_reported(store, line, receiver, answer):
    add(store, new_body("a", "b"))
    receiver.decide = lambda _: answer
    line.run(until=lambda: len(line.outcomes) == 5)
    assert set(line.outcomes) == {"suspended"}
    assert line.shipper.suspended
    assert (line.waiting, line.parked) == (2, [])
    assert [event.up for event in line.events if isinstance(event, LaneChanged)] == [False]
    receiver.decide = lambda _: None
    line.run()
    assert receiver.sessions() == {"a", "b"}
    assert line.shipper.suspended is None


@pytest.mark.parametrize("capacity", [8000])
def test_past_their_share_of_the_cap_calls_are_not_parked_but_suspended(store, line, receiver):
    names = named(40)
    add(store, *(new_body(name, lane=TRACES) for name in names))
    accepted = set(names[1::3])
    receiver.decide = lambda request: (
        None if set(request.sessions) <= accepted else status(400, "bad")
    )
    line.run(until=lambda: line.shipper.suspended and "replay or drop" in line.shipper.suspended)
    assert 0 < sum(len(parked.call.session_id) > 0 for parked in line.parked) < len(names)
    assert line.waiting + len(line.parked) + len(receiver.sessions()) == len(names)


# --- few and many ---


@pytest.mark.proof
def test_a_burst_goes_out_in_few_large_requests_of_one_gzip_member_each(store, line, receiver):
    """The receiver takes exactly one member a request."""
    count = scaled(3000, least=1000)
    names = named(count)
    add(store, *(new_body(name, end=NOW - 200_000 + n) for n, name in enumerate(names)))
    size = count * len(encoded(Signal.TRACES, names[0]))
    line.run()
    assert receiver.sessions() == set(names)
    assert receiver.duplicates() == {}
    assert [session for request in receiver.requests for session in request.sessions] == names
    assert max(len(request.inflated) for request in receiver.requests) <= MAX_INFLATED
    assert len(receiver.requests) <= 2 + size // (0.99 * MAX_INFLATED)


def test_a_retry_of_merged_batches_is_the_same_request(store, line, receiver):
    add(store, *(new_body(name) for name in named(20)))
    receiver.then(text(503), text(429), text(503))
    line.run()
    assert len(receiver.requests) == 4
    assert len({request.content for request in receiver.requests}) == 1


def test_a_call_an_hour_goes_out_at_once(store, line, receiver):
    """No timer: the commit wakes the lane, which would look by itself only in an hour."""
    patient = Shipper(
        TRACES, store.outbox, line.destination, line.events.append, lambda: 0.5,
        ShipperOptions(idle=3600),
    )  # fmt: skip
    worker = JobWorker(store.control, {}, ReplayLanes.of((), ""), line.events.append, lambda: 0.5)
    daemon = Daemon([], [patient], worker, line.events.append, time.time)
    daemon.start()
    try:
        for name in named(3):
            line.run(until=lambda: patient.idle)
            add(store, new_body(name))
            daemon.notice(CallsStored("main", time.time(), (), (), Tally()))
            receiver.wait_for(lambda r, name=name: name in r.sessions())
    finally:
        assert daemon.stop(30)
