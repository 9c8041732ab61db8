"""Who works on a store: told to those who look, and not disturbed by their looking."""

import fcntl
import os
from contextlib import closing

import pytest

from fuse_otel.errors import Busy
from fuse_otel.store.sqlite import lock
from fuse_otel.store.sqlite.lock import ProcessLock


@pytest.fixture
def locks(tmp_path):
    """Two of one store: locks of open files, so two in one process are like two processes."""
    made = [ProcessLock(tmp_path / "store.db", lambda: 1_790_000_000.0) for _ in range(2)]
    yield made
    for each in made:
        each.release()


def test_whoever_looks_is_told_who_holds_it(locks):
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


def test_a_lock_that_may_not_be_read_tells_nothing(tmp_path):
    assert ProcessLock(tmp_path / "gone" / "store.db", lambda: 0.0).holder() is None
