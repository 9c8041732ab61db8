import pytest
from hypothesis import given
from hypothesis import strategies as st

from fuse_otel.poller.budget import Budget

NOW = 1_790_000_000.0


def run(budget: Budget, costs: list[int], start: float = NOW) -> list[float]:
    """When each of the requests went."""
    now, went = start, []
    for cost in costs:
        for _ in range(3):
            wake = budget.take(cost, now)
            if wake == 0.0:
                break
            assert wake > now
            now = wake
        else:
            raise AssertionError("it waits, and waits again")
        went.append(now)
    return went


@given(st.floats(0.1, 50), st.lists(st.integers(1, 4), min_size=1, max_size=60))
def test_the_rate_holds_over_any_run(rate, costs):
    went = run(Budget(rate), costs)
    burst = max(1.0, rate) + max(costs)
    assert sum(costs) <= rate * (went[-1] - NOW) + burst + 0.01


@given(st.floats(0.1, 50), st.lists(st.integers(1, 4), min_size=1, max_size=60))
def test_nobody_waits_longer_than_the_rate_asks(rate, costs):
    went = run(Budget(rate), costs)
    assert went[-1] - NOW <= sum(costs) / rate + 0.01


def test_a_second_s_worth_goes_at_once():
    assert run(Budget(5.0), [1] * 7)[:5] == [NOW] * 5


def test_a_clock_that_was_set_back_neither_stops_nor_floods():
    budget = Budget(5.0)
    run(budget, [1] * 5)
    wake = budget.take(1, NOW - 86_400)
    assert NOW - 86_400 < wake < NOW - 86_399


def test_a_share_allows_its_part_of_the_rate():
    budget = Budget(6.0, shares=3)
    budget.begin_share(1000.0)
    assert budget.take(1, 1000.0) == pytest.approx(1000.5)
    taken = sum(budget.take(1, 1000.0 + tenth / 10) == 0.0 for tenth in range(101))
    assert taken == 20


def test_all_shares_make_no_more_requests_at_once_than_one_process():
    assert Budget(5.0).at_once(4) == 4
    assert Budget(1.0).at_once(4) == 4
    assert Budget(5.0, shares=3).at_once(4) == 1
    assert Budget(50.0, shares=3).at_once(4) == 4
    assert Budget(5.0, shares=2).at_once(4) == 2
