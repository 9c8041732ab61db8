"""Logs that are not there yet, grow, or are gone, over simulated hours."""

from __future__ import annotations

import pytest
from support.rigs.poller_rig import BUSY, HOUR, LOGS, START, TRACES, PollerRig, busy_world

from fuse_otel.events import (
    CallsGrown,
    CallsStored,
)
from fuse_otel.ports import PendingReason
from fuse_otel.simulator.quirks import Quirks


def test_a_hang_up_is_held_then_sent_then_read_once_more():
    rig = PollerRig(world=busy_world(rate=BUSY), quirks=Quirks(entry_delay=100))
    rig.run_until(lambda: any(pending.reason is PendingReason.GROWING for pending in rig.pending))
    held = next(p for p in rig.pending if p.reason is PendingReason.GROWING)
    session_id, end = held.call.session_id, held.call.end
    assert session_id not in rig.stored()
    rig.run_until(lambda: session_id in rig.stored())
    assert end + 15 <= rig.now <= end + 125
    recheck = next(p for p in rig.pending if p.call.session_id == session_id)
    assert (recheck.reason, recheck.due) == (PendingReason.RECHECK, end + 900)
    rig.run_until(lambda: session_id not in {p.call.session_id for p in rig.pending})
    assert end + 900 <= rig.now <= end + 960
    assert rig.stored().count(session_id) == 1


def test_entries_that_come_later_are_growth():
    rig = PollerRig(world=busy_world(), quirks=Quirks(entry_delay=400))
    rig.run(HOUR)
    assert rig.of(CallsGrown)
    stored = rig.stored()
    calls = rig.settled(held=1500)
    rig.assert_each_once(calls, grown=True)
    told = sum(len(event.calls) for event in rig.of(CallsStored))
    assert told == len(set(stored))
    exited = [c for c in calls if c.exited and c.log]
    assert {rig.details()[call.session_id] for call in exited} == {"full"}


def test_missing_details_are_waited_for_until_a_quarter_of_an_hour_after_the_end():
    rig = PollerRig(world=busy_world(), quirks=Quirks(lost_logs=1.0))
    rig.run(HOUR)
    old = [call for call in rig.ended(START - HOUR, START - 900) if call.start > START - HOUR]
    assert old
    stored = set(rig.stored())
    # Exported at once: …
    assert {call.session_id for call in old} <= stored
    fresh = [c for c in rig.ended(START + 60, rig.now) if c.log and c.end - c.start < 3000]
    for call in fresh:
        # … the others when the quarter of an hour is over.
        assert (call.session_id in stored) == (call.end + 900 < rig.now - 35) or (
            abs(call.end + 900 - rig.now) <= 35
        )
    waiting = {p.call.session_id for p in rig.pending if p.reason is PendingReason.MISSING}
    assert waiting
    assert waiting.isdisjoint(stored)
    assert set(rig.details().values()) == {"missing", "none"}


@pytest.mark.slow
def test_details_that_turn_up_an_hour_after_they_were_believed_missing_are_growth():
    rig = PollerRig(world=busy_world(), quirks=Quirks(log_delay=1800))
    rig.run(2.5 * HOUR)
    calls = [call for call in rig.settled(START)[:30] if call.exited and call.log]
    assert {rig.details()[call.session_id] for call in calls} == {"full"}
    assert {rig.stored().count(call.session_id) for call in calls} == {2}


def test_what_the_api_calls_expired_is_exported_from_the_list():
    quirks = Quirks(retention=2 * HOUR)
    rig = PollerRig(world=busy_world(5 * HOUR), quirks=quirks, since=5 * HOUR)
    rig.work_off()
    calls = rig.ended(START - 5 * HOUR, START - 3 * HOUR)
    calls = [call for call in calls if call.log and call.start > START - 5 * HOUR]
    assert {rig.details()[call.session_id] for call in calls} == {"expired"}
    rig.assert_each_once(calls)


def test_calls_without_a_log_are_exported_without_asking():
    rig = PollerRig(world=busy_world(), since=3 * HOUR)
    rig.work_off()
    silent = {call.session_id for call in rig.ended(START - 2 * HOUR, START - 60) if not call.log}
    assert silent
    assert {rig.details()[one] for one in silent} == {"none"}
    assert silent.isdisjoint(each.query.session_id for each in rig.recorded)


def test_a_call_that_is_listed_while_it_runs_is_followed_to_its_end():
    rig = PollerRig(
        world=busy_world(), quirks=Quirks(running_calls=True), renderings=(TRACES, LOGS)
    )
    rig.run_until(
        lambda: any(rig.world.find(p.call.session_id).end > p.call.end for p in rig.pending)
    )
    rig.run(2400)
    calls = [call for call in rig.settled(START, held=1000) if call.log]
    rig.assert_each_once(calls, grown=True)
    ends = rig.store.ledger.lease("a").look_up([call.session_id for call in calls]).known
    assert {one: seen.end for one, seen in ends.items()} == {c.session_id: c.end for c in calls}
    records = rig.records()
    assert all(call.entries - 1 <= records[call.session_id] <= call.entries for call in calls)
