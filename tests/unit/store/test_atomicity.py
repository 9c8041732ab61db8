"""Whatever stops a transaction, and wherever: it leaves nothing."""

import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from itertools import count
from pathlib import Path

import pytest
from support.builders.store_values import (
    EVERYTHING,
    NOW,
    TEMPO,
    body,
    copy_of,
    pending,
    recent,
    seen,
    step,
    whole_step,
)

from fuse_otel.errors import Broken, Full
from fuse_otel.ports import Acknowledgement, Gap, GapReason
from fuse_otel.store import MemoryStore, open_store
from fuse_otel.store.relational.capacity import RESERVE
from fuse_otel.store.sqlite.database import Database
from fuse_otel.store.sqlite.opening import open_file
from fuse_otel.store.sqlite.store import SqliteStore

STRIDE = 25


class Opened:
    """A store on a file whose one connection can be made to stop at any instruction."""

    def __init__(self, path: Path, free: Callable[[], int] = lambda: sys.maxsize) -> None:
        open_store(f"sqlite:///{path}", capacity=1, clock=lambda: 0.0).close()
        self.connection = open_file(path, read_only=False)
        database = Database(lambda: self.connection, str(path))
        self.store = SqliteStore(
            database, 10**6, acquire=lambda: None, release=lambda: None, free=free
        )
        self.lease = self.store.ledger.lease("main")

    def content(self) -> list[str]:
        return list(self.connection.iterdump())

    @contextmanager
    def stopped_after(self, strides: int) -> Iterator[None]:
        # Stopped once: the rollback takes instructions too.
        passed = count()
        self.connection.set_progress_handler(lambda: next(passed) == strides, STRIDE)
        yield
        self.connection.set_progress_handler(None, STRIDE)


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Opened]:
    made = Opened(tmp_path / "store.db")
    yield made
    made.store.close()


def stops(opened: Opened, action: Callable[[], None]) -> int:
    """Stop ``action`` at every stride until it passes; returns how often it was stopped."""
    before = opened.content()
    for strides in range(10_000):
        with opened.stopped_after(strides):
            try:
                action()
            except Broken as error:
                assert "SQLITE_INTERRUPT" in str(error)  # noqa: PT017 - at times nothing is raised
            else:
                return strides
        assert opened.content() == before
    raise AssertionError("the action never passed")


def test_a_step_stopped_anywhere_leaves_nothing(opened):
    opened.lease.commit(
        step(
            body("a"),
            seen=[seen("a")],
            pending=[pending("a")],
            opened=[Gap("", 1, 2, GapReason.ERROR)],
        ),
    )

    stopped = stops(opened, lambda: opened.lease.commit(EVERYTHING))

    assert stopped > 30
    assert set(opened.store.ledger.lease("main").look_up(["a", "b", "c"]).known) == {"a", "b", "c"}
    assert [gap.start for gap in opened.store.control.status().accounts[0].gaps] == [5]


def test_a_resolution_stopped_anywhere_leaves_nothing(opened):
    opened.lease.commit(step(body("a", "b"), body("c")))
    whole, other = opened.store.outbox.due(TEMPO, NOW, 1000)
    acknowledgements = [
        Acknowledgement(whole.id, (0,), (copy_of(whole.calls[0]),)),
        Acknowledgement(other.id, (0,)),
    ]

    stopped = stops(opened, lambda: opened.store.outbox.resolve(TEMPO, acknowledgements, NOW))

    assert stopped > 5
    (lane,) = opened.store.control.status().lanes
    assert (lane.calls, lane.parked) == (1, 1)


def test_a_full_disk_rolls_the_whole_step_back(opened):
    (pages,) = opened.connection.execute("pragma page_count").fetchone()
    opened.connection.execute(f"pragma max_page_count = {pages + 3}")
    before = opened.content()
    with pytest.raises(Full, match=r"disk of the store .* is full"):
        opened.lease.commit(step(body("a", data=b"x" * 50_000)))

    assert opened.content() == before
    opened.connection.execute("pragma max_page_count = 1000000")
    opened.lease.commit(whole_step("a"))


def test_room_is_left_on_the_disk_for_resolving(tmp_path):
    free = RESERVE + 1000
    opened = Opened(tmp_path / "store.db", free=lambda: free)
    with closing(opened.store) as store:
        opened.lease.commit(step(body("a", data=b"x" * 1000)))
        with pytest.raises(Full, match=r"nearly full: 64\.0 MiB would be left"):
            opened.lease.commit(step(body("b", data=b"x" * 1001)))
        free = RESERVE - 1
        with pytest.raises(Full, match="nearly full"):
            opened.lease.commit(step())
        (found,) = store.outbox.due(TEMPO, NOW, 1000)
        store.outbox.resolve(TEMPO, [Acknowledgement(found.id, (0,))], NOW)

        assert store.control.status().used == 0


def test_an_error_of_another_kind_rolls_back_too():
    with closing(MemoryStore(10_000)) as store:
        lease = store.ledger.lease("main")
        poisoned = step(body("a"), seen=[seen("a")], recent=[recent("a", start=object())])
        with pytest.raises(sqlite3.ProgrammingError):
            lease.commit(poisoned)

        assert store.control.status().used == 0
        lease.commit(whole_step("a"))


class _NoRollback(sqlite3.Connection):
    """A connection on a disk that fails: it cannot even roll back."""

    def execute(self, sql: str, *arguments: object) -> sqlite3.Cursor:
        if sql == "rollback":
            raise sqlite3.OperationalError("disk I/O error")
        return super().execute(sql, *arguments)


def test_a_connection_that_cannot_roll_back_is_not_used_again(tmp_path):
    path = tmp_path / "x.db"
    kinds = iter([_NoRollback, sqlite3.Connection])
    database = Database(
        lambda: sqlite3.connect(path, isolation_level=None, factory=next(kinds)), str(path)
    )
    with closing(database):
        with pytest.raises(Broken), database.write() as connection:
            connection.executescript("begin; create table lost (x); select no_such_column")
        with database.write() as connection:
            assert type(connection) is sqlite3.Connection
            tables = connection.execute("select name from sqlite_master").fetchall()

    assert tables == []
