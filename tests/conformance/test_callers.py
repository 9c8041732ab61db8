"""The pseudonyms of callers: kept for a day and an hour, by account, inside the cap."""

import pytest
from support.builders.store_values import NOW, step

from fuse_otel.errors import Full
from fuse_otel.ports import CallerRow
from fuse_otel.store.relational.ledger import LOOK_AGAIN

HOUR = 3600
ANNA, BERT = "a" * 32, "b" * 32


def row(session_id, caller=ANNA, end=NOW):
    return CallerRow(session_id, caller, end)


def test_callers_are_known_to_their_account_alone(store, lease):
    rows = [row("1"), row("2"), row("3", BERT)]
    lease.commit(step(callers=rows))
    assert sorted(lease.callers([ANNA]), key=str) == rows[:2]
    assert lease.callers([BERT, "nobody"]) == rows[2:]
    assert store.ledger.lease("other").callers([ANNA]) == []


def test_a_call_is_kept_once(lease):
    lease.commit(step(callers=[row("1")]))
    lease.commit(step(callers=[row("1", end=NOW + 5)]))
    assert lease.callers([ANNA]) == [row("1")]


def test_a_caller_is_forgotten_after_a_day_and_an_hour(store, lease):
    lease.commit(step(callers=[row("1")]))
    lease.commit(step(at=NOW + 25 * HOUR))
    assert lease.callers([ANNA]) == [row("1")]
    lease.commit(step(at=NOW + 25 * HOUR + LOOK_AGAIN))
    assert lease.callers([ANNA]) == []
    assert store.control.status().used == 0


def test_callers_count_for_the_cap(store, lease):
    with pytest.raises(Full):
        lease.commit(step(callers=[row(str(number)) for number in range(1000)]))
    assert lease.callers([ANNA]) == []
    lease.commit(step(callers=[row("1")]))
    assert store.control.status().used > 64
