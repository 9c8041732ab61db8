"""Rows of the call flows that are gone or damaged: they stop nothing, and no sum is negative."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from support.builders.flow_values import runs, stepping_call
from support.builders.store_values import NOW, seen, step

from fuse_otel.ports import FlowQuery, Store
from fuse_otel.store import open_store

HOUR, DAY = 3_600, 86_400
STEPS = runs("start start", "menu main", "exit hangup")
OLD = 4 * DAY


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A store with one call."""
    path = tmp_path / "store.db"
    with closing(opened(path)) as store:
        store_call(store, 2, "hangup")
    return path


def opened(path: Path) -> Store:
    return open_store(f"sqlite:///{path}", capacity=1 << 30, clock=lambda: float(NOW))


def store_call(store: Store, steps: int, outcome: str, at: int = NOW) -> None:
    call = stepping_call("a", STEPS[:steps], outcome=outcome, start=NOW - OLD)
    store.ledger.lease("main").commit(step(at=at, seen=[seen("a")], indexed=[call]))


def change(path: Path, statement: str, *values: str) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        assert connection.execute(statement, values).rowcount == 1


def sums(store: Store, outcome: str = "") -> tuple[int, list[int]]:
    """Calls, and the executions of the modules that have some."""
    flow = store.flows.flow(FlowQuery("claims line", outcome=outcome))
    return flow.calls, [node.executions for node in flow.nodes if node.executions]


@pytest.mark.parametrize("outcome", ["hangup", "completed"])
def test_what_was_forgotten_is_not_taken_away(path, outcome):
    change(path, "delete from flows")
    with closing(opened(path)) as store:
        store_call(store, 3, outcome)
        assert sums(store) == sums(store, outcome) == (1, [1, 1, 1])
        assert {part.outcome for part in store.flows.parts()} == {outcome}


def test_a_call_is_taken_away_from_an_hour_that_is_not_yet_part_of_its_day(path):
    """A step sums few old hours by the day: after an outage some wait for the next steps."""
    with closing(opened(path)) as store:
        store_call(store, 3, "completed", NOW + 2 * DAY)
        assert sums(store) == sums(store, "completed") == (1, [1, 1, 1])
        assert sums(store, "hangup") == (0, [])


@pytest.mark.parametrize(
    "data",
    [
        "", "{", "null", "[1]", "[1,[],[[]]]", '["1",[],[]]',
        '[1,[["a","b"]],[[1,0,0,0,{},{"7":1}]]]', '[1,[["start","start"]],[[1,0,0,0,{"1":0},{}]]]',
    ],
)  # fmt: skip
def test_a_damaged_flow_does_not_stop_the_store(path, data):
    change(path, "update flows set data = ?", data)
    with closing(opened(path)) as store:
        store.flows.flow(FlowQuery("claims line"))
        store_call(store, 3, "completed")
        assert sums(store, "completed") == (1, [1, 1, 1])
        # The hours become days: every row is read once more.
        store.ledger.lease("main").commit(step(at=NOW + 2 * DAY))
        assert sums(store, "completed") == (1, [1, 1, 1])
    opened(path).close()


@pytest.mark.parametrize("text", ["x", "x|y", "5|x", "|-9", "|1.5", "5 5|512 x"])
def test_a_damaged_path_does_not_stop_the_store(path, text):
    change(path, "update calls set path = ?", text)
    with closing(opened(path)) as store:
        store_call(store, 3, "completed")
        assert sums(store, "completed") == (1, [1, 1, 1])
    opened(path).close()
