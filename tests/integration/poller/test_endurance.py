"""Politeness, a store that fails, clocks that jump, crashes."""

from __future__ import annotations

import pytest
from support.rigs.poller_bench import DAY, HOUR, START, PollerBench, busy_world

from fuse_otel.events import (
    CallsGrown,
    PollDone,
    StoreFailed,
)
from fuse_otel.ports import Gap, GapReason, Step
from fuse_otel.simulator import Quirks, World


def test_the_budget_holds_over_the_whole_run():
    bench = PollerBench(
        world=busy_world(DAY, rate=0.01),
        since=DAY,
        quirks=Quirks(page_cap=3),
        requests_per_second=1.0,
        latency=0.01,
    )
    bench.run(600)
    bench.assert_budget_kept()
    assert bench.made > 500


def test_one_request_in_four_goes_to_what_is_less_urgent():
    """A gap is read although the live window is never through."""
    world = busy_world(DAY, rate=0.1)
    bench = PollerBench(
        world=world,
        since=DAY,
        quirks=Quirks(page_cap=2),
        requests_per_second=1.0,
        latency=0.01,
        rescans=(),
    )
    bench.run(900)
    live = [
        a for a in bench.recorded if a.query.endpoint != "call" and a.query.start > START - 4000
    ]
    gap = [a for a in bench.recorded if a.query.endpoint != "call" and a.query.start < START - 4000]
    assert len(gap) == pytest.approx(len(live) / 3, rel=0.2)


def test_poking_lists_as_soon_as_the_call_is_settled():
    bench = PollerBench(world=World(rate=1e-6, start=START), poll_interval=300.0)
    bench.work_off()
    polls = bench.polls()
    bench.poller.poke(bench.now)
    bench.run(16)
    assert bench.polls() == polls + 1


def test_a_full_store_stops_polling_until_there_is_room():
    bench = PollerBench(world=busy_world(), since=3 * HOUR, capacity=1)
    bench.run(HOUR)
    assert {event.error_type for event in bench.of(StoreFailed)} == {"full"}
    assert bench.stored() == []
    assert bench.made < 300
    assert not bench.poller.state().idle
    assert bench.moved().headroom < 5 * DAY - HOUR
    bench.store.ledger._capacity.cap = 1 << 30
    bench.run(HOUR)
    bench.assert_each_once(bench.settled())
    assert bench.poller.state().failures == 0


def test_the_time_at_the_cap_is_one_gap_however_long():
    bench = PollerBench(world=busy_world(rate=0.03), capacity=1)
    bench.run(5 * HOUR)
    (gap,) = [gap for gap in bench.position.gaps if gap.reason is GapReason.DOWNTIME]
    assert gap.end - gap.start > 3 * HOUR
    bench.store.ledger._capacity.cap = 1 << 30
    bench.run(2 * HOUR)
    bench.assert_each_once(bench.settled())
    assert bench.position.gaps == ()


def test_a_lost_lease_is_taken_again():
    bench = PollerBench(world=busy_world())
    bench.run(60)
    with bench.store.ledger._database.write() as connection:
        connection.execute("update accounts set epoch = epoch + 1")
    bench.run(HOUR)
    assert [event.error_type for event in bench.of(StoreFailed)] == ["lease_lost"]
    bench.assert_each_once(bench.settled())


def test_backfill_sends_known_calls_again():
    bench = PollerBench(world=busy_world())
    bench.run(60)
    before = bench.stored()
    ledger = bench.store.ledger
    gap = Gap("", START - 1800, START - 900, GapReason.BACKFILL, again=True)
    ledger.lease("a").commit(Step(at=int(bench.now), opened=[gap]))
    bench.run(60)
    doubled = {one for one in bench.stored() if bench.stored().count(one) > before.count(one)}
    inside = {
        c.session_id
        for c in bench.ended(0 + START - 1800, START - 600)
        if START - 1800 < c.start < START - 900
    }
    assert inside
    assert inside <= doubled
    assert bench.position.gaps == ()


@pytest.mark.parametrize("jump", [-2 * DAY, -7200, -60, 7200, DAY])
def test_a_clock_that_jumps_and_comes_back_loses_and_doubles_nothing(jump):
    bench = PollerBench(world=busy_world(rate=0.008))
    bench.run(1800)
    bench.now += jump
    bench.run(600)
    bench.now -= jump
    bench.run(2 * HOUR)
    bench.assert_each_once(bench.settled(held=1000), grown=True)
    stored = bench.stored()
    again = [one for one in set(stored) if stored.count(one) > 1]
    grown = sum(event.count for event in bench.of(CallsGrown))
    assert len(stored) - len(set(stored)) == grown, again
    # The clock's wrong hours leave nothing that keeps the poller from going on.
    assert bench.cursor <= bench.now
    assert bench.polls() > 200


def test_a_floor_stored_by_a_fast_clock_does_not_stop_reading():
    bench = PollerBench(world=busy_world(rate=0.02), start=START + 30 * DAY)
    bench.run(60)
    bench.now = float(START)
    bench.run(HOUR)
    bench.assert_each_once(bench.settled())


def test_a_crash_after_any_step_loses_and_doubles_nothing():
    world = busy_world(4 * HOUR, rate=0.01)
    bench = PollerBench(world=world, since=4 * HOUR, quirks=Quirks(page_cap=20, entry_delay=30))
    for _ in range(400):
        wake = bench.step()
        bench.now = max(bench.now, wake)
        if bench.steps % 3:
            bench.restart()
    bench.run(1200)
    bench.assert_each_once(bench.settled(held=1000), grown=True)
    stored = bench.stored()
    grown = sum(event.count for event in bench.of(CallsGrown))
    assert len(stored) - len(set(stored)) == grown
    assert bench.of(PollDone)
