"""What the API does wrong, and what the poller makes of it."""

from __future__ import annotations

import itertools

import pytest
from support.rigs.poller_bench import DAY, HOUR, START, PollerBench, busy_world, failing, reasons

from fuse_otel.events import (
    ApiThrottled,
    WindowUnreadable,
)
from fuse_otel.ports import GapReason, PendingReason
from fuse_otel.simulator import Fault, FaultKind, Quirks, World


def test_a_call_whose_details_fail_waits_while_the_others_go_on():
    bench = PollerBench(world=busy_world(), quirks=Quirks(lost_logs=0.0))
    victim = next(c for c in bench.ended(START + 60, START + HOUR) if c.log and c.exited)
    bench.faults.replace([failing("call", session=victim.session_id), failing("all_logs")])
    bench.run(HOUR)
    (pending,) = [p for p in bench.pending if p.call.session_id == victim.session_id]
    assert pending.reason is PendingReason.FAILING
    others = bench.settled()
    bench.assert_each_once([c for c in others if c.session_id != victim.session_id])
    tries = [a for a in bench.recorded if a.query.session_id == victim.session_id]
    assert 20 < len(tries) < 200
    bench.faults.clear()
    bench.run(120)
    assert victim.session_id in bench.stored()


def test_a_call_whose_details_fail_holds_up_no_other():
    bench = PollerBench(world=busy_world(rate=0.004))
    bench.work_off()
    victim = next(c for c in bench.ended(START + 60, START + HOUR) if c.log and c.exited)
    bench.faults.replace([failing("call", session=victim.session_id)])
    stored_at: dict[str, float] = {}
    while bench.now < START + 2 * HOUR:
        bench.run(5)
        for one in bench.stored():
            stored_at.setdefault(one, bench.now)
    closed = [
        call
        for call in bench.ended(victim.end + 300, START + 2 * HOUR - 100)
        if call.exited and call.end - call.start < 3000 and call is not victim
    ]
    assert len(closed) > 5
    assert victim.session_id not in stored_at
    late = {c.session_id: stored_at[c.session_id] - c.end for c in closed}
    assert max(late.values()) <= 30 + 15 + 2 + 5, late


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
    around = [c for c in bench.settled(START - 3000) if c.end < START - 200]
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
        a
        for a in bench.recorded[asked - bench.made :]
        if a.query.start <= poison <= a.query.end and a.status == 500
    ]
    assert 10 <= len(hits) <= 250


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
    bench.assert_each_once(bench.settled(START))


def test_a_failing_bulk_is_halved_alone():
    bench = PollerBench(world=busy_world(), since=3 * HOUR)
    bad = START - 5000
    bench.faults.add(failing("all_logs", since=bad, until=bad + 3))
    bench.work_off()
    settled = bench.settled()
    bench.assert_each_once(settled)
    assert reasons(bench) == []
    windows = {(a.query.start, a.query.end) for a in bench.recorded if a.query.endpoint == "calls"}
    assert min(end - start for start, end in windows if start > START - 4 * HOUR) > 3000


def test_bulk_that_never_works_is_replaced_by_single_requests():
    bench = PollerBench(world=busy_world(), since=3 * HOUR, faults=[failing("all_logs")])
    bench.run(HOUR)
    bench.assert_each_once(bench.settled())


def test_a_bulk_answer_that_is_too_large_is_asked_for_in_smaller_parts():
    flood = Fault(FaultKind.FLOOD, endpoint="all_logs", count=4)
    bench = PollerBench(world=busy_world(), since=3 * HOUR, faults=[flood])
    bench.work_off()
    bench.assert_each_once(bench.settled())
    limits = [a.query.limit for a in bench.recorded if a.query.endpoint == "all_logs"]
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
    times = bench.requested_at[:4]
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
    bench = PollerBench(world=busy_world(rate=0.06))
    bench.work_off()
    bench.faults.add(Fault(FaultKind.THROTTLED, endpoint="call", retry_after=60, count=2))
    bench.run_until(lambda: bool(bench.of(ApiThrottled)))
    at, asked = bench.now, bench.made
    bench.run(59)
    assert bench.made == asked, at
    bench.run(1200)
    bench.assert_each_once(bench.settled())


@pytest.mark.parametrize(
    "kind", [FaultKind.HTML, FaultKind.EMPTY, FaultKind.CUT, FaultKind.DRIBBLE]
)
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
    windows = {(a.query.start, a.query.end) for a in bench.recorded}
    widths = {end - start for start, end in windows}
    assert widths <= {1, 586, 3586}  # the probes, a rescan, the live window
    assert bench.made < 200
