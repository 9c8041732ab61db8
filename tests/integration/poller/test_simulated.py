"""The poller against the simulated API, over hours and days of simulated time."""

from __future__ import annotations

import itertools
from collections import Counter

import pytest
from support.rigs.poller_rig import BUSY, DAY, HOUR, START, PollerRig, busy_world, down, reasons

from fuse_otel.core.redaction.pseudonym import pseudonymise
from fuse_otel.events import CallsStored, GapRead, WindowMismatch
from fuse_otel.ports import GapReason
from fuse_otel.simulator.quirks import Bounds, ListOrder, Quirks, TimeField
from fuse_otel.simulator.world import World

pytestmark = pytest.mark.slow


def test_three_hundred_calls_of_three_hours_take_few_requests():
    rig = PollerRig(world=busy_world(rate=BUSY), since=3 * HOUR)
    rig.work_off()
    settled = rig.settled()
    assert len(settled) >= 280
    rig.assert_each_once(settled)
    assert sum(rig.requests.values()) < 20


def test_how_far_the_past_is_read_is_reported_until_nothing_is_left():
    rig = PollerRig(world=busy_world(12 * HOUR), since=12 * HOUR)
    rig.work_off()
    reported = rig.of(GapRead)
    assert {(event.account, event.reason) for event in reported} == {("a", "history")}
    assert [event.until for event in reported] == sorted(event.until for event in reported)
    assert reported[-1].left == 0
    assert all(before.left > after.left for before, after in itertools.pairwise(reported))
    counts = [event.calls for event in reported]
    assert counts == sorted(counts)
    assert 0 < counts[-1] <= sum(len(event.calls) for event in rig.of(CallsStored))


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
    rig = PollerRig(world=busy_world(2 * HOUR), quirks=quirks, since=2 * HOUR)
    rig.run(2400)
    rig.assert_each_once(rig.settled())
    rig.assert_budget_kept()


def test_a_call_gets_its_pseudonym_once_and_not_with_every_poll_that_lists_it(monkeypatch):
    made = Counter()

    def counted(record, key):
        made[record.session_id] += 1
        return pseudonymise(record, key)

    monkeypatch.setattr("fuse_otel.poller.window_scan.pseudonymise", counted)
    rig = PollerRig(world=busy_world(rate=BUSY), since=HOUR, pseudonym_key=b"key")
    rig.run(900)
    assert rig.settled()
    assert {call.session_id for call in rig.settled()} <= made.keys()
    # A call whose end the list corrects gets one more.
    assert sum(made.values()) < 1.2 * len(made)


def test_calls_that_appear_late_are_found_by_the_rescans():
    # Filtered by start, a call of more than an hour is never in the window of a poll.
    rig = PollerRig(world=World(seed=5, rate=0.06, past=6 * HOUR, start=START), since=HOUR)
    rig.run(2 * HOUR)
    calls = rig.settled(held=1000)
    late = [call for call in calls if call.end - call.start > HOUR and call.start >= START - HOUR]
    assert late
    rig.assert_each_once(late)


def test_an_api_that_ignores_the_window_gives_each_call_once():
    rig = PollerRig(world=busy_world(), quirks=Quirks(ignore_window=True))
    rig.run(HOUR)
    rig.assert_each_once(rig.settled())


def test_a_total_that_never_matches_is_counted():
    rig = PollerRig(quirks=Quirks(total_off_by=1))
    rig.run(60)
    assert rig.of(WindowMismatch)


def test_numbers_are_read_apart():
    world = busy_world(2 * HOUR, rate=0.1)
    numbers = sorted({call.number for call in world.starting(START - 2 * HOUR, START)})[:2]
    rig = PollerRig(world=world, numbers=tuple(numbers))
    rig.run(HOUR)
    assert set(rig.position.numbers) == set(numbers)
    calls = [call for call in rig.ended(START, rig.now - 1200) if call.number in numbers]
    rig.assert_each_once([call for call in calls if call.start > START - HOUR + 2])
    stored = {world.find(session_id).number for session_id in rig.stored()}
    assert stored == set(numbers)


def test_the_floor_is_stored_before_the_api_has_answered_anything():
    rig = PollerRig(
        world=World(rate=1e-4, past=6 * DAY, start=START), faults=[down()], since=5 * DAY
    )
    rig.run(60)
    assert rig.position.numbers[""].floor == START - 5 * DAY
    rig.now += DAY
    rig.restart()
    rig.faults.clear()
    rig.run(60)
    assert rig.position.numbers[""].floor == START - 5 * DAY


def test_the_first_hour_of_history_leaves_no_gap():
    rig = PollerRig(since=HOUR)
    rig.step()
    assert reasons(rig) == []


def test_history_is_a_gap_that_is_read_oldest_first_after_the_live_window():
    rig = PollerRig(world=busy_world(2 * DAY, rate=0.005), since=2 * DAY)
    rig.step()
    (gap,) = rig.position.gaps
    assert (gap.start, gap.reason) == (START - 2 * DAY, GapReason.HISTORY)
    rig.work_off()
    assert rig.position.gaps == ()
    ends = {call.session_id: call.end for call in rig.ended(START - 2 * DAY, START)}
    old = [ends[one] for one in rig.stored() if ends[one] < START - 2 * HOUR]
    newest_before = list(itertools.accumulate(old, max))
    # Windows of an hour and more come in order; inside of one the calls stand by their start.
    assert all(end > before - DAY for end, before in zip(old, newest_before, strict=True))
    assert ends[rig.stored()[0]] > START - 2 * HOUR
    rig.assert_each_once(rig.settled())


def test_a_running_poller_without_work_polls_and_sleeps():
    rig = PollerRig(world=World(rate=1e-6, start=START))
    rig.work_off()
    steps, asked = rig.steps, rig.made
    rig.run(HOUR)
    assert rig.steps - steps < 500
    assert rig.made - asked < 140
    assert rig.polls() >= 119


def test_after_two_days_away_live_calls_come_first_and_the_gap_is_read():
    rig = PollerRig(world=busy_world(rate=0.005))
    rig.run(300)
    rig.now += 2 * DAY
    rig.restart()
    back = rig.now
    before = len(rig.stored())
    rig.step()
    (gap,) = rig.position.gaps
    assert gap.reason is GapReason.DOWNTIME
    assert gap.start <= START + 300
    rig.run_until(lambda: len(rig.stored()) > before)
    ends = {call.session_id: call.end for call in rig.ended(START, back)}
    assert all(ends[one] > back - 2 * HOUR for one in rig.stored()[before:])
    rig.work_off()
    rig.assert_each_once(rig.settled())


def test_a_dead_api_leaves_a_gap_that_is_read_when_it_answers_again():
    rig = PollerRig(world=busy_world())
    rig.run(300)
    cursor, headroom = rig.cursor, rig.moved().headroom
    key = rig.faults.add(down())
    rig.run(3 * HOUR)
    assert rig.cursor == cursor
    assert rig.moved().headroom == pytest.approx(headroom - 3 * HOUR, abs=120)
    assert not rig.moved().up
    assert reasons(rig) == []
    rig.faults.remove(key)
    rig.run(600)
    assert rig.cursor > START + 3 * HOUR
    assert rig.moved().headroom > 5 * DAY - 1200
    rig.assert_each_once(rig.settled())
