"""A store of an older version is led forward with all it holds, whole or not at all."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import count
from pathlib import Path

import pytest
from support.builders.store_values import NOW, TEMPO

from fuse_otel.errors import Broken, Busy
from fuse_otel.ports import Acknowledgement, GapReason, Step, Store
from fuse_otel.store import open_store
from fuse_otel.store.relational.queries import queries
from fuse_otel.store.sqlite import schema
from fuse_otel.store.sqlite.lock import ProcessLock
from fuse_otel.store.sqlite.schema import _statements as schema_statements

ROWS = f"""
insert into accounts (name, epoch) values ('main', 3);
insert into positions values (1, '', {NOW}, {NOW - 3600});
insert into ledger values (1, 'a', {NOW}, 7, 'full', {NOW + 700_000});
insert into gaps (account, number, start, stop, reason, again)
values (1, '', 5, 6, '{GapReason.ERROR}', 0);
insert into pending values (1, 'b', '', 'failing', {NOW}, null, null, 'inbound', '', 1, null, null);
insert into lanes (destination, signal) values ('tempo', 'traces');
insert into bodies (rendering, signal, size, bytes, calls, data)
values ('traces/strict/generic', 'traces', 9, 4, '[["a", 1, 2, 0, 9, 3]]', x'01020304');
insert into deliveries values (1, 1, 9, 1, {NOW}, {NOW}, null);
insert into orders (kind, arguments, ordered_at) values ('drop', '{{}}', 1);
"""  # noqa: S608 - numbers of our own

RECENT = """
insert into recent (
    session_id, trace_id, application, direction, outcome, details, error, ended, bytes,
    traces, logs
) values (?, '', '', '', '', '', 0, ?, ?, x'', x'')
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A store of version 1."""
    path = tmp_path / "store.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("pragma auto_vacuum = incremental")
        connection.execute("pragma journal_mode = wal")
        for statement in schema_statements(1):
            connection.execute(statement)
        connection.executescript(ROWS)
        connection.execute(f"pragma application_id = {schema.APPLICATION_ID}")
        connection.execute("pragma user_version = 1")
    return path


def opened(path: Path) -> Store:
    return open_store(f"sqlite:///{path}", capacity=10**6, clock=lambda: float(NOW))


@contextmanager
def raw(path: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        yield connection


def version(connection: sqlite3.Connection) -> int:
    (number,) = connection.execute("pragma user_version").fetchone()
    return int(number)


def test_all_that_an_older_store_holds_is_there(path):
    with closing(opened(path)) as store:
        status = store.control.status()
        assert 4 + 400 < status.used < 4 + 800  # the batch, a ledger row and a pending call
        assert [(lane.lane, lane.calls) for lane in status.lanes] == [(TEMPO, 1)]
        (account,) = status.accounts
        assert account.numbers[""].cursor == NOW
        assert [(gap.start, gap.reason) for gap in account.gaps] == [(5, GapReason.ERROR)]
        assert set(store.ledger.lease("main").look_up(["a"]).known) == {"a"}
        assert store.ledger.lease("main").look_up(["b"]).waiting["b"].since == NOW
        (body,) = store.outbox.due(TEMPO, NOW, 100)
        assert (body.data, body.checksum) == (b"\1\2\3\4", None)
        assert [order.kind for _, order in store.control.open_jobs()] == ["drop"]
    with raw(path) as connection:
        assert version(connection) == schema.VERSION
        assert connection.execute("pragma integrity_check").fetchone() == ("ok",)
        assert connection.execute("pragma foreign_key_check").fetchall() == []


def test_the_counters_start_with_what_an_older_store_holds(path):
    """They come back to nothing when all of it is gone."""
    with closing(opened(path)) as store:
        lease = store.ledger.lease("main")
        store.outbox.resolve(TEMPO, [Acknowledgement(1, (0,))], NOW)
        lease.commit(Step(at=NOW + 30 * 86_400, settled=["b"]))
        assert store.control.status().used == 0


def test_recent_calls_of_an_older_store_count_for_their_bounds_and_the_cap(tmp_path):
    with raw(tmp_path / "older.db") as connection:
        for number in range(1, 11):
            for statement in schema_statements(number):
                connection.execute(statement)
        connection.executemany(RECENT, [(f"{n}é", None if n % 3 else NOW, n) for n in range(9)])
        used = "select sum(value) from meta where name in ('used', 'kept')"
        ((before,),) = connection.execute(used).fetchall()
        for statement in schema_statements(11):
            connection.execute(statement)
        assert connection.execute(queries("capacity")["used"]).fetchone() == (before,)
        assert connection.execute(queries("step")["recent_size"]).fetchone() == (9, 36, NOW, 0)
        connection.execute("delete from recent")
        assert connection.execute(queries("capacity")["used"]).fetchone() == (0,)
        assert connection.execute(queries("step")["recent_size"]).fetchone() == (0, 0, None, None)


def test_it_comes_to_the_same_schema_as_a_new_store(path, tmp_path):
    opened(path).close()
    opened(tmp_path / "new.db").close()
    schemas = []
    for each in (path, tmp_path / "new.db"):
        with raw(each) as connection:
            schemas.append(connection.execute("select sql from sqlite_master").fetchall())
    assert sorted(map(str, schemas[0])) == sorted(map(str, schemas[1]))


def test_what_stops_it_anywhere_leaves_the_older_version(path):
    stopped = 0
    with raw(path) as connection:
        before = list(connection.iterdump())
        for strides in count():
            passed = count()
            connection.execute("begin immediate")
            connection.set_progress_handler(
                lambda passed=passed, strides=strides: next(passed) == strides, 200
            )
            try:
                schema.bring_forward(connection, "x")
                connection.set_progress_handler(None, 200)
                connection.execute("commit")
                break
            except sqlite3.OperationalError:
                stopped += 1
            connection.set_progress_handler(None, 200)
            if connection.in_transaction:
                connection.execute("rollback")
            assert version(connection) == 1
            assert list(connection.iterdump()) == before
        assert stopped > 5
        assert version(connection) == schema.VERSION


def test_a_store_that_an_older_daemon_works_on_is_left_to_it(path):
    daemon = ProcessLock(path, lambda: float(NOW))
    daemon.acquire()
    with pytest.raises(Busy, match="works on the store"):
        opened(path)
    with raw(path) as connection:
        assert version(connection) == 1
    daemon.release()
    opened(path).close()


def test_a_reader_says_what_brings_it_forward(path):
    with pytest.raises(Broken, match="older than this program: `fuse-otel run`"):
        open_store(f"sqlite:///{path}", capacity=1, read_only=True, clock=lambda: 0.0)
