"""The SQL files: every query is used, compiles, and finds its rows by an index."""

import re
import sqlite3
from collections.abc import Iterator
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

import fuse_otel.store.relational
from fuse_otel.store.relational.queries import queries
from fuse_otel.store.sqlite.opening import open_memory
from fuse_otel.store.sqlite.schema import bring_forward

DOORS = ["ledger", "step", "outbox", "control", "capacity", "erasure", "calls", "flows", "pauses"]
FOLDER = files(fuse_otel.store.relational)
# `calls.sql` has a query to which the filters that are asked for are added: see below.
EVERY = [
    (door, name) for door in DOORS for name in queries(door) if (door, name) != ("calls", "select")
]
# Reading these tables whole is meant: a row an account, a row a lane, 500 recent calls, the ids a
# person names, a row a table with ids of its own. A pragma is a table of one row.
SMALL = {
    "accounts",
    "lanes",
    "recent",
    "json_each",
    "sqlite_sequence",
    "pragma_page_count",
    "pragma_page_size",
}

# An erasure is rare, and looks through what has no index by session id.
ERASED_FROM = {"bodies", "callers", "parked", "pending"}


@pytest.fixture(scope="module")
def schema() -> Iterator[sqlite3.Connection]:
    connection = open_memory()
    connection.execute("begin")
    bring_forward(connection, "in memory")
    yield connection
    connection.close()


def plan(connection: sqlite3.Connection, query: str) -> list[str]:
    named = dict.fromkeys(re.findall(r":(\w+)", query), 1)
    arguments = named or (1,) * query.count("?")
    rows = connection.execute(f"explain query plan {query}", arguments)
    return [detail for *_, detail in rows]


def test_every_sql_file_is_a_door():
    assert sorted(f"{door}.sql" for door in DOORS) == sorted(
        entry.name for entry in FOLDER.joinpath("sql").iterdir()
    )


@pytest.mark.parametrize(("door", "name"), EVERY)
def test_every_query_reads_by_an_index(schema, door, name):
    for detail in plan(schema, queries(door)[name]):
        scanned = re.match(r"SCAN (\w+)", detail)
        if door == "erasure" and scanned and scanned[1] in ERASED_FROM:
            continue
        if scanned and "USING" not in detail:
            assert scanned[1] in SMALL | {"ranked", "parked", "CONSTANT"}, detail
        # Rows of `parked` come by the primary key backwards, which SQLite calls a scan.
        if scanned and scanned[1] == "parked":
            assert "order by parked.id desc" in queries(door)[name]


@pytest.mark.parametrize("name", ["older", "next_due", "due"])
def test_what_may_be_long_is_read_in_order_without_sorting(schema, name):
    door = "outbox" if name == "older" else "ledger"

    assert not [d for d in plan(schema, queries(door)[name]) if "TEMP B-TREE" in d]


@pytest.mark.parametrize(
    ("name", "index"), [("live", "deliveries_newest"), ("older", "deliveries_oldest")]
)
def test_due_batches_are_ordered_by_a_covering_index(schema, name, index):
    (first, *_) = plan(schema, queries("outbox")[name])

    assert f"USING COVERING INDEX {index}" in first


@pytest.mark.parametrize("name", ["recent_size", "trim_recent"])
def test_recent_calls_are_counted_and_ranked_without_reading_their_rows(schema, name):
    details = plan(schema, queries("step")[name])

    (scan,) = [d for d in details if re.match(r"SCAN recent\b(?!_)", d)]
    assert scan == "SCAN recent USING COVERING INDEX recent_ends"


def test_the_recent_calls_that_make_room_come_from_the_ends_of_indexes(schema):
    details = plan(schema, queries("step")["forget_oldest_recent"])

    assert [d for d in details if "recent_ends" in d] == [
        "SEARCH recent USING COVERING INDEX recent_ends (ended=?)",
        "SEARCH recent USING COVERING INDEX recent_ends (ended<?)",
    ]
    assert not [d for d in details if "TEMP B-TREE" in d]


@given(
    ends=st.lists(st.none() | st.integers(1, 9), max_size=9),
    since=st.integers(1, 9),
    limit=st.integers(0, 9),
)
def test_the_oldest_recent_calls_make_room_first_then_the_first_that_were_stored(
    schema, ends, since, limit
):
    ids = {id_: end or 0 for id_, end in enumerate(ends, 1)}
    schema.execute("savepoint empty")
    schema.executemany(
        """insert into recent (id, session_id, trace_id, application, direction, outcome, details,
        error, ended, bytes, traces, logs) values (?, ?, '', '', '', '', '', 0, ?, 7, '', '')""",
        [(id_, str(id_), end) for id_, end in enumerate(ends, 1)],
    )
    oldest = {"since": since, "limit": limit}
    schema.execute(queries("step")["forget_oldest_recent"], oldest)
    left = {id_ for (id_,) in schema.execute("select id from recent")}
    total = schema.execute(queries("step")["recent_size"]).fetchone()
    schema.execute("rollback to empty")
    gone = sorted(ids, key=lambda id_: (min(ids[id_], since), id_))[:limit]
    assert left == ids.keys() - set(gone)
    kept = [end for id_, end in enumerate(ends, 1) if id_ in left]
    newest = max((end for end in kept if end is not None), default=None)
    assert total == (
        len(left),
        7 * len(left),
        newest,
        min((end or 0 for end in kept), default=None),
    )


@pytest.mark.parametrize("door", DOORS)
def test_every_query_is_used(door):
    sources = "".join(
        entry.read_text("utf-8") for entry in FOLDER.iterdir() if entry.name.endswith(".py")
    )

    assert not [name for name in queries(door) if f'"{name}"' not in sources]


@pytest.mark.parametrize(
    ("filters", "index"),
    [
        ("", "SCAN calls USING INDEX calls_newest"),
        ("calls.at >= 1 and calls.at < 2", "SEARCH calls USING INDEX calls_newest"),
        ("application = 'a' and calls.at >= 1", "SEARCH calls USING INDEX calls_newest"),
        ("error = 1", "SCAN calls USING INDEX calls_failed"),
    ],
)
def test_a_page_of_calls_is_read_in_order_without_sorting(schema, filters, index):
    where = f" where {filters}" if filters else ""
    order = " order by calls.at desc, calls.id desc limit 100"

    found = plan(schema, queries("calls")["select"] + where + order)

    assert found[0].startswith(index)
    assert not [detail for detail in found if "TEMP B-TREE" in detail]


@pytest.mark.parametrize("name", ["previous", "next"])
def test_the_call_beside_a_call_is_read_without_sorting(schema, name):
    found = plan(schema, queries("calls")[name])

    assert found[0].startswith("SEARCH calls USING INDEX calls_newest")
    assert not [detail for detail in found if "TEMP B-TREE" in detail]


@pytest.mark.parametrize(
    ("name", "index"),
    [("counts", "COVERING INDEX calls_newest"), ("errors", "INDEX calls_failed")],
)
def test_the_calls_of_a_day_are_counted_without_reading_all_rows(schema, name, index):
    (first, *_) = plan(schema, queries("calls")[name])

    assert first.startswith(f"SEARCH calls USING {index}")


def test_a_call_is_looked_up_by_its_session_or_trace_id(schema):
    where = " where (session_id in ('a', 'b') or trace_id = 'c')"

    found = " ".join(plan(schema, queries("calls")["select"] + where))

    assert "INDEX calls_once (session_id=?)" in found
    assert "INDEX calls_of_trace (trace_id=?)" in found
