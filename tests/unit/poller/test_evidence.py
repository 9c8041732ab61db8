"""The one rule that says whether the API fails or one request, and how long to wait for it."""

import pytest

from fuse_otel.core.timing.windows import Window
from fuse_otel.errors import ServerFailed, Throttled, TimedOut
from fuse_otel.poller.bisection import bisect
from fuse_otel.poller.endpoint import LONGEST_PATIENCE, EndpointState, Patience
from fuse_otel.poller.evidence import Evidence

FAILED = ServerFailed("500")


def test_three_different_windows_in_a_row_show_that_the_endpoint_is_down():
    evidence = Evidence()
    for start in (0, 100, 200):
        assert evidence.down is None
        evidence.fail(Window(start, start + 9), FAILED)
    assert evidence.down is FAILED
    evidence.answer()
    assert evidence.down is None


def test_windows_that_overlap_and_repeated_calls_count_once():
    evidence = Evidence()
    for _ in range(9):
        evidence.fail(Window(0, 60), FAILED)
        evidence.fail(Window(30, 60), FAILED)
        evidence.fail("a call", FAILED)
    assert evidence.different == 2


@pytest.mark.parametrize(("kind", "failures"), [(ServerFailed, 2), (TimedOut, 1), (Throttled, 4)])
def test_a_request_is_at_fault_only_with_a_witness(kind, failures):
    evidence = Evidence()
    assert not evidence.blames(failures, 0, kind("x"))
    evidence.answer()
    assert evidence.blames(failures, 0, kind("x"))
    assert not evidence.blames(failures - 1, 0, kind("x"))
    assert not evidence.blames(failures, 1, kind("x"))


def test_patience_doubles_with_failures_and_follows_all_but_the_slowest_answer():
    patience = Patience(10.0)
    assert [patience.seconds(n) for n in range(4)] == [10.0, 20.0, 40.0, LONGEST_PATIENCE]
    patience.learn(50.0)
    assert patience.seconds(0) == 10.0
    patience.learn(4.0)
    assert patience.seconds(0) == 16.0
    for _ in range(8):
        patience.learn(0.1)
    assert patience.seconds(0) == 10.0
    assert patience.seconds(9999) == LONGEST_PATIENCE


def test_the_failure_of_one_request_does_not_delay_first_tries():
    state = EndpointState(Evidence(), Patience(10.0))
    state.backoff.fail(100.0, lambda: 1.0)
    assert state.ready_at(0) == 0.0
    assert state.ready_at(1) == 101.0
    for _ in range(2):
        state.backoff.fail(100.0, lambda: 1.0)
    assert state.ready_at(0) == 104.0


def searched(bad, may_divide=lambda _part: True):
    asked = []

    def read(part):
        asked.append(part)
        yield None
        return not any(part.start <= second < part.end for second in bad)

    search = bisect(Window(0, 64), read, may_divide)
    try:
        while True:
            next(search)
    except StopIteration as done:
        return asked, done.value


def test_a_search_finds_the_second_and_reads_every_other_one():
    asked, found = searched({37})
    assert found == [Window(37, 38)]
    assert len(asked) == 12
    assert len(set(asked)) == 12
    covered = {s for part in asked if not part.start <= 37 < part.end for s in range(*part)}
    assert covered == set(range(64)) - {37}


def test_a_search_reads_both_halves_before_it_halves_one():
    asked, _ = searched({37})
    assert asked[:4] == [Window(32, 64), Window(0, 32), Window(48, 64), Window(32, 48)]


def test_a_search_ends_where_it_may_not_divide():
    _, found = searched({3, 37}, may_divide=lambda part: part.seconds > 16)
    assert sorted(found) == [Window(0, 16), Window(32, 48)]
