"""Our clock is wrong, the API's date is wrong, or a call's times are."""

from __future__ import annotations

import json

import pytest
from support.rigs.poller_rig import DAY, HOUR, START, PollerRig, busy_world, failing

from fuse_otel.events import WindowUnreadable
from fuse_otel.ports import GapReason
from fuse_otel.simulator.quirks import Quirks
from fuse_otel.simulator.world import World

MINUTE = 60
YEAR = 366 * DAY
RETENTION = 5 * DAY
START_1970 = -float(START) + DAY


def headrooms(rig):
    return [event.headroom for event in rig.of(type(rig.moved())) if event.headroom is not None]


def test_a_clock_that_is_six_days_ahead_for_a_minute_gives_nothing_up():
    rig = PollerRig(world=World(seed=3, rate=0.001, start=START), quirks=Quirks(retention=9e9))
    victim = next(c for c in rig.ended(START + MINUTE, START + DAY) if c.log)
    poison = START - 1800
    rig.faults.replace(
        [
            failing("call", session=victim.session_id),
            failing("all_logs"),
            failing("calls", since=poison, until=poison),
        ]
    )
    rig.now = victim.end + 30.0
    rig.run(10 * MINUTE)
    assert victim.session_id in {pending.call.session_id for pending in rig.pending}
    rig.off = 6.0 * DAY
    rig.run(MINUTE)
    rig.off = 0.0
    assert victim.session_id not in rig.stored()
    assert not rig.of(WindowUnreadable)
    rig.faults.clear()
    rig.run(HOUR)
    assert rig.details()[victim.session_id] == "full" or not victim.exited
    assert rig.stored().count(victim.session_id) == 1


def test_retention_is_judged_by_the_api_s_clock():
    """Our clock is a little behind: the gap is given up when the API has deleted its details."""
    rig = PollerRig(world=World(rate=1e-6, start=START), since=HOUR)
    rig.off = -200.0
    poison = START - 1800
    rig.faults.add(failing("calls", since=poison, until=poison))
    rig.run(10 * MINUTE)
    rig.now = poison + RETENTION + 100.0
    rig.run(MINUTE)
    assert [event.start for event in rig.of(WindowUnreadable)] == [poison - 2]


@pytest.mark.slow
@pytest.mark.parametrize("off", [START_1970, -30.0 * DAY, 6.0 * DAY], ids=["1970", "-30d", "+6d"])
def test_live_calls_are_read_and_the_headroom_makes_sense_while_our_clock_is_wrong(off):
    rig = PollerRig(world=busy_world(), since=5 * DAY)
    rig.off = off
    rig.run(HOUR)
    assert all(0 <= headroom <= RETENTION for headroom in headrooms(rig))
    live = rig.ended(START + 5 * MINUTE, START + HOUR - 6 * MINUTE)
    traces = set(rig.stored())
    late = {c.session_id for c in live if c.exited and c.end - c.start < 3000} - traces
    assert len(live) > 20
    assert late == set()


@pytest.mark.slow
@pytest.mark.parametrize("off", [START_1970, -30.0 * DAY, 6.0 * DAY], ids=["1970", "-30d", "+6d"])
def test_a_corrected_clock_leaves_no_gap_beyond_the_retention(off):
    rig = PollerRig(world=busy_world(past=6 * DAY, rate=0.0005), since=5 * DAY)
    rig.off = off
    rig.run(10 * MINUTE)
    rig.off = 0.0
    made = rig.made
    for _ in range(30):
        rig.run(10)
        gaps = rig.position.gaps
        assert all(gap.start >= rig.now - RETENTION - HOUR for gap in gaps), gaps
    rig.run(3 * HOUR)
    assert all(0 <= headroom <= RETENTION for headroom in headrooms(rig))
    assert rig.made - made < 2000
    assert sum(e.end - e.start for e in rig.of(WindowUnreadable)) <= 31 * DAY
    rig.assert_each_once(
        [c for c in rig.ended(START - 4 * DAY, START + 3 * HOUR) if c.end - c.start < 3000],
        grown=True,
    )


def test_a_downtime_longer_than_the_retention_is_counted_as_unreadable_beyond_it():
    rig = PollerRig(world=busy_world(past=HOUR, rate=0.0005))
    rig.run(10 * MINUTE)
    stopped = rig.cursor
    rig.now += 8 * DAY
    rig.restart()
    rig.run(MINUTE)
    (lost,) = rig.of(WindowUnreadable)
    assert lost.start == stopped
    assert lost.end == pytest.approx(rig.now - RETENTION, abs=2 * MINUTE)
    reasons = {gap.reason for gap in rig.position.gaps}
    assert reasons <= {GapReason.DOWNTIME, GapReason.HISTORY}


@pytest.mark.slow
@pytest.mark.parametrize("ahead", [HOUR, YEAR])
@pytest.mark.parametrize("log", ["open", "missing"])
def test_an_end_in_the_future_delays_a_call_no_longer_than_any_other(ahead, log):
    rig = PollerRig(world=busy_world(rate=0.005))
    victim = next(c for c in rig.ended(START + 5 * MINUTE, START + HOUR) if c.log and not c.exited)
    shift_end(rig, victim, ahead, without_log=log == "missing")
    rig.run(victim.end - START + 20 * MINUTE)
    assert rig.stored().count(victim.session_id) == 1
    requests = [a for a in rig.recorded if a.query.session_id == victim.session_id]
    assert len(requests) < 12
    rig.run(3 * HOUR)
    assert victim.session_id not in {pending.call.session_id for pending in rig.pending}
    assert rig.stored().count(victim.session_id) == 1


def shift_end(rig, victim, ahead, *, without_log):
    """The lists show the call with an end so far ahead."""
    get = rig._exchange.get

    def shifted(endpoint, path, query):
        answer = get(endpoint, path, query)
        if endpoint == "calls" and answer.ok:
            page = json.loads(answer.body)
            for call in page["calls"]:
                if call["session_id"] == victim.session_id:
                    call["end"] = victim.end + ahead
            body = json.dumps(page).encode()
        elif without_log and victim.session_id.replace(";", "%3B") in path:
            body = b"[]"
        else:
            body = answer.body
        return type(answer)(answer.status, body, answer.retry_after, answer.date)

    rig._exchange.get = shifted
