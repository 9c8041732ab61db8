"""Who works on a store: told to those who look, and not disturbed by their looking."""

import fcntl
import os
from contextlib import closing

import pytest
from support.rigs.sqlite_file import opened

from fuse_otel.errors import Broken, Busy
from fuse_otel.store.sqlite import lock
from fuse_otel.store.sqlite.lock import ProcessLock


@pytest.fixture
def path(tmp_path):
    return tmp_path / "store.db"


@pytest.fixture
def locks(tmp_path):
    """Two of one store: locks of open files, so two in one process are like two processes."""
    made = [ProcessLock(tmp_path / "store.db", lambda: 1_790_000_000.0) for _ in range(2)]
    yield made
    for each in made:
        each.release()


def test_whoever_looks_learns_who_holds_it(locks):
    first, second = locks
    assert (first.holder(), second.holder()) == (None, None)
    first.acquire()
    name = f"process {os.getpid()}, since 2026-09-21 14:13:20Z"
    assert (first.holder(), second.holder()) == (name, name)
    with pytest.raises(Busy, match=f"process {os.getpid()}, since"):
        second.acquire()

    first.release()
    assert (first.holder(), second.holder()) == (None, None)
    second.acquire()
    assert first.holder() == name


def test_a_look_at_the_very_moment_does_not_make_it_busy(locks, tmp_path, monkeypatch):
    first, second = locks
    first.acquire()
    first.release()
    looking = os.open(tmp_path / "store.db.lock", os.O_RDONLY)
    fcntl.flock(looking, fcntl.LOCK_SH)
    monkeypatch.setattr(lock.time, "sleep", lambda _: fcntl.flock(looking, fcntl.LOCK_UN))
    with closing(os.fdopen(looking)):
        second.acquire()
        assert second.holder() is not None


def test_a_lock_that_may_not_be_read_shows_nothing(tmp_path):
    assert ProcessLock(tmp_path / "gone" / "store.db", lambda: 0.0).holder() is None


def test_a_second_daemon_learns_who_holds_the_store(path):
    with opened(path) as first:
        first.ledger.lease("main")
        with opened(path) as second, pytest.raises(Busy) as caught:
            second.ledger.lease("another account")
    assert f"process {os.getpid()}, since 2026-09-21 14:13:20Z" in str(caught.value)
    with opened(path) as third:
        third.ledger.lease("main")


def test_a_holder_that_left_no_name_is_unknown(path):
    with opened(path) as first:
        first.ledger.lease("main")
        path.with_name("store.db.lock").write_text("")
        with opened(path) as second, pytest.raises(Busy, match="its process is unknown"):
            second.ledger.lease("main")


def test_a_full_disk_does_not_keep_a_lock_from_holding(path, monkeypatch):
    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with opened(path) as first:
        monkeypatch.setattr("os.pwrite", refuse)
        first.ledger.lease("main")
        with opened(path) as second, pytest.raises(Busy, match="its process is unknown"):
            second.ledger.lease("main")


def test_a_lock_that_cannot_be_made_is_reported(path):
    path.with_name("store.db.lock").mkdir()
    with opened(path) as store, pytest.raises(Broken, match=r"lock .* cannot be opened"):
        store.ledger.lease("main")


def test_a_file_system_without_locks_is_reported(path, monkeypatch):
    def refuse(*_: object) -> None:
        raise OSError(37, "No locks available")

    with opened(path) as store:
        monkeypatch.setattr("fcntl.flock", refuse)
        with pytest.raises(Broken, match="cannot be locked: No locks available"):
            store.ledger.lease("main")
