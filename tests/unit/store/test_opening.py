"""Which store a URL names, and what may be opened."""

import sqlite3
import stat
import threading
from contextlib import closing
from pathlib import Path

import pytest
from support.builders.store_values import NOW, TEMPO, whole_step
from support.patience import PATIENCE
from support.rigs.sqlite_file import opened

from fuse_otel.errors import Broken, ConfigurationError, Corrupt, StoreError
from fuse_otel.ports import Job
from fuse_otel.store import MemoryStore, is_missing, open_store
from fuse_otel.store.sqlite import opening
from fuse_otel.store.sqlite.schema import VERSION


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store.db"


def raw(path: Path, *statements: str) -> list[object]:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        return [connection.execute(statement).fetchone() for statement in statements]


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:"])
def test_a_url_may_name_memory(url):
    with closing(open_store(url, capacity=5, clock=lambda: 0.0)) as store:
        assert isinstance(store, MemoryStore)
        assert store.control.status().capacity == 5


def test_a_path_is_relative_with_three_slashes(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    open_store("sqlite:///odd name%41?#.db", capacity=1, clock=lambda: 0.0).close()

    assert (tmp_path / "odd name%41?#.db").is_file()


def test_a_store_is_missing_until_its_file_is_made(path):
    assert is_missing(f"sqlite:///{path}")
    open_store(f"sqlite:///{path}", capacity=1, clock=lambda: 0.0).close()
    assert not is_missing(f"sqlite:///{path}")
    assert is_missing(f"sqlite:///{path.parent / ('a' * 300)}")
    assert not is_missing("sqlite://")
    assert not is_missing("postgresql://localhost/calls")


@pytest.mark.parametrize(
    "url", ["sqlite:///", "sqlite:/x", "", "store.db", "mysql://me:secret@host/db"]
)
def test_another_url_is_a_configuration_problem_that_shows_nothing(url):
    with pytest.raises(ConfigurationError) as caught:
        open_store(url, capacity=1, clock=lambda: 0.0)

    assert "names no SQLite file" in str(caught.value)
    assert "secret" not in str(caught.value)


def test_the_file_is_its_owner_s_alone(path):
    with opened(path) as store:
        store.ledger.lease("main")
        modes = {p.name: stat.S_IMODE(p.stat().st_mode) for p in path.parent.iterdir()}

    assert modes["store.db"] == 0o600
    assert set(modes.values()) == {0o600}


def test_every_connection_writes_through_to_the_disk(path):
    with opened(path):
        pass
    with closing(opening.open_file(path, read_only=False)) as connection:
        values = {
            pragma: connection.execute(f"pragma {pragma}").fetchone()[0]
            for pragma in (
                "journal_mode",
                "synchronous",
                "auto_vacuum",
                "foreign_keys",
                "user_version",
                "busy_timeout",
            )
        }

    assert values == {
        "journal_mode": "wal",
        "synchronous": 2,
        "auto_vacuum": 2,
        "foreign_keys": 1,
        "user_version": VERSION,
        "busy_timeout": 5000,
    }


def test_a_missing_file_cannot_be_read(path):
    with (
        pytest.raises(Broken, match=r"There is no store at .*fuse-otel run"),
        opened(path, read_only=True),
    ):
        pass
    assert not path.exists()


def test_an_empty_file_cannot_be_read_but_becomes_a_store(path):
    path.touch()
    with pytest.raises(Broken, match="empty or older"), opened(path, read_only=True):
        pass
    with opened(path) as store:
        assert store.control.status().used == 0


def test_a_missing_folder_is_reported(tmp_path):
    with (
        pytest.raises(Broken, match=r"its folder .*/no does not exist"),
        opened(tmp_path / "no" / "x.db"),
    ):
        pass


@pytest.mark.parametrize("read_only", [True, False])
def test_a_folder_is_no_store(tmp_path, read_only):
    wanted = r"is a directory: name a file in it, such as .*/fuse-otel\.db\."
    with pytest.raises(Broken, match=wanted), opened(tmp_path, read_only=read_only):
        pass


def test_a_newer_schema_is_refused_and_left_alone(path):
    with opened(path):
        pass
    raw(path, f"pragma user_version = {VERSION + 1}")
    for read_only in (False, True):
        with (
            pytest.raises(Broken, match=rf"newer fuse-otel \(schema {VERSION + 1}"),
            opened(path, read_only=read_only),
        ):
            pass

    assert raw(path, "pragma user_version") == [(VERSION + 1,)]


def test_another_program_s_database_is_refused_and_left_alone(path):
    raw(path, "create table accounts (x)")
    before = path.read_bytes()
    with pytest.raises(Broken, match="another program's database"), opened(path):
        pass

    assert path.read_bytes() == before


def test_what_is_no_database_is_refused_and_left_alone(path):
    path.write_bytes(b"18005550100 " * 1000)
    with pytest.raises(Broken, match="is not a SQLite database") as caught, opened(path):
        pass

    assert "8005550100" not in str(caught.value)
    assert path.read_bytes() == b"18005550100 " * 1000


def test_a_damaged_file_is_reported(path):
    with opened(path) as store:
        lease = store.ledger.lease("main")
        lease.commit(whole_step("a"))
    data = bytearray(path.read_bytes())
    # Everything behind the file's header.
    data[100:] = b"\xff" * (len(data) - 100)
    path.write_bytes(data)

    with pytest.raises(Corrupt, match=r"is damaged: .* moved aside"), opened(path):
        pass
    assert path.read_bytes() == data


def test_a_reader_cannot_write(path):
    with opened(path):
        pass
    with opened(path, read_only=True) as store:
        for write in (
            lambda: store.ledger.lease("main"),
            lambda: store.control.add_job(Job("drop", "{}"), NOW),
        ):
            with pytest.raises(Broken, match="open for reading only"):
                write()

    assert not path.with_name("store.db.lock").exists()


def test_a_reader_and_an_order_stand_beside_a_daemon(path):
    with opened(path) as daemon:
        lease = daemon.ledger.lease("main")
        lease.commit(whole_step("a"))
        with opened(path, read_only=True) as reader:
            assert [call.session_id for call in reader.control.recent(10)] == ["a"]
        with opened(path) as command:
            receipt = command.control.add_job(Job("drop", "{}"), NOW)
        assert [order_id for order_id, _ in daemon.control.open_jobs()] == [receipt.id]
        # A command that read has changed nothing of the lease.
        lease.commit(whole_step("b"))


def test_a_reader_works_while_nobody_else_has_the_file_open(path):
    with opened(path) as daemon:
        daemon.ledger.lease("main").commit(whole_step("a"))
    with opened(path, read_only=True) as reader:
        assert len(reader.outbox.due(TEMPO, NOW, 1000)) == 1


def test_a_folder_that_is_gone_is_reported(path, monkeypatch):
    def refuse(*_: object) -> None:
        raise FileNotFoundError(2, "No such file or directory")

    with opened(path) as store:
        lease = store.ledger.lease("main")
        monkeypatch.setattr("shutil.disk_usage", refuse)
        with pytest.raises(Broken, match=r"folder of the store .* is gone"):
            lease.commit(whole_step("a"))


def test_a_file_system_without_shared_memory_is_reported(path, monkeypatch):
    class NoWal(sqlite3.Connection):
        def execute(self, sql: str, *arguments: object) -> sqlite3.Cursor:
            return super().execute(sql.replace("= wal", "= delete"), *arguments)

    connect = sqlite3.connect
    monkeypatch.setattr(
        sqlite3, "connect", lambda *args, **options: connect(*args, factory=NoWal, **options)
    )
    with pytest.raises(Broken, match="without shared memory"), opened(path):
        pass


def test_another_program_s_lock_is_waited_for_and_then_reported(path, monkeypatch):
    monkeypatch.setattr(opening, "_WAIT", 0.05)
    with opened(path) as store:
        lease = store.ledger.lease("main")
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("begin immediate")
            with pytest.raises(StoreError, match=r"Another program keeps the store .* locked"):
                lease.commit(whole_step("a"))
            # Readers do not mind.
            assert store.control.status().used == 0
        lease.commit(whole_step("a"))


def test_a_file_that_was_taken_away_is_reported(path):
    with opened(path) as store, store._database._lent():
        # The one connection is lent, the next has to open the file.
        path.unlink()
        with pytest.raises(Corrupt, match="removed while it was open"):
            store.control.status()


def test_a_reader_sees_one_moment(path):
    def calls(connection: sqlite3.Connection) -> int:
        (number,) = connection.execute("select count(*) from ledger").fetchone()
        return number

    with opened(path) as store:
        lease = store.ledger.lease("main")
        with store._database.read() as connection:
            before = calls(connection)
            lease.commit(whole_step("a"))
            assert calls(connection) == before == 0
        with store._database.read() as connection:
            assert calls(connection) == 1


def test_readers_have_connections_of_their_own_and_close_them(path):
    store = open_store(f"sqlite:///{path}", capacity=1, clock=lambda: 0.0)
    inside, leave = threading.Barrier(4), threading.Event()
    seen: list[int] = []

    def read() -> None:
        with store._database.read() as connection:
            seen.append(id(connection))
            inside.wait(PATIENCE)
            leave.wait(PATIENCE)

    threads = [threading.Thread(target=read) for _ in range(3)]
    for thread in threads:
        thread.start()
    inside.wait(PATIENCE)
    store.close()
    leave.set()
    for thread in threads:
        thread.join(PATIENCE)

    assert len(set(seen)) == 3
    with pytest.raises(Broken, match="closed"):
        store.control.status()
