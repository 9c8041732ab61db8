"""When an account counts as down: one bad window or call never decides it."""

import pytest

from fuse_otel.core.timing.windows import Window
from fuse_otel.errors import (
    InternalError,
    Malformed,
    ServerFailed,
    Throttled,
    TimedOut,
    TooLarge,
    Unauthorized,
    Unexpected,
    Unreachable,
)
from fuse_otel.poller.health import AccountHealth

FAILED = ServerFailed("500")
WINDOW = Window(0, 60)


@pytest.fixture
def health():
    made = AccountHealth()
    made.listed()
    return made


def test_an_account_is_down_until_its_first_answered_list():
    health = AccountHealth()
    assert not health.up
    health.logs_read()
    assert not health.up
    health.listed()
    assert health.up


def test_the_first_failed_list_says_why_the_account_is_down():
    health = AccountHealth()
    health.list_failed(WINDOW, FAILED)
    assert health.error is FAILED


@pytest.mark.parametrize(
    "kind", [ServerFailed, Malformed, TimedOut, InternalError, Unreachable, Unexpected]
)
def test_lists_of_three_different_windows_in_a_row_take_the_account_down(health, kind):
    for start in (0, 100):
        health.list_failed(Window(start, start + 9), kind("x"))
        assert health.up
    health.list_failed(Window(50, 60), kind("x"))
    assert not health.up
    health.listed()
    assert health.up


def test_lists_that_refuse_the_login_take_the_account_down_at_once(health):
    health.list_failed(WINDOW, Unauthorized("x"))
    assert health.unauthorized
    assert not health.up
    health.list_failed(WINDOW, Unreachable("x"))  # says nothing about the login
    assert not health.up
    health.list_failed(WINDOW, ServerFailed("x"))
    assert health.up


def test_details_that_refuse_the_login_take_the_account_down_at_once(health):
    health.logs_failed(["a"], Unauthorized("x"))
    assert not health.up


@pytest.mark.parametrize("kind", [Unreachable, Unexpected])
def test_a_call_whose_request_is_closed_or_refused_counts_once(health, kind):
    for _ in range(50):
        health.logs_failed(["a"], kind("x"))
        health.logs_failed([], kind("x"))
    assert health.up


@pytest.mark.parametrize("kind", [Unreachable, Unexpected])
def test_three_calls_whose_requests_are_closed_or_refused_take_the_account_down(health, kind):
    for session_id in "abc":
        assert health.up
        health.logs_failed([session_id], kind("x"))
    assert not health.up


@pytest.mark.parametrize("kind", [Throttled, TooLarge])
def test_an_api_that_limits_or_floods_does_answer(health, kind):
    health.list_failed(WINDOW, Unreachable("x"))
    health.list_failed(WINDOW, kind("x"))
    assert health.up


def test_a_window_that_always_fails_counts_once(health):
    for start in range(0, 50, 5):
        health.list_failed(Window(start, 60), FAILED)
    assert health.up
    assert health.failures == 10


def test_a_call_that_always_fails_counts_once(health):
    for _ in range(50):
        health.logs_failed(["a"], FAILED)
    assert health.up


def test_details_of_three_calls_in_a_row_take_the_account_down(health):
    for session_id in "abc":
        assert health.up
        health.logs_failed([session_id], FAILED)
    assert health.error is FAILED
    health.listed()
    assert not health.up
    health.logs_read()
    assert health.up


def test_bulk_requests_that_fail_take_no_account_down(health):
    for _ in range(9):
        health.logs_failed([], FAILED)
    assert health.up


def test_halves_of_one_window_count_once_and_different_windows_add_up(health):
    for window in (Window(0, 64), Window(0, 32), Window(0, 16), Window(0, 8)):
        health.window_failed(window, FAILED)
        assert health.up
    health.window_failed(Window(8, 16), FAILED)
    assert health.up
    health.window_failed(Window(16, 32), FAILED)
    assert health.error is FAILED
    health.window_read()
    assert health.up


def test_errors_outside_any_window_add_up(health):
    for _ in range(3):
        health.window_failed(None, FAILED)
    assert not health.up
