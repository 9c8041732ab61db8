"""The poller against the simulated API, over hours and days of simulated time."""

from __future__ import annotations

import itertools

import pytest
from support.rigs.poller_bench import BUSY, DAY, HOUR, START, PollerBench, busy_world, down, reasons

from fuse_otel.events import (
    WindowMismatch,
)
from fuse_otel.ports import GapReason
from fuse_otel.simulator import Bounds, ListOrder, Quirks, TimeField, World


def test_three_hundred_calls_of_three_hours_take_few_requests():
    bench = PollerBench(world=busy_world(rate=BUSY), since=3 * HOUR)
    bench.work_off()
    settled = bench.settled()
    assert len(settled) >= 280
    bench.assert_each_once(settled)
    assert sum(bench.requests.values()) < 20


@pytest.mark.parametrize(
    ("moment", "bounds", "order", "more"),
    [
        (*three, more)
        for three, more in zip(
            itertools.product(TimeField, Bounds, ListOrder),
            itertools.cycle(
                [
                    {},
                    {"page_cap": 7},
                    {"duplicate_every": 5, "page_cap": 40},
                    {"total_off_by": 1},
                    {"total_off_by": -1, "page_cap": 9},
                    {"total_drifts": True},
                    {"late_arrivals": 2, "page_cap": 10},
                ]
            ),
            strict=False,
        )
    ],
    ids=str,
)
def test_every_reading_of_the_api_stores_each_call_once(moment, bounds, order, more):
    quirks = Quirks(filter_by=moment, bounds=bounds, order=order, order_by=moment, **more)
    bench = PollerBench(world=busy_world(2 * HOUR), quirks=quirks, since=2 * HOUR)
    bench.run(2400)
    bench.assert_each_once(bench.settled())
    bench.assert_budget_kept()


def test_calls_that_appear_late_are_found_by_the_rescans():
    # Filtered by start, a call of more than an hour is never in the window of a poll.
    bench = PollerBench(world=World(seed=5, rate=0.06, past=6 * HOUR, start=START), since=HOUR)
    bench.run(2 * HOUR)
    calls = bench.settled(held=1000)
    late = [call for call in calls if call.end - call.start > HOUR and call.start >= START - HOUR]
    assert late
    bench.assert_each_once(late)


def test_an_api_that_ignores_the_window_gives_each_call_once():
    bench = PollerBench(world=busy_world(), quirks=Quirks(ignore_window=True))
    bench.run(HOUR)
    bench.assert_each_once(bench.settled())


def test_a_total_that_never_matches_is_counted():
    bench = PollerBench(quirks=Quirks(total_off_by=1))
    bench.run(60)
    assert bench.of(WindowMismatch)


def test_numbers_are_read_apart():
    world = busy_world(2 * HOUR, rate=0.1)
    numbers = sorted({call.number for call in world.starting(START - 2 * HOUR, START)})[:2]
    bench = PollerBench(world=world, numbers=tuple(numbers))
    bench.run(HOUR)
    assert set(bench.position.numbers) == set(numbers)
    calls = [call for call in bench.ended(START, bench.now - 1200) if call.number in numbers]
    bench.assert_each_once([call for call in calls if call.start > START - HOUR + 2])
    stored = {world.find(session_id).number for session_id in bench.stored()}
    assert stored == set(numbers)


def test_the_floor_is_stored_before_the_api_has_answered_anything():
    bench = PollerBench(
        world=World(rate=1e-4, past=6 * DAY, start=START), faults=[down()], since=5 * DAY
    )
    bench.run(60)
    assert bench.position.numbers[""].floor == START - 5 * DAY
    bench.now += DAY
    bench.restart()
    bench.faults.clear()
    bench.run(60)
    assert bench.position.numbers[""].floor == START - 5 * DAY


def test_the_first_hour_of_history_leaves_no_gap():
    bench = PollerBench(since=HOUR)
    bench.step()
    assert reasons(bench) == []


def test_history_is_a_gap_that_is_read_oldest_first_after_the_live_window():
    bench = PollerBench(world=busy_world(2 * DAY, rate=0.005), since=2 * DAY)
    bench.step()
    (gap,) = bench.position.gaps
    assert (gap.start, gap.reason) == (START - 2 * DAY, GapReason.HISTORY)
    bench.work_off()
    assert bench.position.gaps == ()
    ends = {call.session_id: call.end for call in bench.ended(START - 2 * DAY, START)}
    old = [ends[one] for one in bench.stored() if ends[one] < START - 2 * HOUR]
    newest_before = list(itertools.accumulate(old, max))
    # Windows of an hour and more come in order; inside of one the calls stand by their start.
    assert all(end > before - DAY for end, before in zip(old, newest_before, strict=True))
    assert ends[bench.stored()[0]] > START - 2 * HOUR
    bench.assert_each_once(bench.settled())


def test_a_running_poller_without_work_polls_and_sleeps():
    bench = PollerBench(world=World(rate=1e-6, start=START))
    bench.work_off()
    steps, asked = bench.steps, bench.made
    bench.run(HOUR)
    assert bench.steps - steps < 500
    assert bench.made - asked < 140
    assert bench.polls() >= 119


def test_after_two_days_away_live_calls_come_first_and_the_gap_is_read():
    bench = PollerBench(world=busy_world(rate=0.005))
    bench.run(300)
    bench.now += 2 * DAY
    bench.restart()
    back = bench.now
    before = len(bench.stored())
    bench.step()
    (gap,) = bench.position.gaps
    assert gap.reason is GapReason.DOWNTIME
    assert gap.start <= START + 300
    bench.run_until(lambda: len(bench.stored()) > before)
    ends = {call.session_id: call.end for call in bench.ended(START, back)}
    assert all(ends[one] > back - 2 * HOUR for one in bench.stored()[before:])
    bench.work_off()
    bench.assert_each_once(bench.settled())


def test_a_dead_api_leaves_a_gap_that_is_read_when_it_answers_again():
    bench = PollerBench(world=busy_world())
    bench.run(300)
    cursor, headroom = bench.cursor, bench.moved().headroom
    key = bench.faults.add(down())
    bench.run(3 * HOUR)
    assert bench.cursor == cursor
    assert bench.moved().headroom == pytest.approx(headroom - 3 * HOUR, abs=120)
    assert not bench.moved().up
    assert reasons(bench) == []
    bench.faults.remove(key)
    bench.run(600)
    assert bench.cursor > START + 3 * HOUR
    assert bench.moved().headroom > 5 * DAY - 1200
    bench.assert_each_once(bench.settled())
