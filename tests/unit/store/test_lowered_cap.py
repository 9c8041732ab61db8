"""A cap that was lowered: the store forgets the surplus in parts, and reading continues."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from support.builders.flow_values import runs, stepping_call
from support.builders.store_values import NOW, recent, seen, step, whole_step

from fuse_otel.errors import Full
from fuse_otel.ports import EVERY_CALL, FlowQuery, Lease, Store
from fuse_otel.store import open_store

HOUR, DAY = 3_600, 86_400
CAP = 1_600_000
LOWERED = CAP // 16
STEPS = runs(*(f"menu module{number}" for number in range(40)))
FLOW = FlowQuery("claims line")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store.db"


def opened(path: Path, cap: int) -> Store:
    return open_store(f"sqlite:///{path}", capacity=cap, clock=lambda: float(NOW))


def fill(lease: Lease) -> None:
    """What is kept for the pages, to its shares of the cap."""
    for hour in range(30):
        names = [f"call {hour} {place}" for place in range(5)]
        calls = [stepping_call(one, STEPS, start=NOW - hour * HOUR - 60) for one in names]
        last = [recent(one, traces=bytes(4_000)) for one in names]
        lease.commit(step(seen=[seen(one) for one in names], indexed=calls, recent=last))


@pytest.mark.parametrize("first", ["the room is checked", "a step is stored"])
def test_reading_continues_without_an_operator(path, first):
    with closing(opened(path, CAP)) as store:
        fill(store.ledger.lease("main"))
        assert store.control.status().used > 3 * LOWERED
    with closing(opened(path, LOWERED)) as store:
        lease = store.ledger.lease("main")
        if first == "the room is checked":
            lease.check_room(10_000)
        lease.commit(whole_step("new"))
        assert set(lease.look_up(["new", "call 29 4"]).known) == {"new", "call 29 4"}
        assert store.control.status().used < LOWERED
        # The newest stay.
        assert store.calls.calls(EVERY_CALL, 1)[0].session_id == "call 0 4"
        assert store.flows.flow(FLOW).calls > 0
        assert store.control.recent(1)[0].session_id == "new"


def test_a_commit_forgets_a_part_of_a_large_surplus(path):
    with closing(opened(path, 1 << 30)) as store:
        calls = [stepping_call(f"call {number}", ()) for number in range(1_200)]
        store.ledger.lease("main").commit(step(indexed=calls))
    left = []
    with closing(opened(path, CAP)) as store:
        for number in range(4):
            indexed = [stepping_call(f"new {number}", ())]
            store.ledger.lease("main").commit(step(indexed=indexed))
            left.append(len(store.calls.calls(EVERY_CALL, 2_000)))
    assert left[0] == 1_200 + 1 - 501
    assert left[1] < left[0]
    assert left[2] == left[3] > 200


def test_a_full_store_forgets_the_ledger_rows_that_have_expired(path):
    """Only steps forgot them, and a full store makes no step."""
    with closing(opened(path, LOWERED)) as store:
        lease = store.ledger.lease("main")
        lease.commit(step(seen=[seen(f"call {number}") for number in range(750)]))
        with pytest.raises(Full):
            lease.check_room(LOWERED // 2)
        lease.position(NOW + 15 * DAY, 1)
        lease.check_room(LOWERED // 2)


def test_a_store_that_is_full_of_what_must_stay_is_full(path):
    with closing(opened(path, CAP)) as store:
        lease = store.ledger.lease("main")
        lease.commit(step(seen=[seen(f"call {number}") for number in range(750)]))
    with closing(opened(path, LOWERED)) as store:
        lease = store.ledger.lease("main")
        lease.position(NOW, 1)
        with pytest.raises(Full):
            lease.check_room(LOWERED // 2)
        with pytest.raises(Full):
            lease.commit(step(seen=[seen(f"new {number}") for number in range(750)]))
        assert lease.look_up(["new 0"]).known == {}
        assert len(lease.look_up([f"call {number}" for number in range(750)]).known) == 750


@pytest.mark.timeout(60)
@pytest.mark.parametrize("counter", ["indexed", "flows"])
def test_a_counter_that_is_too_high_does_not_stop_a_step(path, counter):
    opened(path, CAP).close()
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("update meta set value = 1000000000 where name = ?", (counter,))
    with closing(opened(path, CAP)) as store:
        lease = store.ledger.lease("main")
        lease.commit(step(seen=[seen("a")], indexed=[stepping_call("a", STEPS)]))
        assert set(lease.look_up(["a"]).known) == {"a"}
