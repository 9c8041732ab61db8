import pytest

from fuse_otel.core.timing.backoff import Backoff
from fuse_otel.shipper import ShipperOptions

LUCKY, UNLUCKY = 0.0, 1.0


def waits(random: float, times: int) -> list[float]:
    backoff = Backoff(first=1.0, most=60.0)
    return [backoff.fail(100.0, lambda: random) for _ in range(times)]


def test_waits_double_up_to_the_most():
    assert waits(UNLUCKY, 8) == [1, 2, 4, 8, 16, 32, 60, 60]


def test_a_lucky_draw_still_waits_half():
    assert waits(LUCKY, 8) == [0.5, 1, 2, 4, 8, 16, 30, 30]


def test_years_of_failures_do_not_overflow():
    assert waits(UNLUCKY, 5000)[-1] == 60


@pytest.mark.parametrize(("requested", "waited"), [(30.0, 30.0), (0.0, 1.0), (None, 1.0)])
def test_a_requested_wait_is_kept_when_it_is_longer(requested, waited):
    assert Backoff(1.0, 60.0).fail(0.0, lambda: UNLUCKY, requested) == waited


def test_nothing_is_tried_before_the_wait_is_over_and_a_success_ends_it():
    backoff = Backoff(1.0, 60.0)
    assert backoff.ready(0.0)
    backoff.fail(100.0, lambda: UNLUCKY)
    assert not backoff.ready(100.9)
    assert backoff.ready(101.0)
    backoff.succeed()
    assert backoff.ready(0.0)
    assert backoff.fail(100.0, lambda: UNLUCKY) == 1.0


def test_ten_failures_of_a_lane_take_minutes_however_lucky():
    """Calls are suspected after ten: a back end that restarts has to be up again by then."""
    options = ShipperOptions()
    backoff = Backoff(options.first_wait, options.longest_wait)
    waited = sum(backoff.fail(0.0, lambda: LUCKY) for _ in range(options.patience - 1))
    assert waited > 240
