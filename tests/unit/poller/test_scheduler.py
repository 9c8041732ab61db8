from __future__ import annotations

import pytest

from fuse_otel.core.timing.windows import Window
from fuse_otel.errors import ServerFailed, Throttled, TimedOut, Unreachable
from fuse_otel.poller.endpoint import EndpointState, Patience
from fuse_otel.poller.evidence import Evidence
from fuse_otel.poller.requests import (
    SEARCHED,
    EndpointQueue,
    ListPage,
    LogsPage,
    ReadCalls,
    Request,
    Scan,
)
from fuse_otel.poller.scheduler import Priority, Scheduler, Task, next_ready

LIST = ListPage(Window(0, 9), "", 0, 10)
BULK = LogsPage(Window(0, 9), "", 0, 10)
SINGLE = ReadCalls(("a",))


def endless(request: Request) -> Scan[None]:
    while True:
        yield request


def task(priority: Priority, request: Request = LIST) -> Task:
    made = Task(priority, priority.name, endless(request))
    made.start()
    return made


def endpoints() -> dict[EndpointQueue, EndpointState]:
    return {queue: EndpointState(Evidence(), Patience(10.0)) for queue in EndpointQueue}


def served(tasks: list[Task], times: int) -> list[Priority]:
    scheduler, order = Scheduler(), []
    for _ in range(times):
        chosen = scheduler.choose(tasks, endpoints(), 0.0)
        scheduler.took(chosen)
        order.append(chosen.priority)
    return order


def test_alone_the_live_reading_has_all_turns():
    assert served([task(Priority.LIVE)], 8) == [Priority.LIVE] * 8


def test_one_request_in_four_goes_to_the_lower_priorities_in_turn():
    tasks = [task(priority) for priority in Priority]
    order = served(tasks, 32)
    assert order.count(Priority.LIVE) == 24
    assert {order.count(priority) for priority in Priority if priority is not Priority.LIVE} == {2}
    assert order[3::4] == [p for p in order if p is not Priority.LIVE]


def test_a_choice_that_had_to_wait_is_no_turn():
    scheduler, tasks = Scheduler(), [task(Priority.LIVE), task(Priority.GAP)]
    for _ in range(10):
        assert scheduler.choose(tasks, endpoints(), 0.0).priority is Priority.LIVE


def test_an_endpoint_in_its_back_off_stops_its_own_tasks_only():
    states = endpoints()
    for _ in range(3):
        states[EndpointQueue.CALLS].backoff.fail(100.0, lambda: 1.0)
    tasks = [task(Priority.LIVE), task(Priority.PENDING, SINGLE)]
    scheduler = Scheduler()
    assert scheduler.choose(tasks, states, 100.5).priority is Priority.PENDING
    assert scheduler.choose(tasks, states, 104.0).priority is Priority.LIVE
    assert scheduler.choose(tasks[:1], states, 100.5) is None
    assert next_ready(tasks[:1], states) == 104.0
    assert next_ready([], states) is None


def test_the_failure_of_one_request_delays_no_other_one():
    states = endpoints()
    failed, other = task(Priority.LIVE), task(Priority.GAP)
    states[EndpointQueue.CALLS].backoff.fail(100.0, lambda: 1.0)
    failed.failed(states[EndpointQueue.CALLS], ServerFailed("x"))
    failed.until = 101.0
    assert Scheduler().choose([failed, other], states, 100.0) is other
    assert Scheduler().choose([failed], states, 100.0) is None
    states[EndpointQueue.CALLS].evidence.answer()
    states[EndpointQueue.CALLS].backoff.succeed()
    # Not even an answer to another request lets it go without its wait.
    assert Scheduler().choose([failed], states, 100.5) is None
    assert Scheduler().choose([failed], states, 101.0) is failed


def test_a_task_waits_while_its_request_is_in_flight_or_its_slot_is_taken():
    live, other, gap = task(Priority.LIVE), task(Priority.LIVE), task(Priority.GAP)
    live.in_flight = True
    chosen = Scheduler().choose([live, other, gap], endpoints(), 0.0, {live.slot})
    assert chosen is gap
    assert next_ready([live], endpoints()) is None


def test_logs_and_lists_and_live_and_other_requests_have_slots_of_their_own():
    slots = {
        task(priority, request).slot
        for priority in (Priority.LIVE, Priority.GAP)
        for request in (LIST, BULK, SINGLE, ReadCalls(("a",), again=True))
    }
    assert len(slots) == 8


def test_after_a_failure_another_request_to_the_endpoint_goes_first():
    states = endpoints()
    live, gap = task(Priority.LIVE), task(Priority.GAP)
    live.failed(states[EndpointQueue.CALLS], ServerFailed("x"))
    scheduler = Scheduler()
    assert scheduler.choose([live, gap], states, 0.0) is gap
    assert scheduler.choose([live, task(Priority.GAP, BULK)], states, 0.0) is live
    assert scheduler.choose([live], states, 0.0) is live
    states[EndpointQueue.CALLS].evidence.answer()
    assert scheduler.choose([live, gap], states, 0.0) is live


def fails(request: Request, error, *, times=1, witness=True):
    states = endpoints()
    one, state = task(Priority.LIVE, request), states[request.queue]
    for _ in range(times):
        one.failed(state, error)
        state.evidence.fail(None, error)
        if witness:
            state.evidence.answer()
    return one.at_fault(state, error)


@pytest.mark.parametrize("kind", [ServerFailed, Unreachable, TimedOut, Throttled])
def test_without_a_witness_no_list_request_is_at_fault(kind):
    assert not fails(LIST, kind("x"), times=9, witness=False)


@pytest.mark.parametrize(
    ("kind", "times"), [(ServerFailed, 2), (Unreachable, 2), (TimedOut, 1), (Throttled, 4)]
)
def test_with_a_witness_a_list_request_is_at_fault_after_a_few_failures(kind, times):
    assert fails(LIST, kind("x"), times=times)
    assert times == 1 or not fails(LIST, kind("x"), times=times - 1)


def test_a_suspect_window_is_at_fault_at_once_unless_all_requests_fail():
    suspect = ListPage(Window(0, 9), "", 0, 10, doubt=SEARCHED)
    states = endpoints()
    one, state = task(Priority.PENDING, suspect), states[EndpointQueue.CALLS]
    for _ in range(3):
        state.backoff.fail(0.0, lambda: 1.0)
        one.failed(state, Unreachable("x"))
        assert one.at_fault(state, Unreachable("x")) == (state.backoff.failures < 3)


def test_a_suspect_second_is_tried_twice():
    second = ListPage(Window(0, 1).padded, "", 0, 10, doubt=SEARCHED)
    assert not fails(second, Unreachable("x"), witness=False)
    assert fails(second, Unreachable("x"), times=2)


@pytest.mark.parametrize("request_of_logs", [BULK, SINGLE])
def test_a_request_for_logs_is_not_repeated_in_place(request_of_logs):
    assert fails(request_of_logs, TimedOut("x"), witness=False)
    assert not fails(request_of_logs, Throttled("x"), witness=False)
    assert fails(request_of_logs, Throttled("x"), times=2, witness=False)


def test_a_list_that_is_not_answered_in_time_is_not_tried_again_once_there_is_a_witness():
    states = endpoints()
    state, live = states[EndpointQueue.CALLS], task(Priority.LIVE)
    live.failed(state, TimedOut("x"))
    assert not live.blamed_since(state)
    state.evidence.answer()
    assert live.blamed_since(state)
    live.in_flight = True
    assert not live.blamed_since(state)


def test_a_finished_task_is_not_chosen():
    done = Task(Priority.LIVE, "x", iter(()))
    done.start()
    assert done.done
    assert Scheduler().choose([done], endpoints(), 0.0) is None


def test_a_reading_that_ends_with_an_error_is_done():
    def broken() -> Scan[None]:
        yield LIST
        raise ZeroDivisionError

    reading = Task(Priority.LIVE, "x", broken())
    reading.start()
    with pytest.raises(ZeroDivisionError):
        reading.answer(None)
    assert reading.done
