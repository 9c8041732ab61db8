"""Since when something does not work, and when it is tried again."""

from support.builders.store_values import LOKI, TEMPO

from fuse_otel.core.model.lane import LoopName
from fuse_otel.daemon.readiness import Problems
from fuse_otel.events import (
    AccountMoved,
    CallsDelivered,
    ConfigReloaded,
    ExportDone,
    LaneChanged,
    LanePaused,
    StoreFailed,
)
from fuse_otel.views.problems import Problem


class Clock:
    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


def account(reason=""):
    return AccountMoved("main", not reason, None, None, 0, 0, reason=reason)


def test_a_problem_keeps_its_beginning_and_shows_its_last_error():
    clock = Clock()
    problems = Problems(clock)
    problems(account("The API answers 503."))
    clock.now = 1060.0
    problems(LaneChanged(TEMPO, up=False, reason="401 Unauthorized"))
    problems(account("The API answers 500."))
    assert problems.present({LoopName("account", "main"): 1090.0}) == [
        Problem("account main", 1000.0, "The API answers 500.", 1090.0),
        Problem(f"lane {TEMPO}", 1060.0, "401 Unauthorized", None),
    ]
    later = {LoopName.of_lane(TEMPO): 1100.0, LoopName.of_lane(LOKI): 1.0}
    assert [each.next_try for each in problems.present(later)] == [None, 1100.0]


def export(reason):
    return ExportDone(TEMPO, "503", "retry", 0.1, 0, 0, reason)


def test_a_lane_that_is_down_shows_the_error_of_its_last_request():
    clock = Clock()
    problems = Problems(clock)
    problems(LaneChanged(TEMPO, up=False, reason="HTTP status 503"))
    clock.now = 1060.0
    problems(export("connection refused"))
    expected = [Problem(f"lane {TEMPO}", 1000.0, "connection refused")]
    assert problems.present({}) == expected
    problems(export(""))
    assert problems.present({}) == expected
    problems(LaneChanged(TEMPO, up=True, reason=""))
    assert problems.present({}) == []


def test_a_request_that_fails_is_no_problem_while_its_lane_is_up():
    problems = Problems(Clock())
    problems(LaneChanged(LOKI, up=False, reason="401 Unauthorized"))
    problems(export("HTTP status 503"))
    assert [each.error for each in problems.present({})] == ["401 Unauthorized"]


def test_a_problem_ends_and_begins_anew():
    clock = Clock()
    problems = Problems(clock)
    problems(account("The API answers 503."))
    problems(LaneChanged(TEMPO, up=False, reason="401 Unauthorized"))
    problems(account())
    problems(LaneChanged(TEMPO, up=True, reason=""))
    assert problems.present({}) == []
    clock.now = 2000.0
    problems(account("The API answers 503."))
    assert [each.since for each in problems.present({})] == [2000.0]


def test_a_failed_reload_is_a_problem_until_one_succeeds():
    problems = Problems(Clock())
    problems(ConfigReloaded(successful=False, message="FUSE_OTEL_SETTLE: out of range."))
    (found,) = problems.present({})
    assert (found.what, found.error) == (
        "reload of the configuration",
        "FUSE_OTEL_SETTLE: out of range.",
    )
    problems(ConfigReloaded(successful=True, message=""))
    assert problems.present({}) == []


def test_a_store_that_fails_is_a_problem_until_it_works_again():
    clock = Clock()
    problems = Problems(clock)
    problems(StoreFailed("broken", "disk I/O error"))
    clock.now = 1060.0
    problems(StoreFailed("broken", "The store is read-only."))
    assert problems.present({}) == [Problem("store", 1000.0, "The store is read-only.")]
    problems(CallsDelivered(TEMPO, 1070.0, ()))
    assert problems.present({}) == []


def test_a_sentence_is_explained_by_the_problem_of_the_same_name_only():
    problem = Problem("account a", 0.0, "x")
    assert problem.explains("account a is down: x")
    assert problem.explains("account a: x")
    assert not problem.explains("account ab is down: x")
    assert not problem.explains("lane a/traces: x")


def test_a_paused_lane_is_no_problem_until_it_is_resumed():
    problems = Problems(Clock())
    problems(LaneChanged(TEMPO, up=False, reason="HTTP status 503"))
    problems(LanePaused(TEMPO, 900))
    problems(LaneChanged(LOKI, up=False, reason="HTTP status 503"))
    assert [each.what for each in problems.present({})] == [f"lane {LOKI}"]
    problems(LanePaused(TEMPO, None))
    assert [each.what for each in problems.present({})] == [f"lane {TEMPO}", f"lane {LOKI}"]
