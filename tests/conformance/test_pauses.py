"""Paused lanes, for every store: what the shipper, the pages and the commands rely on."""

from support.builders.store_values import JAEGER, LOKI, NOW, TEMPO, body, step

from fuse_otel.core.model.lane import Lane
from fuse_otel.core.model.telemetry import Signal


def paused(store):
    return {each.lane: each.paused_since for each in store.control.status().lanes}


def test_a_lane_is_paused_until_it_is_resumed(store):
    assert store.control.pause([TEMPO, LOKI], NOW) == [TEMPO, LOKI]
    assert store.control.paused_lanes() == {TEMPO: NOW, LOKI: NOW}
    assert [store.outbox.is_paused(lane) for lane in (TEMPO, LOKI, JAEGER)] == [True, True, False]
    assert store.control.resume([LOKI]) == [LOKI]
    assert store.control.paused_lanes() == {TEMPO: NOW}
    assert not store.outbox.is_paused(LOKI)


def test_a_lane_that_is_paused_again_keeps_its_time(store):
    store.control.pause([TEMPO], NOW)
    assert store.control.pause([TEMPO, LOKI], NOW + 60) == [LOKI]
    assert store.control.paused_lanes() == {TEMPO: NOW, LOKI: NOW + 60}


def test_a_lane_that_is_not_paused_is_resumed_without_effect(store):
    assert store.control.resume([TEMPO]) == []
    assert store.control.paused_lanes() == {}


def test_the_status_shows_paused_lanes_also_before_their_first_call(store, lease):
    store.control.pause([TEMPO], NOW)
    assert paused(store) == {TEMPO: NOW}
    lease.commit(step(body("a", lanes=[TEMPO, LOKI])))
    assert paused(store) == {TEMPO: NOW, LOKI: None}


def test_the_calls_of_a_paused_lane_stay_due(store, lease):
    store.control.pause([TEMPO], NOW)
    lease.commit(step(body("a", lanes=[TEMPO])))
    (batch,) = store.outbox.due(TEMPO, NOW, 10**6)
    assert [call.session_id for call in batch.calls] == ["a"]


def test_names_of_destinations_may_contain_anything(store):
    odd = [
        Lane(name, signal)
        for name in ("a/b", "a", "%", "paused ", "é ␀", "x" * 300, "a/logs", "' or 1=1")
        for signal in Signal
    ]
    store.control.pause(odd[::2], NOW)
    assert [lane for lane in odd if store.outbox.is_paused(lane)] == odd[::2]
    assert store.control.paused_lanes() == dict.fromkeys(odd[::2], NOW)
    assert set(store.control.resume(odd)) == set(odd[::2])


def test_the_states_that_a_daemon_reports_pause_and_resume_nothing(store):
    store.control.pause([TEMPO], NOW)
    store.control.report_states({}, {})
    assert store.control.paused_lanes() == {TEMPO: NOW}
