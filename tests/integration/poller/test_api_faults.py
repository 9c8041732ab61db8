"""What the API does wrong, and what the poller makes of it."""

from __future__ import annotations

import itertools
from random import Random

import pytest
from support.fakes.unsafe_ledger import UnsafeLedger
from support.rigs.poller_rig import DAY, HOUR, START, PollerRig, busy_world, failing, reasons

from fuse_otel.core.timing.windows import OVERLAP
from fuse_otel.events import (
    ApiThrottled,
    WindowUnreadable,
)
from fuse_otel.ports import Gap, GapReason, PendingReason, Step
from fuse_otel.simulator.faults import Fault, FaultKind
from fuse_otel.simulator.quirks import Quirks
from fuse_otel.simulator.world import World

pytestmark = pytest.mark.slow

FAILED = Gap("", START - 10_000, START - 4_000, GapReason.ERROR)


def test_a_call_whose_details_fail_waits_while_the_others_go_on():
    rig = PollerRig(world=busy_world(), quirks=Quirks(lost_logs=0.0))
    victim = next(c for c in rig.ended(START + 60, START + HOUR) if c.log and c.exited)
    rig.faults.replace([failing("call", session=victim.session_id), failing("all_logs")])
    rig.run(HOUR)
    (pending,) = [p for p in rig.pending if p.call.session_id == victim.session_id]
    assert pending.reason is PendingReason.FAILING
    others = rig.settled()
    rig.assert_each_once([c for c in others if c.session_id != victim.session_id])
    tries = [a for a in rig.recorded if a.query.session_id == victim.session_id]
    assert 20 < len(tries) < 200
    rig.faults.clear()
    rig.run(120)
    assert victim.session_id in rig.stored()


def test_a_list_whose_failure_asks_for_a_senseless_wait_is_read_again_soon():
    rig = PollerRig(world=busy_world())
    rig.work_off()
    bad = Fault(FaultKind.BAD_HEADERS, endpoint="calls", count=1)
    rig.faults.replace([bad])
    rig.run(300)
    assert rig.position.numbers[""].cursor > rig.now - 120


def test_a_call_whose_details_fail_holds_up_no_other():
    rig = PollerRig(world=busy_world(rate=0.004))
    rig.work_off()
    victim = next(c for c in rig.ended(START + 60, START + HOUR) if c.log and c.exited)
    rig.faults.replace([failing("call", session=victim.session_id)])
    stored_at: dict[str, float] = {}
    while rig.now < START + 2 * HOUR:
        rig.run(5)
        for one in rig.stored():
            stored_at.setdefault(one, rig.now)
    closed = [
        call
        for call in rig.ended(victim.end + 300, START + 2 * HOUR - 100)
        if call.exited and call.end - call.start < 3000 and call is not victim
    ]
    assert len(closed) > 5
    assert victim.session_id not in stored_at
    late = {c.session_id: stored_at[c.session_id] - c.end for c in closed}
    assert max(late.values()) <= 30 + 15 + 2 + 5, late


def test_details_that_fail_for_five_days_are_given_up_as_missing():
    rig = PollerRig(world=World(seed=3, rate=0.001, start=START), quirks=Quirks(retention=9e9))
    victim = next(c for c in rig.ended(START + 60, START + DAY) if c.log)
    rig.faults.replace([failing("call", session=victim.session_id), failing("all_logs")])
    rig.now = victim.end + 30.0
    rig.run(60)
    assert victim.session_id not in rig.stored()
    rig.now = victim.end + 5 * DAY + 10.0
    rig.run(120)
    assert rig.details()[victim.session_id] == "missing"


def test_a_window_that_is_not_answered_is_halved_to_a_gap_and_the_cursor_passes():
    rig = PollerRig(world=busy_world())
    poison = START - 1800
    key = rig.faults.add(failing("calls", since=poison, until=poison))
    rig.run(300)
    (gap,) = rig.position.gaps
    assert gap.reason is GapReason.ERROR
    assert (gap.start, gap.end) == (poison - 2, poison + 2)
    assert rig.cursor > START + 200
    around = [c for c in rig.settled(START - 3000) if c.end < START - 200]
    rig.assert_each_once([c for c in around if not gap.start - 1 <= c.start <= gap.end])
    assert not any(error_of(rig, poison) for rig in [rig] if not rig.position.gaps)
    rig.faults.remove(key)
    rig.run(700)
    assert rig.position.gaps == ()
    rig.assert_each_once(around)


def error_of(rig: PollerRig, second: int) -> bool:
    return any(gap.start <= second <= gap.end for gap in rig.position.gaps)


def test_a_gap_that_is_not_answered_is_retried_ever_more_rarely():
    rig = PollerRig(world=busy_world())
    poison = START - 1800
    rig.faults.add(failing("calls", since=poison, until=poison))
    rig.run(300)
    asked = rig.made
    rig.run(HOUR)
    # About a dozen tries of one or two requests each, beside 120 polls and their logs.
    hits = [
        a
        for a in rig.recorded[asked - rig.made :]
        if a.query.start <= poison <= a.query.end and a.status == 500
    ]
    assert 5 <= len(hits) <= 50


def test_a_gap_whose_retry_is_ended_by_the_store_does_not_wait_as_if_it_had_failed():
    ended = 0

    def chance():
        nonlocal ended
        last = rig.recorded[-1].query if rig.made else None
        fails = last is not None and last.start == FAILED.start - OVERLAP and ended < 4
        ended += fails
        return float(fails)

    def wrap(ledger):
        return UnsafeLedger(ledger, Random(1), chance, lambda: 0.0)

    rig = PollerRig(world=busy_world(), since=HOUR, wrap=wrap)
    rig.work_off()
    rig.store.ledger.lease("a").commit(Step(at=int(rig.now), opened=[FAILED]))
    began = rig.now

    rig.run_until(lambda: not reasons(rig))

    assert ended == 4
    # What the waits for the store add up to. As failures of the gap, the tries would take longer.
    assert rig.now - began < 60


def test_two_bad_seconds_are_retried_in_turn():
    rig = PollerRig(world=busy_world())
    rig.faults.add(failing("calls", since=START - 2000, until=START - 2000))
    second = rig.faults.add(failing("calls", since=START - 1000, until=START - 1000))
    rig.run(300)
    assert len(rig.position.gaps) == 2
    rig.faults.remove(second)
    rig.run(2400)
    (gap,) = rig.position.gaps
    assert gap.start == START - 2002


def test_a_gap_is_given_up_after_five_days():
    rig = PollerRig(world=World(rate=1e-6, start=START), since=HOUR)
    poison = START - 1800
    rig.faults.add(failing("calls", since=poison, until=poison))
    rig.run(300)
    rig.now = poison + 5 * DAY - 600.0
    rig.run(60)
    assert GapReason.ERROR in reasons(rig)
    assert not rig.of(WindowUnreadable)
    rig.run(1200)
    (event,) = rig.of(WindowUnreadable)
    assert (event.start, event.end) == (poison - 2, poison + 2)
    assert GapReason.ERROR not in reasons(rig)


def test_a_long_stretch_that_is_not_answered_does_not_hold_up_the_live_window():
    rig = PollerRig(world=busy_world())
    rig.faults.add(failing("calls", since=START - 3000, until=START - 1200))
    rig.run(600)
    assert rig.cursor > START
    assert error_of(rig, START - 2000)
    rig.assert_each_once(rig.settled(START))


def test_a_failing_bulk_is_halved_alone():
    rig = PollerRig(world=busy_world(), since=3 * HOUR)
    bad = START - 5000
    rig.faults.add(failing("all_logs", since=bad, until=bad + 3))
    rig.work_off()
    settled = rig.settled()
    rig.assert_each_once(settled)
    assert reasons(rig) == []
    windows = {(a.query.start, a.query.end) for a in rig.recorded if a.query.endpoint == "calls"}
    assert min(end - start for start, end in windows if start > START - 4 * HOUR) > 3000


def test_bulk_that_never_works_is_replaced_by_single_requests():
    rig = PollerRig(world=busy_world(), since=3 * HOUR, faults=[failing("all_logs")])
    rig.run(HOUR)
    rig.assert_each_once(rig.settled())


def test_a_bulk_answer_that_is_too_large_is_requested_in_smaller_parts():
    flood = Fault(FaultKind.FLOOD, endpoint="all_logs", count=4)
    rig = PollerRig(world=busy_world(), since=3 * HOUR, faults=[flood])
    rig.work_off()
    rig.assert_each_once(rig.settled())
    limits = [a.query.limit for a in rig.recorded if a.query.endpoint == "all_logs"]
    assert min(limits) < 200


def test_a_log_that_is_too_large_is_exported_from_the_list():
    rig = PollerRig(world=busy_world())
    victim = next(c for c in rig.ended(START + 60, START + HOUR) if c.log and c.exited)
    rig.faults.add(Fault(FaultKind.FLOOD, endpoint="call", session=victim.session_id))
    rig.run(HOUR)
    rig.assert_each_once([victim])
    assert rig.details()[victim.session_id] == "open"


def test_an_unauthorized_account_is_tried_once_a_minute():
    rig = PollerRig(faults=[Fault(FaultKind.UNAUTHORIZED)])
    rig.run(600)
    assert rig.made in {10, 11}
    assert rig.poller.state().unauthorized
    assert not rig.moved().up
    rig.faults.clear()
    rig.run(120)
    assert not rig.poller.state().unauthorized
    assert rig.moved().up


def test_a_login_that_is_refused_later_is_tried_a_few_times_and_then_once_a_minute():
    rig = PollerRig(world=busy_world())
    rig.run(300)
    rig.faults.add(Fault(FaultKind.UNAUTHORIZED))
    made = rig.made
    rig.run(600)
    assert rig.made - made <= 15
    assert rig.poller.state().unauthorized
    assert not rig.moved().up


def test_a_requested_wait_is_kept():
    rig = PollerRig(faults=[Fault(FaultKind.THROTTLED, retry_after=100, count=3)])
    rig.run(400)
    times = rig.requested_at[:4]
    assert all(later - one >= 100 for one, later in itertools.pairwise(times))
    assert [event.seconds for event in rig.of(ApiThrottled)] == [100, 100, 100]
    assert rig.polls() > 2


@pytest.mark.parametrize("told", [None, 0.0])
def test_throttling_without_a_time_backs_off(told):
    rig = PollerRig(faults=[Fault(FaultKind.THROTTLED, retry_after=told)])
    rig.run(HOUR)
    assert 60 < rig.made < 160
    rig.faults.clear()
    rig.run(300)
    assert rig.polls() > 2


def test_throttled_details_stop_all_requests_once():
    rig = PollerRig(world=busy_world(rate=0.06))
    rig.work_off()
    rig.faults.add(Fault(FaultKind.THROTTLED, endpoint="call", retry_after=60, count=2))
    rig.run_until(lambda: bool(rig.of(ApiThrottled)))
    at, asked = rig.now, rig.made
    rig.run(59)
    assert rig.made == asked, at
    rig.run(1200)
    rig.assert_each_once(rig.settled())


@pytest.mark.parametrize(
    "kind", [FaultKind.HTML, FaultKind.EMPTY, FaultKind.CUT, FaultKind.DRIBBLE]
)
def test_answers_that_are_none_lose_nothing(kind):
    rig = PollerRig(world=busy_world(), faults=[Fault(kind, probability=0.3)], seed=4)
    rig.run(HOUR)
    rig.faults.clear()
    rig.run(1200)
    rig.assert_each_once(rig.settled(held=1000))


def test_a_dead_api_is_not_halved():
    rig = PollerRig(world=busy_world(), faults=[failing()])
    rig.run(HOUR)
    assert reasons(rig) == []
    windows = {(a.query.start, a.query.end) for a in rig.recorded}
    widths = {end - start for start, end in windows}
    assert widths <= {1, 586, 3586}  # the probes, a rescan, the live window
    assert rig.made < 200
