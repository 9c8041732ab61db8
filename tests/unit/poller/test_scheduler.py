from __future__ import annotations

import pytest

from fuse_otel.core.timing.windows import Window
from fuse_otel.poller.requests import ListPage, LogsPage, ReadCalls, Request, Scan
from fuse_otel.poller.scheduler import EndpointState, Priority, Scheduler, Task, next_ready
from fuse_otel.ports import Endpoint

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


def endpoints() -> dict[Endpoint, EndpointState]:
    return {endpoint: EndpointState() for endpoint in Endpoint}


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
    states[Endpoint.CALLS].backoff.fail(100.0, lambda: 1.0)
    tasks = [task(Priority.LIVE), task(Priority.PENDING, SINGLE)]
    scheduler = Scheduler()
    assert scheduler.choose(tasks, states, 100.5).priority is Priority.PENDING
    assert scheduler.choose(tasks, states, 101.0).priority is Priority.LIVE
    assert scheduler.choose(tasks[:1], states, 100.5) is None
    assert next_ready(tasks[:1], states) == 101.0
    assert next_ready([], states) is None


def test_after_a_failure_another_request_to_the_endpoint_goes_first():
    states = endpoints()
    live, gap = task(Priority.LIVE), task(Priority.GAP)
    live.failed(states[Endpoint.CALLS])
    scheduler = Scheduler()
    assert scheduler.choose([live, gap], states, 0.0) is gap
    assert scheduler.choose([live, task(Priority.GAP, BULK)], states, 0.0) is live
    assert scheduler.choose([live], states, 0.0) is live
    states[Endpoint.CALLS].succeed()
    assert scheduler.choose([live, gap], states, 0.0) is live


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
