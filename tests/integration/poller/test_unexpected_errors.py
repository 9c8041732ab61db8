"""Exceptions that no code expects, anywhere on the path of a call, stop no account."""

from __future__ import annotations

import json

import pytest
from support.rigs.poller_rig import HOUR, START, PollerRig, busy_world

from fuse_otel.core.encoding.renderer import Renderer
from fuse_otel.core.model.ids import CallIds
from fuse_otel.events import ApiFailed, CallsStored, CallsUnreadable, LoopFailed
from fuse_otel.ports import GapReason
from fuse_otel.source import FuseApi

UNNAMEABLE = ["x" * 70_000, "..", "a/b", "a\ud800b", f"sha256:{'0' * 64}"]

SECRET = "8005550100"


class Odd(Exception):
    """No code catches this by name."""


def victim_of(rig):
    return next(c for c in rig.ended(START + 60, START + HOUR) if c.log and c.exited)


def others_arrive(rig, victim, held=300):
    settled = rig.settled(held=held)
    assert len(settled) > 20
    rig.assert_each_once([c for c in settled if c.session_id != victim.session_id])


def reported(rig, kind):
    events = rig.of(kind)
    assert events
    assert SECRET not in repr(events)
    return events


def test_a_call_whose_request_raises_is_exported_from_its_list_record(monkeypatch):
    rig = PollerRig(world=busy_world())
    victim = victim_of(rig)
    read_call = FuseApi.read_call

    def odd(api, session_id):
        if session_id == victim.session_id:
            raise Odd(SECRET)
        return read_call(api, session_id)

    monkeypatch.setattr(FuseApi, "read_call", odd)
    rig.run(HOUR)
    assert rig.details()[victim.session_id] == "missing"
    assert sum(event.count for event in reported(rig, CallsUnreadable)) == 1
    others_arrive(rig, victim)
    assert rig.moved().up


def test_a_call_whose_translation_raises_is_exported_from_its_list_record(monkeypatch):
    rig = PollerRig(world=busy_world())
    victim = victim_of(rig)
    render = Renderer.render

    def odd(renderer, call, log, details, sent=None):
        if call.session_id == victim.session_id and log.entries:
            raise Odd(SECRET)
        return render(renderer, call, log, details, sent)

    monkeypatch.setattr(Renderer, "render", odd)
    rig.run(HOUR)
    assert rig.details()[victim.session_id] == "missing"
    assert reported(rig, CallsUnreadable)[0].count == 1
    assert {event.error_type for event in reported(rig, LoopFailed)} == {"Odd"}
    others_arrive(rig, victim)
    assert rig.moved().up


def test_a_call_that_cannot_even_be_exported_is_a_gap_of_seconds(monkeypatch):
    rig = PollerRig(world=busy_world())
    victim = victim_of(rig)
    render = Renderer.render

    def odd(renderer, call, *rest):
        if call.session_id == victim.session_id:
            raise Odd(SECRET)
        return render(renderer, call, *rest)

    monkeypatch.setattr(Renderer, "render", odd)
    rig.run(HOUR)
    gaps = [gap for gap in rig.position.gaps if gap.reason is GapReason.ERROR]
    assert gaps
    assert sum(gap.end - gap.start for gap in gaps) < 60
    assert rig.moved().up
    near = {c.session_id for c in rig.ended(victim.end - 10, victim.end + 10)}
    settled = [c for c in rig.settled(held=300) if c.session_id not in near]
    rig.assert_each_once(settled)
    monkeypatch.undo()
    rig.run(HOUR)
    rig.assert_each_once([victim])
    assert rig.position.gaps == ()


def test_a_window_whose_list_raises_is_halved_to_a_gap(monkeypatch):
    rig = PollerRig(world=busy_world())
    poison = START - 1800
    list_calls = FuseApi.list_calls

    def odd(api, start, end, **query):
        if start <= poison <= end:
            raise Odd(SECRET)
        return list_calls(api, start, end, **query)

    monkeypatch.setattr(FuseApi, "list_calls", odd)
    rig.run(600)
    (gap,) = rig.position.gaps
    assert (gap.start, gap.end) == (poison - 2, poison + 2)
    assert rig.moved().up
    assert reported(rig, LoopFailed)
    rig.assert_each_once(rig.settled(START))


def test_an_account_with_unexpected_errors_everywhere_is_down_and_says_so(monkeypatch):
    rig = PollerRig(world=busy_world())
    rig.run(300)

    def odd(*_args, **_query):
        raise Odd(SECRET)

    monkeypatch.setattr(FuseApi, "list_calls", odd)
    rig.run(1200)
    assert not rig.moved().up
    assert "Odd" in rig.moved().reason
    assert SECRET not in rig.moved().reason
    made = len(reported(rig, LoopFailed))
    assert made < 400  # it backs off
    monkeypatch.undo()
    rig.run(HOUR)
    assert rig.moved().up
    rig.assert_each_once(rig.settled(held=300))


@pytest.mark.parametrize("session_id", UNNAMEABLE, ids=range(len(UNNAMEABLE)))
def test_a_call_that_no_request_can_name_is_read_in_bulk_and_never_alone(session_id):
    rig = PollerRig(world=busy_world())
    victim = victim_of(rig)
    give_id(rig, victim.session_id, session_id)
    rig.run(HOUR)
    decoded = session_id.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    traces = [trace for event in rig.of(CallsStored) for trace in event.trace_ids]
    assert traces.count(CallIds("", decoded).trace_id.hex()) == 1
    asked = {a.query.session_id for a in rig.recorded if a.query.session_id}
    assert decoded not in asked
    assert max(map(len, asked)) < 100
    assert not rig.of(ApiFailed)
    others_arrive(rig, victim)


def give_id(rig, session_id, other):
    """Every answer shows the call by another id."""
    get = rig._exchange.get
    written = json.dumps(other)[1:-1].encode()

    def renamed(endpoint, path, query):
        answer = get(endpoint, path, query)
        body = answer.body.replace(session_id.encode(), written)
        return type(answer)(answer.status, body, answer.retry_after, answer.date)

    rig._exchange.get = renamed
