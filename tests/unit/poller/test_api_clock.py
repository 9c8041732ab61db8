"""What the API's dates say about its clock, and when nothing may be given up."""

import pytest

from fuse_otel.poller.api_clock import ApiClock

NOW = 1_790_000_000.0
DAY = 86_400


def answered(skew):
    clock = ApiClock()
    clock.answered(NOW, skew)
    return clock


def test_before_the_first_answer_nothing_is_given_up():
    assert not ApiClock().may_give_up(NOW)


@pytest.mark.parametrize(
    ("skew", "allowed"),
    [(None, True), (0.0, True), (299.0, True), (-301.0, False), (6 * DAY, False)],
)
def test_only_clocks_that_agree_may_give_up(skew, allowed):
    clock = answered(skew)
    assert clock.may_give_up(NOW) is allowed
    assert clock.differs is not allowed


@pytest.mark.parametrize("jump", [-1, -6 * DAY, 601, 6 * DAY])
def test_after_a_jump_of_our_clock_earlier_answers_do_not_count(jump):
    assert not answered(0.0).may_give_up(NOW + jump)


def test_the_api_s_time_ignores_differences_that_are_noise():
    assert answered(4.0).at(NOW) == NOW
    assert answered(-40.0).at(NOW) == NOW - 40
    assert answered(None).at(NOW) == NOW
