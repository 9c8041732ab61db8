"""A damaged store is moved aside whole; a foreign file is left alone; a crash leads back here."""

import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, nullcontext
from pathlib import Path

import pytest
from support.builders.store_values import NOW, body, step, whole_step
from support.patience import PATIENCE

from fuse_otel.errors import Broken, Busy, Corrupt
from fuse_otel.ports import NumberPosition, Step, Store
from fuse_otel.store import begin_anew, open_store
from fuse_otel.store.sqlite import damaged_file, start_check
from fuse_otel.store.sqlite.start_check import StartCheck

POSITION = NumberPosition(NOW - 500, NOW - 500)
# Of a store with the present schema.
VERSION_10 = """
drop index recent_ends;
create index recent_sizes on recent (bytes);
delete from meta where name in ('recent_calls', 'recent_bytes');
pragma user_version = 10
"""
ASIDE = "store.db.corrupt-2026-09-21T141320Z"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store.db"


def opened(path: Path, *, read_only: bool = False) -> Store:
    return open_store(
        f"sqlite:///{path}", capacity=10**9, read_only=read_only, clock=lambda: float(NOW)
    )


def first(store: Store) -> None:
    store.ledger.lease("main").commit(Step(at=NOW, positions={"": POSITION}))


def anew(path: Path, begin: Callable[[Store], None] = first) -> str:
    return begin_anew(f"sqlite:///{path}", capacity=10**6, clock=lambda: float(NOW), begin=begin)


def made(path: Path, calls: int = 40) -> None:
    """A store that a daemon has worked on, of some hundred pages."""
    with closing(opened(path)) as store:
        lease = store.ledger.lease("main")
        for number in range(calls):
            lease.commit(whole_step(f"call {number}"))
            lease.commit(step(body(f"body {number}", data=os.urandom(20_000))))


def spoil(path: Path, start: int, length: int) -> None:
    with path.open("r+b") as file:
        file.seek(start)
        file.write(b"\xa5" * length)


def names(path: Path) -> set[str]:
    return {file.name for file in path.parent.iterdir()}


def position(path: Path) -> dict[str, NumberPosition]:
    with closing(opened(path)) as store:
        return dict(store.ledger.lease("main").position(NOW, 10).numbers)


def test_a_damaged_store_is_moved_aside_with_all_its_parts(path):
    made(path)
    spoil(path, 100, 5000)
    with pytest.raises(Corrupt, match="is damaged"):
        opened(path)
    path.with_name("store.db-wal").write_bytes(b"the log")
    path.with_name("store.db-shm").write_bytes(b"its index")
    before = path.read_bytes()

    assert anew(path) == ASIDE
    assert names(path) == {"store.db", "store.db.lock", ASIDE, ASIDE + "-wal", ASIDE + "-shm"}
    assert path.with_name(ASIDE).read_bytes() == before
    assert path.with_name(ASIDE + "-wal").read_bytes() == b"the log"
    assert position(path) == {"": POSITION}
    with closing(opened(path)) as store:
        assert store.control.status().moved_aside == NOW


def test_two_stores_damaged_in_one_second_keep_their_names(path):
    for _ in range(2):
        made(path, calls=1)
        spoil(path, 100, 5000)
        anew(path)
    assert {ASIDE, ASIDE + "-2"} < names(path)


@pytest.mark.parametrize("content", [b"18005550100 " * 1000, b"\0" * 9000, b"xy"])
def test_a_file_that_never_was_a_store_is_left_alone(path, content):
    path.write_bytes(content)
    with pytest.raises(Broken, match=r"is not a SQLite database of fuse-otel.*left as it is"):
        opened(path)
    assert path.read_bytes() == content
    assert names(path) == {"store.db"}


def test_a_damaged_database_of_another_program_is_left_alone(path):
    with closing(sqlite3.connect(path)) as other:
        other.execute("create table theirs (x)")
        other.execute("pragma application_id = 7")
    spoil(path, 100, 3000)
    before = path.read_bytes()
    with pytest.raises(Broken, match="left as it is"):
        opened(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize("size", [0, 16, 4096, 100_000])
def test_a_store_whose_header_is_gone_is_known_by_its_lock(path, size):
    made(path)
    spoil(path, 0, size or path.stat().st_size)
    if size:
        with pytest.raises(Corrupt):
            opened(path).ledger.lease("main")
    else:
        with pytest.raises(Corrupt):
            opened(path)


def test_a_store_without_a_lock_is_known_by_its_header(path):
    made(path)
    path.with_name("store.db.lock").unlink()
    spoil(path, 100, 8000)
    with pytest.raises(Corrupt):
        opened(path)


def test_damage_in_the_middle_is_found_when_a_daemon_starts(path):
    made(path)
    spoil(path, path.stat().st_size // 2 // 4096 * 4096, 4096)
    with closing(opened(path)) as store:
        assert not path.with_name("store.db.damaged").exists()
        with pytest.raises(Corrupt):
            store.ledger.lease("main")
    assert path.with_name("store.db.damaged").exists()
    with pytest.raises(Corrupt):
        opened(path)
    anew(path)
    assert "store.db.damaged" not in names(path)


def checked_beside(path: Path) -> Store:
    return open_store(
        f"sqlite:///{path}", capacity=10**9, clock=lambda: float(NOW), check_beside=True
    )


def check_ended() -> None:
    for thread in threading.enumerate():
        if thread.name == "store check":
            thread.join()


@pytest.fixture
def begin_check(monkeypatch) -> Iterator[threading.Event]:
    """The check begins when the test sets it."""
    begin = threading.Event()

    def look_over_later(connection: sqlite3.Connection, name: str) -> None:
        begin.wait(PATIENCE)
        damaged_file.look_over(connection, name)

    monkeypatch.setattr(start_check, "look_over", look_over_later)
    yield begin
    begin.set()


def test_who_takes_the_lock_need_not_wait_for_the_check(path, begin_check):
    made(path)
    spoil(path, path.stat().st_size // 2 // 4096 * 4096, 4096)
    with closing(checked_beside(path)) as store:
        lease = store.ledger.lease("main")
        begin_check.set()
        check_ended()
        assert path.with_name("store.db.damaged").exists()
        for use in (
            lambda: lease.position(NOW, 10),
            lambda: lease.commit(whole_step("another")),
            store.control.status,
        ):
            with pytest.raises(Corrupt, match="is damaged"):
                use()
    with pytest.raises(Corrupt):
        opened(path)


def test_a_process_that_ends_at_once_has_checked_its_file(path, begin_check):
    made(path)
    spoil(path, path.stat().st_size // 2 // 4096 * 4096, 4096)
    store = checked_beside(path)
    store.ledger.lease("main")
    closing_store = threading.Thread(target=store.close)
    closing_store.start()
    begin_check.set()
    closing_store.join()
    assert path.with_name("store.db.damaged").exists()


def test_a_store_of_an_older_version_is_checked_too(path, begin_check):
    made(path)
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(VERSION_10)
    spoil(path, path.stat().st_size // 2 // 4096 * 4096, 4096)
    with closing(checked_beside(path)) as store:
        store.ledger.lease("main")
        begin_check.set()
        check_ended()
        with pytest.raises(Corrupt, match="is damaged"):
            store.control.status()


def test_an_erasure_empties_the_log_after_the_check(path, begin_check):
    made(path)
    log = path.with_name("store.db-wal")
    with closing(checked_beside(path)) as store:
        lease = store.ledger.lease("main")
        lease.commit(whole_step("erased"))
        erasing = threading.Thread(target=store.control.erase, args=("erased", NOW))
        erasing.start()
        while store.control.recent_call("erased") is not None:
            erasing.join(0.01)
        lease.commit(whole_step("meanwhile"))  # waits neither for the check nor for the erasure
        begin_check.set()
        erasing.join()
        assert b"erased" not in log.read_bytes()


def test_a_check_that_finds_nothing_changes_nothing(path):
    made(path)
    with closing(checked_beside(path)) as store:
        lease = store.ledger.lease("main")
        lease.commit(whole_step("during the check"))
        check_ended()
        lease.commit(whole_step("after the check"))
        ids = ["call 39", "during the check", "after the check"]
        assert list(lease.look_up(ids).known) == ids
    assert "store.db.damaged" not in names(path)


def test_a_file_that_cannot_be_read_is_left_to_the_transactions(monkeypatch):
    def unreadable(_connection: sqlite3.Connection, _name: str) -> None:
        raise Broken("The disk reports an error.")

    monkeypatch.setattr(start_check, "look_over", unreadable)
    check = StartCheck()
    check.start(nullcontext(), "store.db")
    check.wait()
    check.raise_damage()


def test_damage_in_a_large_file_is_found_in_use_and_noted(path, monkeypatch):
    monkeypatch.setattr(damaged_file, "LOOKED_OVER", 10_000)
    made(path)
    with closing(sqlite3.connect(path)) as connection:
        (root,) = connection.execute(
            "select rootpage from sqlite_master where name = 'ledger'"
        ).fetchone()
    spoil(path, (root - 1) * 4096, 4096)
    with closing(opened(path)) as store:
        lease = store.ledger.lease("main")
        with pytest.raises(Corrupt):
            lease.commit(whole_step("another"))
    with pytest.raises(Corrupt):
        opened(path)
    # A reader may try: what it meets is damage or what is left.
    opened(path, read_only=True).close()
    anew(path)
    assert position(path) == {"": POSITION}


class Crashed(BaseException):
    pass


def crash(_store: Store) -> None:
    raise Crashed


def test_what_is_interrupted_is_begun_again(path, monkeypatch):
    made(path)
    spoil(path, 100, 5000)
    with pytest.raises(Crashed):
        anew(path, crash)
    # A fresh store stands there, which has not been told how far back to read.
    with pytest.raises(Corrupt):
        opened(path)
    anew(path)
    assert position(path) == {"": POSITION}
    assert {ASIDE, ASIDE + "-2"} < names(path)


@pytest.mark.parametrize("renamed", [0, 1, 2])
def test_a_crash_between_two_renames_is_mended(path, monkeypatch, renamed):
    made(path)
    spoil(path, 100, 5000)
    path.with_name("store.db-wal").write_bytes(b"the log")
    path.with_name("store.db-shm").write_bytes(b"its index")
    rename, left = Path.rename, renamed

    def crashing(self: Path, target: str) -> Path:
        nonlocal left
        left -= 1
        if left < 0:
            raise Crashed
        return rename(self, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", crashing)
        with pytest.raises(Crashed):
            anew(path)
    with pytest.raises(Corrupt):
        opened(path)
    anew(path)
    assert position(path) == {"": POSITION}
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("pragma integrity_check").fetchone() == ("ok",)


def test_a_store_that_a_daemon_works_on_is_not_moved(path):
    with closing(opened(path)) as daemon:
        daemon.ledger.lease("main")
        path.with_name("store.db.damaged").touch()
        with pytest.raises(Busy, match="works on the store"):
            anew(path)
    assert ASIDE not in names(path)


def test_a_folder_that_does_not_let_it_go_is_reported(path, monkeypatch):
    made(path, calls=1)
    spoil(path, 100, 5000)

    def refuse(*_: object) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(Broken, match=r"damaged and cannot be moved aside: Read-only file system\."):
        anew(path)


def test_a_disk_that_takes_no_note_is_no_new_trouble(path, monkeypatch):
    def refuse(*_: object, **__: object) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(Path, "touch", refuse)
    damaged_file.Damage(path).note()
    assert names(path) == set()


def test_a_file_that_cannot_be_read_is_reported(path):
    path.mkdir()
    with pytest.raises(Broken, match="cannot be read: Is a directory"):
        damaged_file.is_ours(path)
