"""A call, a second or a page that is never answered, while everything else is: in simulated time,
with requests that take time side by side.
"""

from __future__ import annotations

import itertools

import pytest
from support.rigs.in_flight_rig import HANG, InFlightRig, touches
from support.rigs.poller_rig import HOUR, START, busy_world

from fuse_otel.errors import (
    Malformed,
    ServerFailed,
    Throttled,
    Unauthorized,
    Unexpected,
    Unreachable,
)
from fuse_otel.events import AccountMoved
from fuse_otel.ports import GapReason, PendingReason

SLOWER = 45  # seconds: a 429 makes all requests wait, and a search may take ten seconds a request
PROMISED = 30 + 15 + 2  # seconds: poll interval, settle, and what storing takes
ERRORS = [
    Unauthorized("401"),
    ServerFailed("500"), Malformed("html"), Unreachable("closed"), Unexpected("403"),
    Throttled("429"),
]  # fmt: skip


def rig_of(rate=0.06, **options):
    rig = InFlightRig(world=busy_world(1200, rate), since=600.0, **options)
    rig.run(100)
    return rig


def victim_of(rig):
    after = rig.ended(rig.now + 60, rig.now + 400)
    return next(c for c in after if c.log and c.exited and c.end - c.start < 200)


def others(rig, victim, since):
    """Closed calls whose log does not grow."""
    ended = rig.ended(since, rig.now - 150)
    found = [c for c in ended if c.exited and c.end - c.start < 3000 and c is not victim]
    assert len(found) > 20
    return found


def late(rig, calls, allowed):
    return {one: delay for one, delay in rig.delays(calls).items() if delay > allowed}


def ups(rig, since):
    moved = [e for e in rig.events[since:] if isinstance(e, AccountMoved)]
    return [up for up, _ in itertools.groupby(event.up for event in moved)]


def test_a_call_whose_log_is_never_answered_delays_no_other_call():
    rig = rig_of()
    began, events = rig.now, len(rig.events)
    victim = victim_of(rig)
    rig.trouble = lambda query: HANG if touches(query, victim) else None
    rig.run(1800)
    assert late(rig, others(rig, victim, began), PROMISED + 15) == {}
    assert rig.polls() >= (rig.now - START) / 35 - 1
    (pending,) = [p for p in rig.pending if p.call.session_id == victim.session_id]
    assert pending.reason is PendingReason.FAILING
    assert rig.moved().failing == 1
    assert ups(rig, events) == [True]
    rig.trouble = lambda _query: None
    rig.run(150)
    assert victim.session_id in rig.stored()
    rig.assert_each_once(rig.settled())


@pytest.mark.parametrize("error", ERRORS, ids=str)
def test_a_call_that_makes_bulk_and_single_requests_fail_delays_no_other_call(error):
    rig = rig_of(rate=0.2, poll_interval=60.0)
    began, events = rig.now, len(rig.events)
    victim = victim_of(rig)
    rig.trouble = lambda query: error if touches(query, victim) else None
    rig.run(600)
    allowed = 30 + PROMISED + (SLOWER if isinstance(error, Throttled) else 15)
    assert late(rig, others(rig, victim, began), allowed) == {}
    assert victim.session_id not in rig.stored()
    assert rig.moved().failing == 1
    assert ups(rig, events) == [True]
    rig.assert_budget_kept()


@pytest.mark.parametrize("error", [*ERRORS, HANG], ids=str)
def test_a_second_of_the_list_that_always_fails_is_a_gap_and_delays_no_other_call(error):
    rig = rig_of(rate=0.07)
    began, events = rig.now, len(rig.events)
    victim = victim_of(rig)
    rig.trouble = lambda query: (
        error if query.endpoint == "calls" and touches(query, victim, lists=True) else None
    )
    rig.run(700)
    gaps = rig.position.gaps
    assert {gap.reason for gap in gaps} == {GapReason.ERROR}
    assert sum(gap.end - gap.start for gap in gaps) <= 6
    assert min(g.start for g in gaps) <= victim.start <= max(g.end for g in gaps)
    # The search takes longer where each request of it takes ten seconds.
    near = [c for c in others(rig, victim, began) if abs(c.start - victim.start) > 180]
    assert late(rig, near, PROMISED + (25 if error == HANG else 15)) == {}
    rest = [c for c in others(rig, victim, began) if abs(c.start - victim.start) > 6]
    assert late(rig, rest, PROMISED + 120) == {}
    assert ups(rig, events) == [True]
    rig.trouble = lambda _query: None
    rig.run_until(lambda: rig.position.gaps == (), 1300)
    rig.assert_each_once(rig.settled())


@pytest.mark.slow
def test_lists_go_on_while_no_log_is_answered_and_the_account_is_down():
    rig = rig_of()
    rig.trouble = lambda query: None if query.endpoint == "calls" else HANG
    polls = rig.polls()
    lists = rig.requests["calls"]
    rig.run(1800)
    assert rig.requests["calls"] - lists >= 1800 / 31
    assert rig.polls() - polls >= 50
    assert not rig.moved().up
    assert "in time" in rig.moved().reason
    assert rig.moved().failing > 50
    rig.trouble = lambda _query: None
    rig.run(300)
    assert rig.moved().up
    rig.run(900)
    rig.assert_each_once(rig.settled())


def test_an_api_that_answers_no_list_is_down_without_a_gap():
    rig = rig_of()
    rig.trouble = lambda query: HANG if query.endpoint == "calls" else None
    rig.run(600)
    assert not rig.moved().up
    assert rig.position.gaps == ()
    rig.trouble = lambda _query: None
    rig.run(300)
    assert rig.moved().up
    rig.assert_each_once(rig.settled())


def test_an_api_that_is_slow_for_every_request_gets_the_time_it_needs():
    rig = InFlightRig(world=busy_world(1200, 0.01), since=600.0)
    rig.trouble = lambda _query: 20.0
    rig.run(HOUR)
    rig.assert_each_once(rig.settled(held=400))
    assert rig.moved().up
    assert rig.position.gaps == ()
    assert rig.moved().failing == 0


@pytest.mark.slow
def test_a_crash_while_a_log_is_not_answered_loses_no_call():
    rig = rig_of()
    victim = victim_of(rig)
    rig.trouble = lambda query: HANG if touches(query, victim) else None
    rig.run_until(lambda: any(touches(r.query, victim) for r in rig.recorded), HOUR)
    cursor = rig.cursor
    rig.run(3)
    assert rig.cursor <= max(cursor, victim.start)
    rig.restart()
    rig.trouble = lambda _query: None
    rig.run(HOUR)
    rig.assert_each_once(rig.settled())


def test_lists_of_long_windows_that_take_long_get_the_time_they_need():
    rig = rig_of(rate=0.02)
    rig.trouble = lambda query: (
        25.0 if query.endpoint == "calls" and query.end - query.start > 300 else None
    )
    rig.run(HOUR / 2)
    searched = [r for r in rig.recorded if r.query.endpoint == "calls"]
    assert rig.moved().up
    assert rig.position.gaps == ()
    rig.run(HOUR / 2)
    later = [r for r in rig.recorded if r.query.endpoint == "calls"]
    assert len(later) - len(searched) < 90  # no search any more
    rig.assert_each_once(rig.settled())
