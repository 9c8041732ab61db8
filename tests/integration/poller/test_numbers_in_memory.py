"""While logs are awaited, which may take hours, a scan holds no number of a caller in clear."""

from __future__ import annotations

import gc
from types import CodeType, FunctionType, ModuleType

import pytest
from support.rigs.poller_rig import HOUR, START, PollerRig, busy_world, down

from fuse_otel.poller.requests import LogsPage, ReadCalls
from fuse_otel.poller.scheduler import Priority
from fuse_otel.ports import Gap, GapReason, NumberPosition, Step


def held(roots, apart):
    """Every text that can be reached from the roots, without what is reached only through others:
    programs, and the objects ``apart``.
    """
    texts, seen, todo = set(), {id(each) for each in apart}, list(roots)
    while todo:
        each = todo.pop()
        if id(each) in seen or isinstance(each, type | ModuleType | CodeType):
            continue
        seen.add(id(each))
        if isinstance(each, str):
            texts.add(each)
        elif isinstance(each, FunctionType):
            todo += each.__closure__ or ()
        else:
            todo += gc.get_referents(each)
    return texts


def held_by(rig, *tasks):
    # The simulated API has the numbers, and so have its answers that the recorder keeps.
    return held(tasks, [rig, rig.world, rig._source, rig._exchange, rig.faults])


def number_of(call):
    return call.dest if call.type == "outbound" else call.src


def live_tasks(rig):
    return [t for t in rig.poller._tasks.values() if t.priority is Priority.LIVE]


def waiting_for_logs(tasks):
    return [task for task in tasks if isinstance(task.request, LogsPage | ReadCalls)]


def assert_no_number(rig, tasks, since, until):
    """The tasks hold calls that ended in the interval, but no number of anybody."""
    texts = held_by(rig, *tasks)
    assert texts & {call.session_id for call in rig.ended(since, until)}
    numbers = {number_of(call) for call in rig.ended(0, rig.now + HOUR)} - {"", "Outbound"}
    assert len(numbers) > 50
    everything = "\n".join(texts)
    assert not [number for number in numbers if number in everything]


def test_the_walk_finds_numbers_where_they_are():
    rig = PollerRig(world=busy_world())
    call = next(c for c in rig.ended(START - HOUR, START) if number_of(c))
    waiting = (one for one in [call])
    assert number_of(call) in held([rig.world, [call]], [])
    assert call.session_id in held([{"scan": [waiting]}, (each for each in [call])], [])


def test_a_live_scan_holds_no_number_while_it_waits_for_logs():
    rig = PollerRig(world=busy_world(rate=0.05))
    rig.run(300)
    rig.faults.replace([down("all_logs"), down("call")])
    rig.run_until(lambda: len(waiting_for_logs(live_tasks(rig))) > 1)
    assert_no_number(rig, waiting_for_logs(live_tasks(rig)), rig.now - HOUR, rig.now)


def test_a_scan_of_the_history_holds_no_number_while_it_waits_for_logs():
    rig = PollerRig(world=busy_world())
    rig.faults.replace([down("all_logs"), down("call")])
    others = [Priority.GAP, Priority.BACKFILL]

    def waiting():
        tasks = [t for t in rig.poller._tasks.values() if t.priority in others]
        return waiting_for_logs(tasks)

    rig.run_until(waiting)
    assert_no_number(rig, waiting(), 0, rig.now)


BAD = START - 1000


def with_two_parts(*faults):
    """The first live scan lists what is before a second that failed, and then what is after it."""
    rig = PollerRig(world=busy_world(rate=0.05), faults=faults)
    rig.store.ledger.lease("a").commit(
        Step(
            at=START,
            positions={"": NumberPosition(START - 1900, START - HOUR)},
            opened=[Gap("", BAD, BAD + 1, GapReason.ERROR)],
        )
    )
    return rig


def test_a_list_that_waits_for_the_logs_of_another_holds_no_number():
    rig = with_two_parts(down("all_logs"), down("call"))
    rig.run_until(lambda: waiting_for_logs(live_tasks(rig)))
    tasks = waiting_for_logs(live_tasks(rig))
    assert_no_number(rig, tasks, START - 1900, BAD - 60)
    assert_no_number(rig, tasks, BAD + 60, START)


def test_a_list_that_waits_for_another_list_holds_no_number():
    rig = with_two_parts(down("all_logs"), down("call"), down("calls", since=BAD + 60))
    rig.run_until(lambda: any(t.failures for t in live_tasks(rig)))
    assert_no_number(rig, live_tasks(rig), START - 1900, BAD - 60)


@pytest.mark.parametrize("off", [-1000, 1000])
def test_a_list_by_either_clock_holds_no_number(off):
    rig = PollerRig(world=busy_world(rate=0.05), faults=[down("all_logs"), down("call")])
    rig.off = off
    rig.run_until(lambda: waiting_for_logs(live_tasks(rig)))
    assert_no_number(rig, waiting_for_logs(live_tasks(rig)), START - HOUR, START)
