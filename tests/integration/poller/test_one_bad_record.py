"""One record, one call or one window that is bad never speaks for all."""

from __future__ import annotations

import itertools
import json

import pytest
from support.rigs.poller_rig import HOUR, START, PollerRig, busy_world, failing

from fuse_otel.events import AccountMoved
from fuse_otel.ports import GapReason, PendingReason


def ups(rig):
    """The changes of the account between up and down."""
    return [up for up, _ in itertools.groupby(event.up for event in rig.of(AccountMoved))]


def test_a_call_that_always_fails_is_counted_and_the_account_stays_up():
    rig = PollerRig(world=busy_world(rate=0.004))
    victim = next(c for c in rig.ended(START + 60, START + HOUR) if c.log and c.exited)
    rig.faults.replace([failing("call", session=victim.session_id), failing("all_logs")])
    rig.run(HOUR)
    assert ups(rig)[-1]
    assert len(ups(rig)) <= 2
    assert rig.moved().failing == 1
    assert rig.poller.state().waiting_for[PendingReason.FAILING] == 1


def test_a_second_that_is_never_listed_does_not_take_the_account_down():
    rig = PollerRig(world=busy_world())
    rig.faults.add(failing("calls", since=START - 1800, until=START - 1800))
    rig.run(HOUR)
    assert len(ups(rig)) <= 2
    assert rig.moved().up


@pytest.mark.slow
def test_an_account_whose_details_all_fail_is_down_until_they_are_answered():
    rig = PollerRig(world=busy_world())
    rig.run(600)
    key = rig.faults.add(failing("call"))
    rig.faults.add(failing("all_logs"))
    rig.run(HOUR)
    assert not rig.moved().up
    assert "/call" in rig.moved().reason
    rig.faults.remove(key)
    rig.run(HOUR)
    assert rig.moved().up
    rig.assert_each_once(rig.settled(held=300))


@pytest.mark.slow
def test_a_list_that_never_ends_is_bounded_and_keeps_a_gap():
    """Every page of a second is full of new records, and the total is always ahead."""
    rig = PollerRig(world=busy_world())
    poison = START - 1800
    get = rig._exchange.get
    made = itertools.count()

    def endless(endpoint, path, query):
        answer = get(endpoint, path, query)
        start, end = (int(part) for part in path.split("/")[1:3]) if endpoint == "calls" else (0, 0)
        if not start <= poison <= end:
            return answer
        calls = [
            {"session_id": f"endless;{next(made)}", "start": poison, "end": poison, "log": False}
            for _ in range(100)
        ]
        total = int(query.get("offset", 0)) + 101
        body = json.dumps({"calls": calls, "total_calls": total}).encode()
        return type(answer)(200, body, None, answer.date)

    rig._exchange.get = endless
    rig.run(HOUR)
    gaps = [gap for gap in rig.position.gaps if gap.reason is GapReason.ERROR]
    assert gaps
    assert sum(gap.end - gap.start for gap in gaps) < 30
    assert any(one.startswith("endless") for one in rig.stored())
    rig.assert_each_once(rig.settled(START, held=300))
    assert rig.moved().up
