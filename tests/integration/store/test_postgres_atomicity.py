"""Wherever the server ends a transaction, the transaction leaves nothing."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg
import pytest
from support.builders.store_values import (
    EVERYTHING,
    NOW,
    TEMPO,
    body,
    copy_of,
    pending,
    seen,
    step,
)

from fuse_otel.errors import Broken
from fuse_otel.ports import Acknowledgement, Gap, GapReason
from fuse_otel.store import open_store
from fuse_otel.store.postgres.connection import Connection

pytestmark = pytest.mark.slow
_TABLES = """
select tablename from pg_tables
where schemaname = current_schema() and tablename not in ('counters', 'replicas', 'meta')
order by tablename
"""
_COUNTED = "select name, subject, sum(value) from counters group by name, subject order by 1, 2"


class Opened:
    """A store whose connection the server ends before a chosen statement of a transaction."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._left: int | None = None
        self.store = open_store(url, capacity=10**6, clock=lambda: float(NOW))
        self.lease = self.store.ledger.lease("main")

    def content(self) -> list[object]:
        with psycopg.connect(self._url) as connection:
            tables = [name for (name,) in connection.execute(_TABLES)]
            queries = [f"select t::text from {name} as t order by 1" for name in tables]  # noqa: S608
            rows: list[object] = [connection.execute(each).fetchall() for each in queries]  # type: ignore[call-overload]
            counted = connection.execute(_COUNTED).fetchall()
        return [rows, [each for each in counted if each[2]]]

    def passes(self, connection: Connection) -> None:
        """Before each statement of the store."""
        if self._left is None:
            return
        if self._left == 0:
            self._left = None
            pid = connection._raw.info.backend_pid
            with psycopg.connect(self._url, autocommit=True) as other:
                other.execute("select pg_terminate_backend(%s, 5000)", [pid])
            return
        self._left -= 1

    @contextmanager
    def ended_before(self, statement: int) -> Iterator[None]:
        self._left = statement
        yield
        self._left = None


@pytest.fixture
def opened(postgres, monkeypatch) -> Iterator[Opened]:
    with postgres.store() as url:
        made = Opened(url)
        for name in ("execute", "executemany"):
            monkeypatch.setattr(Connection, name, _watched(getattr(Connection, name), made))
        # A heartbeat would be counted too.
        made.store._replica._stop.set()
        made.store._replica._thread.join()
        yield made
        monkeypatch.undo()
        made.store._replica._stop.clear()
        made.store.close()


def _watched(method: Callable[..., object], opened: Opened) -> Callable[..., object]:
    def watched(connection: Connection, *arguments: object) -> object:
        opened.passes(connection)
        return method(connection, *arguments)

    return watched


def stops(opened: Opened, action: Callable[[], None]) -> int:
    """End ``action`` before each of its statements until it passes; returns how often."""
    before = opened.content()
    for statement in range(200):
        with opened.ended_before(statement):
            try:
                action()
            except Broken:
                assert opened.content() == before
            else:
                return statement
    raise AssertionError("the action never passed")


def test_a_step_that_is_ended_anywhere_leaves_nothing(opened):
    gap = Gap("", 1, 2, GapReason.ERROR)
    first = step(body("a"), seen=[seen("a")], pending=[pending("a")], opened=[gap])
    opened.lease.commit(first)
    assert stops(opened, lambda: opened.lease.commit(EVERYTHING)) > 20
    assert set(opened.lease.look_up(["a", "b", "c"]).known) == {"a", "b", "c"}
    assert [each.start for each in opened.store.control.status().accounts[0].gaps] == [5]


def test_a_resolution_that_is_ended_anywhere_leaves_nothing(opened):
    opened.lease.commit(step(body("a", "b"), body("c")))
    whole, other = opened.store.outbox.due(TEMPO, NOW, 1000)
    acknowledgements = [
        Acknowledgement(whole.id, (0,), (copy_of(whole.calls[0]),)),
        Acknowledgement(other.id, (0,)),
    ]
    assert stops(opened, lambda: opened.store.outbox.resolve(TEMPO, acknowledgements, NOW)) > 8
    assert opened.store.control.status().lanes[0].parked == 1
