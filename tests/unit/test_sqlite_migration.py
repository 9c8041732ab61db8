"""A store that an older version left is brought forward with all it holds."""

import sqlite3
from contextlib import closing

from support.store_values import LOKI, NOW

from fuse_otel.ports import Gap, GapReason, Order, Receipt
from fuse_otel.store import open_store
from fuse_otel.store.sqlite.queries import schema_statements
from fuse_otel.store.sqlite.schema import APPLICATION_ID, VERSION


def first_version(path):
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for statement in schema_statements(1):
            connection.execute(statement)
        connection.execute(f"pragma application_id = {APPLICATION_ID}")
        connection.execute("pragma user_version = 1")
        connection.execute("insert into accounts (name) values ('main')")
        connection.execute("insert into lanes (destination, signal) values ('loki', 'logs')")
        connection.execute(
            "insert into gaps (account, number, start, stop, reason, again)"
            " values (1, '', 5, 9, 'history', 0)"
        )
        connection.execute(
            "insert into orders (kind, arguments, ordered_at) values ('drop', '{}', ?)", (NOW,)
        )


def test_a_store_of_the_first_version_keeps_what_it_holds(tmp_path):
    path = tmp_path / "store.db"
    first_version(path)

    with closing(open_store(f"sqlite:///{path}", capacity=1000, clock=lambda: NOW)) as store:
        status = store.control.status()
        assert status.accounts[0].gaps == (Gap("", 5, 9, GapReason.HISTORY, id=1),)
        assert [lane.lane for lane in status.lanes] == [LOKI]
        assert status.orders == ((Order("drop", "{}"), Receipt(1, "waiting", "")),)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("pragma user_version").fetchone() == (VERSION,)
