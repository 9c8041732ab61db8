"""What the benchmarks' back end says of the requests that came."""

import gzip
from types import SimpleNamespace

import pytest
from support.builders.ship_values import ITEMS, encoded

from benchmarks import daemons, sink
from benchmarks.sink import Sink
from fuse_otel.core.model.telemetry import Signal
from fuse_otel.simulator.requests import ReceivedRequest


@pytest.fixture
def back_end(monkeypatch):
    """Its time is set by ``at``."""
    moment = SimpleNamespace(now=0.0)
    monkeypatch.setattr(sink.time, "time", lambda: moment.now)
    made = Sink()

    def post(signal, *sessions, at):
        moment.now = at
        body = gzip.compress(b"".join(encoded(signal, session) for session in sessions))
        headers = {"content-encoding": "gzip"}
        assert made.respond(ReceivedRequest("POST", f"/v1/{signal}", headers, body)).status == 200

    return SimpleNamespace(sink=made, post=post)


def test_spans_records_and_repeated_traces_are_counted(back_end):
    back_end.post(Signal.TRACES, "a", "b", at=1.0)
    back_end.post(Signal.TRACES, "a", at=2.0)
    back_end.post(Signal.LOGS, "a", at=3.0)
    found = back_end.sink.received()
    assert (found.requests, found.spans, found.records) == (3, 3 * ITEMS, ITEMS)
    assert found.traces == {"a": 2 * ITEMS, "b": ITEMS}  # each span of these calls is a root
    assert back_end.sink.received().spans == 3 * ITEMS  # nothing is counted twice


def test_a_call_has_arrived_with_the_later_of_its_signals_and_the_first_of_several_copies(back_end):
    back_end.post(Signal.TRACES, "a", "silent", at=1.0)
    back_end.post(Signal.LOGS, "a", at=3.0)
    back_end.post(Signal.LOGS, "a", at=9.0)
    found = back_end.sink.received()
    assert found.arrived("a", logs=True) == 3.0
    assert found.arrived("silent", logs=False) == 1.0
    assert found.arrived("silent", logs=True) is None
    assert found.arrived("unknown", logs=False) is None


def test_the_latency_counts_from_the_end_of_a_call_and_leaves_out_what_did_not_come(back_end):
    back_end.post(Signal.TRACES, "a", "silent", at=130.0)
    back_end.post(Signal.LOGS, "a", at=133.0)
    calls = {"a": (100, 7), "silent": (101, 0), "missing": (102, 7)}
    assert daemons.latencies(back_end.sink.received(), calls) == [33.0, 29.0]
