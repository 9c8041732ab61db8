"""Politeness, a store that fails, clocks that jump, crashes."""

from __future__ import annotations

import pytest
from support.rigs.poller_rig import DAY, HOUR, START, PollerRig, busy_world

from fuse_otel.events import (
    CallsGrown,
    PollDone,
    StoreFailed,
)
from fuse_otel.ports import Gap, GapReason, Step
from fuse_otel.simulator.quirks import Quirks
from fuse_otel.simulator.world import World

pytestmark = pytest.mark.proof


def test_the_budget_holds_over_the_whole_run():
    rig = PollerRig(
        world=busy_world(DAY, rate=0.01),
        since=DAY,
        quirks=Quirks(page_cap=3),
        requests_per_second=1.0,
        latency=0.01,
    )
    rig.run(600)
    rig.assert_budget_kept()
    assert rig.made > 500


def test_one_request_in_four_goes_to_what_is_less_urgent():
    """A gap is read although the live window is never through."""
    world = busy_world(DAY, rate=0.1)
    rig = PollerRig(
        world=world,
        since=DAY,
        quirks=Quirks(page_cap=2),
        requests_per_second=1.0,
        latency=0.01,
        rescans=(),
    )
    rig.run(900)
    live = [a for a in rig.recorded if a.query.endpoint != "call" and a.query.start > START - 4000]
    gap = [a for a in rig.recorded if a.query.endpoint != "call" and a.query.start < START - 4000]
    assert len(gap) == pytest.approx(len(live) / 3, rel=0.2)


def test_poking_lists_as_soon_as_the_call_is_settled():
    rig = PollerRig(world=World(rate=1e-6, start=START), poll_interval=300.0)
    rig.work_off()
    polls = rig.polls()
    rig.poller.poke(rig.now)
    rig.run(16)
    assert rig.polls() == polls + 1


def test_a_full_store_stops_polling_until_there_is_room():
    rig = PollerRig(world=busy_world(), since=3 * HOUR, capacity=1)
    rig.run(HOUR)
    assert {event.error_type for event in rig.of(StoreFailed)} == {"full"}
    assert rig.stored() == []
    assert rig.made < 300
    assert not rig.poller.state().idle
    assert rig.moved().headroom < 5 * DAY - HOUR
    rig.store.ledger._capacity.cap = 1 << 30
    rig.run(HOUR)
    rig.assert_each_once(rig.settled())
    assert rig.poller.state().failures == 0


def test_the_time_at_the_cap_is_one_gap_however_long():
    rig = PollerRig(world=busy_world(rate=0.03), capacity=1)
    rig.run(5 * HOUR)
    (gap,) = [gap for gap in rig.position.gaps if gap.reason is GapReason.DOWNTIME]
    assert gap.end - gap.start > 3 * HOUR
    rig.store.ledger._capacity.cap = 1 << 30
    rig.run(2 * HOUR)
    rig.assert_each_once(rig.settled())
    assert rig.position.gaps == ()


def test_a_lost_lease_is_taken_again():
    rig = PollerRig(world=busy_world())
    rig.run(60)
    with rig.store.ledger._database.write() as connection:
        connection.execute("update accounts set epoch = epoch + 1")
    rig.run(HOUR)
    assert [event.error_type for event in rig.of(StoreFailed)] == ["lease_lost"]
    rig.assert_each_once(rig.settled())


def test_backfill_sends_known_calls_again():
    rig = PollerRig(world=busy_world())
    rig.run(60)
    before = rig.stored()
    ledger = rig.store.ledger
    gap = Gap("", START - 1800, START - 900, GapReason.BACKFILL, again=True)
    ledger.lease("a").commit(Step(at=int(rig.now), opened=[gap]))
    rig.run(60)
    doubled = {one for one in rig.stored() if rig.stored().count(one) > before.count(one)}
    inside = {
        c.session_id
        for c in rig.ended(0 + START - 1800, START - 600)
        if START - 1800 < c.start < START - 900
    }
    assert inside
    assert inside <= doubled
    assert rig.position.gaps == ()


@pytest.mark.parametrize("jump", [-2 * DAY, -7200, -60, 7200, DAY])
def test_a_clock_that_jumps_and_comes_back_loses_and_doubles_nothing(jump):
    rig = PollerRig(world=busy_world(rate=0.008))
    rig.run(1800)
    rig.now += jump
    rig.run(600)
    rig.now -= jump
    rig.run(2 * HOUR)
    rig.assert_each_once(rig.settled(held=1000), grown=True)
    stored = rig.stored()
    again = [one for one in set(stored) if stored.count(one) > 1]
    grown = sum(event.count for event in rig.of(CallsGrown))
    assert len(stored) - len(set(stored)) == grown, again
    # The clock's wrong hours leave nothing that keeps the poller from going on.
    assert rig.cursor <= rig.now
    assert rig.polls() > 200


def test_a_floor_stored_by_a_fast_clock_does_not_stop_reading():
    rig = PollerRig(world=busy_world(rate=0.02), start=START + 30 * DAY)
    rig.run(60)
    rig.now = float(START)
    rig.run(HOUR)
    rig.assert_each_once(rig.settled())


def test_a_crash_after_any_step_loses_and_doubles_nothing():
    world = busy_world(4 * HOUR, rate=0.01)
    rig = PollerRig(world=world, since=4 * HOUR, quirks=Quirks(page_cap=20, entry_delay=30))
    for _ in range(400):
        wake = rig.step()
        rig.now = max(rig.now, wake)
        if rig.steps % 3:
            rig.restart()
    rig.run(1200)
    rig.assert_each_once(rig.settled(held=1000), grown=True)
    stored = rig.stored()
    grown = sum(event.count for event in rig.of(CallsGrown))
    assert len(stored) - len(set(stored)) == grown
    assert rig.of(PollDone)
