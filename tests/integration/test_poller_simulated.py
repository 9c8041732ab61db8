"""The poller against the simulated API, over hours and days of simulated time."""

from __future__ import annotations

import itertools

import pytest
from support.poller_bench import DAY, START, PollerBench, down, failing

from fuse_otel.events import (
    ApiThrottled,
    CallsGrown,
    CallsStored,
    PollDone,
    StoreFailed,
    WindowMismatch,
    WindowUnreadable,
)
from fuse_otel.ports import Gap, GapReason, PendingReason, Step
from fuse_otel.simulator import Bounds, Fault, FaultKind, Moment, Order, Quirks, World
from fuse_otel.simulator.world import LONGEST

HOUR = 3600
BUSY = 300 / (3 * HOUR)  # calls a second


def busy_world(past: float = 3 * HOUR, rate: float = BUSY, seed: int = 3) -> World:
    return World(seed=seed, rate=rate, past=past, start=START)


def reasons(bench: PollerBench) -> list[GapReason]:
    return [gap.reason for gap in bench.position.gaps]


# --- what is listed comes out once ----------------------------------------------------------------


def test_three_hundred_calls_of_three_hours_take_few_requests():
    bench = PollerBench(world=busy_world(), since=3 * HOUR)
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
            itertools.product(Moment, Bounds, Order),
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
    bench.run(2 * HOUR)
    calls = [c for c in bench.settled() if c.start > START - 2 * HOUR]
    listed_by_now = [c for c in calls if c.end < bench.now - 900]
    bench.assert_each_once(listed_by_now)
    bench.assert_budget_kept()


def test_calls_that_appear_late_are_found_by_the_rescans():
    # Filtered by start, a call of more than an hour is never in the window of a poll.
    bench = PollerBench(world=World(seed=5, rate=0.2, past=6 * HOUR, start=START), since=HOUR)
    bench.run(3 * HOUR)
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
    calls = [call for call in bench.settled() if call.number in numbers]
    bench.assert_each_once([call for call in calls if call.start > START - HOUR])
    stored = {world.find(session_id).number for session_id in bench.stored()}
    assert stored == set(numbers)


# --- first start, downtime ------------------------------------------------------------------------


def test_the_floor_is_stored_before_the_api_has_answered_anything():
    bench = PollerBench(faults=[down()], since=5 * DAY)
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
    bench = PollerBench(world=busy_world(2 * DAY, rate=0.02), since=2 * DAY)
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
    bench = PollerBench(world=busy_world(rate=0.02))
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


# --- logs that are not there yet ------------------------------------------------------------------


def test_a_hang_up_is_held_then_sent_then_read_once_more():
    bench = PollerBench(world=busy_world(), quirks=Quirks(entry_delay=100))
    bench.run_until(
        lambda: any(pending.reason is PendingReason.GROWING for pending in bench.pending)
    )
    held = next(p for p in bench.pending if p.reason is PendingReason.GROWING)
    session_id, end = held.call.session_id, held.call.end
    assert session_id not in bench.stored()
    bench.run_until(lambda: session_id in bench.stored())
    assert end + 15 <= bench.now <= end + 125
    recheck = next(p for p in bench.pending if p.call.session_id == session_id)
    assert (recheck.reason, recheck.due) == (PendingReason.RECHECK, end + 900)
    bench.run_until(lambda: session_id not in {p.call.session_id for p in bench.pending})
    assert end + 900 <= bench.now <= end + 960
    assert bench.stored().count(session_id) == 1


def test_entries_that_come_later_are_growth():
    bench = PollerBench(world=busy_world(rate=0.1), quirks=Quirks(entry_delay=400))
    bench.run(HOUR)
    assert bench.of(CallsGrown)
    stored = bench.stored()
    calls = bench.settled(held=1500)
    bench.assert_each_once(calls, grown=True)
    told = sum(len(event.calls) for event in bench.of(CallsStored))
    assert told == len(set(stored))
    exited = [c for c in calls if c.exited and c.log]
    assert {bench.details()[call.session_id] for call in exited} == {"full"}


def test_missing_details_are_waited_for_until_a_quarter_of_an_hour_after_the_end():
    bench = PollerBench(world=busy_world(), quirks=Quirks(lost_logs=1.0))
    bench.run(HOUR)
    old = [call for call in bench.ended(START - HOUR, START - 900) if call.start > START - HOUR]
    assert old
    stored = set(bench.stored())
    # Exported at once: …
    assert {call.session_id for call in old} <= stored
    fresh = [call for call in bench.ended(START + 60, bench.now) if call.log]
    for call in fresh:
        # … the others when the quarter of an hour is over.
        assert (call.session_id in stored) == (call.end + 900 < bench.now - 35) or (
            abs(call.end + 900 - bench.now) <= 35
        )
    waiting = {p.call.session_id for p in bench.pending if p.reason is PendingReason.MISSING}
    assert waiting
    assert waiting.isdisjoint(stored)
    assert set(bench.details().values()) == {"missing", "none"}


def test_details_that_turn_up_an_hour_after_they_were_believed_missing_are_growth():
    bench = PollerBench(world=busy_world(), quirks=Quirks(log_delay=1800))
    bench.run(3 * HOUR)
    calls = [call for call in bench.ended(START, START + HOUR) if call.exited and call.log]
    assert {bench.details()[call.session_id] for call in calls} == {"full"}
    assert {bench.stored().count(call.session_id) for call in calls} == {2}


def test_what_the_api_calls_expired_is_exported_from_the_list():
    quirks = Quirks(retention=2 * HOUR)
    bench = PollerBench(world=busy_world(5 * HOUR), quirks=quirks, since=5 * HOUR)
    bench.work_off()
    calls = bench.ended(START - 5 * HOUR, START - 3 * HOUR)
    calls = [call for call in calls if call.log and call.start > START - 5 * HOUR]
    assert {bench.details()[call.session_id] for call in calls} == {"expired"}
    bench.assert_each_once(calls)


def test_calls_without_a_log_are_exported_without_asking():
    bench = PollerBench(world=busy_world(), since=3 * HOUR)
    bench.work_off()
    silent = {call.session_id for call in bench.ended(START - 2 * HOUR, START - 60) if not call.log}
    assert silent
    assert {bench.details()[one] for one in silent} == {"none"}
    assert silent.isdisjoint(asked.question.session_id for asked in bench.asked)


# --- faults ---------------------------------------------------------------------------------------


def test_a_call_whose_details_fail_waits_while_the_others_go_on():
    bench = PollerBench(world=busy_world(), quirks=Quirks(lost_logs=0.0))
    victim = next(c for c in bench.ended(START + 60, START + HOUR) if c.log and c.exited)
    bench.faults.replace([failing("call", session=victim.session_id), failing("all_logs")])
    bench.run(HOUR)
    (pending,) = [p for p in bench.pending if p.call.session_id == victim.session_id]
    assert pending.reason is PendingReason.FAILING
    others = bench.settled()
    bench.assert_each_once([c for c in others if c.session_id != victim.session_id])
    tries = [a for a in bench.asked if a.question.session_id == victim.session_id]
    assert 20 < len(tries) < 200
    bench.faults.clear()
    bench.run(120)
    assert victim.session_id in bench.stored()


def test_details_that_fail_for_five_days_are_given_up_as_missing():
    bench = PollerBench(world=World(seed=3, rate=0.001, start=START), quirks=Quirks(retention=9e9))
    victim = next(c for c in bench.ended(START + 60, START + DAY) if c.log)
    bench.faults.replace([failing("call", session=victim.session_id), failing("all_logs")])
    bench.now = victim.end + 30.0
    bench.run(60)
    assert victim.session_id not in bench.stored()
    bench.now = victim.end + 5 * DAY + 10.0
    bench.run(120)
    assert bench.details()[victim.session_id] == "missing"


def test_a_window_that_is_not_answered_is_halved_to_a_gap_and_the_cursor_passes():
    bench = PollerBench(world=busy_world())
    poison = START - 1800
    key = bench.faults.add(failing("calls", since=poison, until=poison))
    bench.run(300)
    (gap,) = bench.position.gaps
    assert gap.reason is GapReason.ERROR
    assert (gap.start, gap.end) == (poison - 2, poison + 2)
    assert bench.cursor > START + 200
    around = bench.ended(START - 3000, START - 200)
    bench.assert_each_once([c for c in around if not gap.start - 1 <= c.start <= gap.end])
    assert not any(error_of(bench, poison) for bench in [bench] if not bench.position.gaps)
    bench.faults.remove(key)
    bench.run(700)
    assert bench.position.gaps == ()
    bench.assert_each_once(around)


def error_of(bench: PollerBench, second: int) -> bool:
    return any(gap.start <= second <= gap.end for gap in bench.position.gaps)


def test_a_gap_that_is_not_answered_is_retried_ever_more_rarely():
    bench = PollerBench(world=busy_world())
    poison = START - 1800
    bench.faults.add(failing("calls", since=poison, until=poison))
    bench.run(300)
    asked = bench.made
    bench.run(HOUR)
    # About a dozen tries of a few requests each, beside 120 polls and their details.
    hits = [
        a for a in bench.asked[asked - bench.made :] if a.question.start <= poison <= a.question.end and a.status == 500
    ]
    assert 10 <= len(hits) <= 150


def test_two_bad_seconds_are_retried_in_turn():
    bench = PollerBench(world=busy_world())
    bench.faults.add(failing("calls", since=START - 2000, until=START - 2000))
    second = bench.faults.add(failing("calls", since=START - 1000, until=START - 1000))
    bench.run(300)
    assert len(bench.position.gaps) == 2
    bench.faults.remove(second)
    bench.run(2400)
    (gap,) = bench.position.gaps
    assert gap.start == START - 2002


def test_a_gap_is_given_up_after_five_days():
    bench = PollerBench(world=World(rate=1e-6, start=START), since=HOUR)
    poison = START - 1800
    bench.faults.add(failing("calls", since=poison, until=poison))
    bench.run(300)
    bench.now = poison + 5 * DAY - 600.0
    bench.run(60)
    assert GapReason.ERROR in reasons(bench)
    assert not bench.of(WindowUnreadable)
    bench.run(1200)
    (event,) = bench.of(WindowUnreadable)
    assert (event.start, event.end) == (poison - 2, poison + 2)
    assert GapReason.ERROR not in reasons(bench)


def test_a_long_stretch_that_is_not_answered_does_not_hold_up_the_live_window():
    bench = PollerBench(world=busy_world())
    bench.faults.add(failing("calls", since=START - 3000, until=START - 1200))
    bench.run(600)
    assert bench.cursor > START
    assert error_of(bench, START - 2000)
    bench.assert_each_once(bench.settled())


def test_a_failing_bulk_is_halved_alone():
    bench = PollerBench(world=busy_world(), since=3 * HOUR)
    bad = START - 5000
    bench.faults.add(failing("all_logs", since=bad, until=bad + 3))
    bench.work_off()
    settled = bench.settled()
    bench.assert_each_once(settled)
    assert reasons(bench) == []
    windows = {
        (a.question.start, a.question.end) for a in bench.asked if a.question.endpoint == "calls"
    }
    assert min(end - start for start, end in windows if start > START - 4 * HOUR) > 3000


def test_bulk_that_never_works_is_replaced_by_single_requests():
    bench = PollerBench(world=busy_world(), since=3 * HOUR, faults=[failing("all_logs")])
    bench.run(2 * HOUR)
    bench.assert_each_once(bench.settled())


def test_a_bulk_answer_that_is_too_large_is_asked_for_in_smaller_parts():
    flood = Fault(FaultKind.FLOOD, endpoint="all_logs", count=4)
    bench = PollerBench(world=busy_world(), since=3 * HOUR, faults=[flood])
    bench.work_off()
    bench.assert_each_once(bench.settled())
    limits = [a.question.limit for a in bench.asked if a.question.endpoint == "all_logs"]
    assert min(limits) < 200


def test_a_log_that_is_too_large_is_exported_from_the_list():
    bench = PollerBench(world=busy_world())
    victim = next(c for c in bench.ended(START + 60, START + HOUR) if c.log and c.exited)
    bench.faults.add(Fault(FaultKind.FLOOD, endpoint="call", session=victim.session_id))
    bench.run(HOUR)
    bench.assert_each_once([victim])
    assert bench.details()[victim.session_id] == "open"


def test_an_unauthorized_account_is_tried_once_a_minute():
    bench = PollerBench(faults=[Fault(FaultKind.UNAUTHORIZED)])
    bench.run(600)
    assert bench.made in {10, 11}
    assert bench.poller.state().unauthorized
    assert not bench.moved().up
    bench.faults.clear()
    bench.run(120)
    assert not bench.poller.state().unauthorized
    assert bench.moved().up


def test_a_told_wait_is_kept():
    bench = PollerBench(faults=[Fault(FaultKind.THROTTLED, retry_after=100, count=3)])
    bench.run(400)
    times = bench.asked_at[:4]
    assert all(later - one >= 100 for one, later in itertools.pairwise(times))
    assert [event.seconds for event in bench.of(ApiThrottled)] == [100, 100, 100]
    assert bench.polls() > 2


@pytest.mark.parametrize("told", [None, 0.0])
def test_throttling_without_a_time_backs_off(told):
    bench = PollerBench(faults=[Fault(FaultKind.THROTTLED, retry_after=told)])
    bench.run(HOUR)
    assert 60 < bench.made < 160
    bench.faults.clear()
    bench.run(300)
    assert bench.polls() > 2


def test_throttled_details_stop_all_requests_once():
    bench = PollerBench(world=busy_world(rate=0.1))
    bench.work_off()
    bench.faults.add(Fault(FaultKind.THROTTLED, endpoint="call", retry_after=60, count=2))
    bench.run_until(lambda: bool(bench.of(ApiThrottled)))
    at, asked = bench.now, bench.made
    bench.run(59)
    assert bench.made == asked, at
    bench.run(HOUR)
    bench.assert_each_once(bench.settled())


@pytest.mark.parametrize("kind", [FaultKind.HTML, FaultKind.EMPTY, FaultKind.CUT, FaultKind.DRIBBLE])
def test_answers_that_are_none_lose_nothing(kind):
    bench = PollerBench(world=busy_world(), faults=[Fault(kind, probability=0.3)], seed=4)
    bench.run(HOUR)
    bench.faults.clear()
    bench.run(1200)
    bench.assert_each_once(bench.settled(held=1000))


def test_a_dead_api_is_not_halved():
    bench = PollerBench(world=busy_world(), faults=[failing()])
    bench.run(HOUR)
    assert reasons(bench) == []
    windows = {(a.question.start, a.question.end) for a in bench.asked}
    widths = {end - start for start, end in windows}
    assert widths <= {1, 3586, 3587}  # the probes' and the live window's
    assert bench.made < 200


# --- politeness -----------------------------------------------------------------------------------


def test_the_budget_holds_over_the_whole_run():
    bench = PollerBench(
        world=busy_world(DAY, rate=0.05),
        since=DAY,
        quirks=Quirks(page_cap=5),
        requests_per_second=2.0,
        latency=0.01,
    )
    bench.run(HOUR)
    bench.assert_budget_kept()
    assert bench.made > 1000


def test_one_request_in_four_goes_to_what_is_less_urgent():
    """A gap is read although the live window is never through."""
    world = busy_world(DAY, rate=0.5)
    bench = PollerBench(
        world=world,
        since=DAY,
        quirks=Quirks(page_cap=2),
        requests_per_second=1.0,
        latency=0.01,
        rescans=(),
    )
    bench.run(HOUR)
    live = [a for a in bench.asked if a.question.endpoint != "call" and a.question.start > START - 4000]
    gap = [a for a in bench.asked if a.question.endpoint != "call" and a.question.start < START - 4000]
    assert len(gap) == pytest.approx(len(live) / 3, rel=0.2)


def test_poking_lists_as_soon_as_the_call_is_settled():
    bench = PollerBench(world=World(rate=1e-6, start=START), poll_interval=300.0)
    bench.work_off()
    polls = bench.polls()
    bench.poller.poke(bench.now)
    bench.run(16)
    assert bench.polls() == polls + 1


# --- store ----------------------------------------------------------------------------------------


def test_a_full_store_stops_polling_until_there_is_room():
    bench = PollerBench(world=busy_world(), since=3 * HOUR, capacity=1)
    bench.run(HOUR)
    assert {event.error_type for event in bench.of(StoreFailed)} == {"full"}
    assert bench.stored() == []
    assert bench.made < 300
    assert not bench.poller.state().idle
    assert bench.moved().headroom < 5 * DAY - HOUR
    bench.store.ledger._capacity = 1 << 30
    bench.run(HOUR)
    bench.assert_each_once(bench.settled())
    assert bench.poller.state().failures == 0


def test_a_lost_lease_is_taken_again():
    bench = PollerBench(world=busy_world())
    bench.run(60)
    with bench.store.ledger._database.write() as connection:
        connection.execute("update accounts set epoch = epoch + 1")
    bench.store.ledger._leases.clear()
    bench.run(HOUR)
    assert [event.error_type for event in bench.of(StoreFailed)] == ["lease_lost"]
    bench.assert_each_once(bench.settled())


def test_backfill_sends_known_calls_again():
    bench = PollerBench(world=busy_world())
    bench.run(60)
    before = bench.stored()
    ledger = bench.store.ledger
    gap = Gap("", START - 1800, START - 900, GapReason.BACKFILL, again=True)
    ledger.commit(ledger.lease("a"), Step(at=int(bench.now), opened=[gap]))
    bench.run(60)
    doubled = {one for one in bench.stored() if bench.stored().count(one) > before.count(one)}
    inside = {c.session_id for c in bench.ended(0 + START - 1800, START - 600) if START - 1800 < c.start < START - 900}
    assert inside
    assert inside <= doubled
    assert bench.position.gaps == ()


# --- the clock ------------------------------------------------------------------------------------


@pytest.mark.parametrize("jump", [-2 * DAY, -7200, -60, 7200, DAY])
def test_a_clock_that_jumps_and_comes_back_loses_and_doubles_nothing(jump):
    bench = PollerBench(world=busy_world(rate=0.02))
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


# --- crashes --------------------------------------------------------------------------------------


def test_a_crash_after_any_step_loses_and_doubles_nothing():
    world = busy_world(4 * HOUR, rate=0.02)
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
