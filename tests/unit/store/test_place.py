"""A store that is removed, replaced, locked by another process, or on an unsuitable file system."""

import errno
import fcntl
import os
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

import pytest
from support.builders.store_values import NOW, step, whole_step

from fuse_otel.errors import Broken, Busy, Corrupt, LeaseLost
from fuse_otel.store import begin_anew, open_store, store_warnings
from fuse_otel.store.sqlite import place
from fuse_otel.store.sqlite.errors import store_error
from fuse_otel.store.sqlite.lock import ProcessLock

MOUNTS = """\
22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
30 22 0:40 / /mnt/share\\040one rw,relatime - nfs4 server:/share rw,vers=4.2
31 22 0:41 / /mnt/share\\040one/local rw - xfs /dev/sdb rw
32 22 0:42 / /mnt rw - tmpfs tmpfs rw
33 22 0:43 / /containers rw - fuse.fuse-overlayfs overlay rw
34 22 0:44 / /far rw - fuse.sshfs me@there: rw
"""


@pytest.fixture
def path(tmp_path):
    return tmp_path / "store.db"


def opened(path):
    return open_store(f"sqlite:///{path}", capacity=10**6, clock=lambda: float(NOW))


@pytest.fixture
def store(path):
    with closing(opened(path)) as store:
        store.control.lock()
        yield store


def open_files():
    """Of this process: descriptors, each with its file. What an earlier test left may be closed
    meanwhile: only new ones tell something.
    """
    found = set()
    for number in [int(each.name) for each in Path("/dev/fd").iterdir()]:
        with suppress(OSError):  # that of the listing itself
            status = os.fstat(number)
            found.add((number, status.st_dev, status.st_ino))
    return found


def uses(store):
    """A read and a write of each door."""
    lease = store.ledger._leases["main"]
    return [
        store.control.status,
        lambda: lease.position(NOW, 1),
        lambda: lease.commit(step(at=NOW)),
        lambda: store.outbox.reread(1, NOW),
    ]


def test_a_removed_store_is_noticed_by_every_use_and_begun_anew(store, path):
    store.ledger.lease("main").commit(whole_step("a"))
    path.unlink()
    for use in uses(store):
        with pytest.raises(Corrupt, match=r"was removed while it was open"):
            use()
    store.close()

    with pytest.raises(Corrupt):
        opened(path)
    assert begun_anew(path) == ""
    with closing(opened(path)) as new:
        assert new.ledger.lease("main").look_up(["a"]).known == {}


def test_a_replaced_store_is_noticed_and_moved_aside(store, path, tmp_path):
    store.ledger.lease("main").commit(whole_step("a"))
    opened(tmp_path / "other.db").close()
    (tmp_path / "other.db").rename(path)
    for use in uses(store):
        with pytest.raises(Corrupt, match=r"was replaced while it was open"):
            use()
    store.close()

    aside = begun_anew(path)
    assert aside.startswith("store.db.corrupt-")
    assert (tmp_path / aside).is_file()


def checkpoint(path):
    """As SQLite does after a thousand pages: the file has what the log had."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("pragma wal_checkpoint(truncate)")


@pytest.mark.parametrize("is_new", [True, False])
@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "truncated"),
        (b"SQLite format 3\0", "truncated"),
        (b"a letter to somebody\n" * 500, "overwritten"),
        (b"\0" * 9000, "overwritten"),
    ],
)
def test_a_truncated_or_overwritten_store_is_noticed_and_moved_aside(
    store, path, is_new, content, what
):
    store.ledger.lease("main").commit(whole_step("a"))
    if not is_new:
        checkpoint(path)
        store.control.status()
    path.write_bytes(content)
    for use in uses(store):
        with pytest.raises(Corrupt, match=rf"was {what} while it was open"):
            use()
    store.close()

    with pytest.raises(Corrupt):
        opened(path)
    assert begun_anew(path).startswith("store.db.corrupt-")
    with closing(opened(path)) as new:
        assert new.ledger.lease("main").look_up(["a"]).known == {}


@pytest.mark.parametrize("part", ["-wal", "-shm"])
@pytest.mark.parametrize("what", ["removed", "replaced"])
def test_a_removed_or_replaced_log_is_noticed(store, path, part, what):
    store.ledger.lease("main").commit(whole_step("a"))
    log = path.with_name(path.name + part)
    data = log.read_bytes()
    log.unlink()
    if what == "replaced":
        log.write_bytes(data)
    for use in uses(store):
        with pytest.raises(Corrupt, match=rf"{part} was {what} while it was open"):
            use()
    store.close()
    assert begun_anew(path).startswith("store.db.corrupt-")
    with closing(opened(path)) as new:
        assert new.ledger.lease("main").look_up(["a"]).known == {}


def test_a_log_that_sqlite_itself_removed_is_no_damage(store, path):
    """A connection that could not roll back is closed. If it was the only one, SQLite removes the
    log, and the next connection makes another one.
    """
    lease = store.ledger.lease("main")
    lease.commit(whole_step("a"))
    (connection,) = store._database._idle
    store._database._idle.clear()
    connection.close()
    assert not path.with_name("store.db-wal").exists()
    lease.commit(whole_step("b"))
    assert set(lease.look_up(["a", "b"]).known) == {"a", "b"}


def test_a_store_overwritten_by_a_database_of_another_program_is_noticed(store, path, tmp_path):
    store.ledger.lease("main").commit(whole_step("a"))
    checkpoint(path)
    store.control.status()
    with closing(sqlite3.connect(tmp_path / "theirs.db")) as theirs:
        theirs.execute("create table theirs (x)")
    path.write_bytes((tmp_path / "theirs.db").read_bytes())
    with pytest.raises(Corrupt, match="was overwritten while it was open"):
        store.control.status()


def test_a_store_keeps_its_file_open_until_its_last_connection_is_closed(path):
    before = open_files()
    for _ in range(3):
        store = opened(path)
        with store._database.read() as connection:
            store.close()
            connection.execute("select count(*) from ledger").fetchone()
            assert open_files() - before
        assert not open_files() - before
        store.close()


def test_a_store_that_cannot_be_opened_leaves_no_file_open(path):
    path.write_bytes(b"a letter to somebody\n" * 500)
    before = open_files()
    for _ in range(3):
        with pytest.raises(Broken):
            opened(path)
    assert not open_files() - before


def test_a_file_removed_inside_a_transaction_takes_no_commit(store, path):
    lease = store.ledger.lease("main")
    other = path.with_name("moved.db")

    def remove() -> None:
        with store._database.write() as connection:
            connection.execute("update accounts set epoch = epoch + 1")
            path.rename(other)

    with pytest.raises(Corrupt):
        remove()
    other.rename(path)
    assert lease.look_up(["a"]).known == {}


def test_a_removed_lock_is_taken_again(store, path):
    lock = path.with_name("store.db.lock")
    lock.unlink()
    store.ledger.lease("main").commit(whole_step("a"))

    assert lock.read_text().startswith(f"process {os.getpid()}")
    with closing(opened(path)) as second, pytest.raises(Busy):
        second.control.lock()


def test_only_one_of_two_processes_works_after_the_lock_was_removed(store, path):
    store.ledger.lease("main").commit(whole_step("a"))
    path.with_name("store.db.lock").unlink()
    with closing(opened(path)) as second:
        second.control.lock()
        second.ledger.lease("main").commit(whole_step("b"))
        for use in uses(store):
            with pytest.raises(Busy, match=r"Another fuse-otel \(process"):
                use()
    # The other one has ended: this one takes its lease again, and knows what was done meanwhile.
    with pytest.raises(LeaseLost):
        store.ledger.lease("main").position(NOW, 1)
    assert set(store.ledger.lease("main").look_up(["a", "b"]).known) == {"a", "b"}


def test_a_second_process_is_kept_out_of_the_place_of_a_removed_store(store, path):
    path.unlink()
    with closing(opened(path)) as second, pytest.raises(Busy):
        second.control.lock()
    with pytest.raises(Corrupt, match="replaced"):
        store.control.status()


def test_a_link_leads_to_the_store_and_its_lock(tmp_path, path):
    opened(path).close()
    (tmp_path / "link.db").symlink_to(path)
    with closing(opened(tmp_path / "link.db")) as first, closing(opened(path)) as second:
        first.control.lock()
        with pytest.raises(Busy):
            second.control.lock()


def test_a_dangling_link_is_named(tmp_path):
    link = tmp_path / "link.db"
    link.symlink_to(tmp_path / "gone" / "store.db")
    with pytest.raises(Broken, match=r"is a link to .*gone/store\.db: No such file"):
        opened(link)


@pytest.mark.parametrize("name", ["pipe", "/dev/null", "/dev/zero"])
def test_a_device_or_a_pipe_is_no_store(tmp_path, name):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(Broken, match="is a device or a pipe"):
        opened(tmp_path / name)


@pytest.mark.parametrize("name", ["a\0b", "x" * 300, "", ".", "/"])
def test_a_path_that_can_be_no_file_is_refused_with_a_sentence(tmp_path, name, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(Exception, match=r"\.$") as caught:
        open_store(f"sqlite:///{name}", capacity=1, clock=lambda: 0.0)
    assert type(caught.value).__module__ == "fuse_otel.errors"


def test_a_folder_that_takes_no_files_is_named(path, monkeypatch):
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(Broken, match="may not create files in its folder"):
        opened(path)


@pytest.mark.parametrize(
    ("file", "type_"),
    [
        ("/var/x.db", ""),
        ("/mnt/share one/x.db", "nfs4"),
        ("/mnt/share one/deep/x.db", "nfs4"),
        ("/mnt/share one/local/x.db", ""),
        ("/mnt/share onerous/x.db", ""),
        ("/containers/x.db", ""),
        ("/far/x.db", "fuse.sshfs"),
    ],
)
def test_a_network_file_system_is_found_by_the_innermost_mount(tmp_path, monkeypatch, file, type_):
    mounts = tmp_path / "mountinfo"
    mounts.write_text(MOUNTS)
    monkeypatch.setattr(place, "_MOUNTS", mounts)
    assert place.network_file_system(file) == type_


def test_without_a_list_of_mounts_nothing_is_known(tmp_path, monkeypatch):
    monkeypatch.setattr(place, "_MOUNTS", tmp_path / "none")
    assert place.network_file_system(tmp_path / "x.db") == ""


def test_busy_on_a_file_system_without_locks_is_no_other_program(path, monkeypatch):
    def no_locks(*_):
        raise OSError(errno.ENOLCK, "No locks available")

    path.with_name("store.db.lock").touch()
    busy = sqlite3.OperationalError("database is locked")
    busy.sqlite_errorcode = sqlite3.SQLITE_BUSY
    assert "Another program keeps" in str(store_error(busy, str(path)))

    monkeypatch.setattr(fcntl, "lockf", no_locks)
    error = store_error(busy, str(path))
    assert type(error) is Broken
    assert "does not provide locks" in str(error)


@pytest.mark.parametrize("word", ["ESTALE", "EIO", "EACCES"])
def test_a_path_that_cannot_be_looked_at_is_not_a_removed_store(store, path, monkeypatch, word):
    number = getattr(errno, word)

    def fails(*_, **__):
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patched:
        patched.setattr(os, "stat", fails)
        with pytest.raises(Broken, match=os.strerror(number)):
            store.control.status()
    store.control.status()


def test_errors_on_a_network_file_system_name_it(tmp_path, monkeypatch, path):
    mounts = tmp_path / "mountinfo"
    mounts.write_text(f"22 1 8:1 / {tmp_path} rw - nfs4 server:/ rw\n")
    monkeypatch.setattr(place, "_MOUNTS", mounts)
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorcode = sqlite3.SQLITE_IOERR_READ
    assert str(store_error(error, str(path))).endswith(
        "It lies on a network file system (nfs4): name a file on a local disk."
    )


def test_a_lock_that_cannot_be_read_is_reported(path, monkeypatch):
    lock = ProcessLock(path, lambda: float(NOW))
    lock.acquire()

    def fails(*_, **__):
        raise OSError(errno.ESTALE, "Stale file handle")

    with monkeypatch.context() as patched:
        patched.setattr(os, "stat", fails)
        with pytest.raises(Broken, match="Stale file handle"):
            lock.check()
    lock.release()


def begun_anew(path):
    return begin_anew(
        f"sqlite:///{path}", capacity=10**6, clock=lambda: float(NOW), begin=lambda _: None
    )


def test_a_place_on_a_network_is_worth_a_warning(tmp_path, monkeypatch, path):
    mounts = tmp_path / "mountinfo"
    mounts.write_text(f"22 1 8:1 / {tmp_path} rw - cifs //server/share rw\n")
    assert store_warnings(f"sqlite:///{path}") == []

    monkeypatch.setattr(place, "_MOUNTS", mounts)
    (warning,) = store_warnings(f"sqlite:///{path}")
    assert f"The store {path} lies on a network file system (cifs)." in warning
    assert store_warnings("sqlite://") == []
