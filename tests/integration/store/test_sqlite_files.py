"""A store on a real file: killed, cut off, shared by threads, emptied."""

import random
import shutil
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest
from support.builders.store_values import JAEGER, NOW, TEMPO, body, step, whole_step
from support.patience import PATIENCE
from support.scale import scaled

from fuse_otel.core.model.lane import Lane
from fuse_otel.errors import Busy
from fuse_otel.ports import Acknowledgement, Store
from fuse_otel.store import MemoryStore, open_store

TESTS = Path(__file__).parents[2]
EVERYTHING = 10**9


def opened(path: Path) -> Store:
    return open_store(f"sqlite:///{path}", capacity=EVERYTHING, clock=time.time)


def check_whole(store: Store, path: Path) -> int:
    """Every committed call is in the ledger, in a body of both lanes and among the recent ones, or
    nowhere. Returns how many there are: they are numbered without a hole.
    """
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("pragma integrity_check").fetchone() == ("ok",)
        assert connection.execute("pragma foreign_key_check").fetchall() == []
        (used,) = connection.execute("select value from meta where name = 'used'").fetchone()
        rows = connection.execute("select session_id from ledger")
        ledger = {int(name.removeprefix("call ")) for (name,) in rows}
    count = len(ledger)
    assert ledger == set(range(count))
    names = [f"call {number}" for number in range(count)]
    for lane in (TEMPO, JAEGER):
        bodies = store.outbox.due(lane, NOW, EVERYTHING)
        assert [call.session_id for found in bodies for call in found.calls] == names
    recent = [call.session_id for call in store.control.recent(1000)]
    assert recent == names[-500:][::-1]
    assert used == sum(len(found.data) for found in bodies)
    status = store.control.status()
    assert (status.used > used) == bool(count)
    assert [lane.calls for lane in status.lanes] == ([count, count] if count else [])
    return count


def kill_while_committing(path: Path, first: int, chance: random.Random) -> int:
    """Returns the last number whose commit had returned."""
    with subprocess.Popen(
        [sys.executable, str(TESTS / "support" / "rigs" / "commit_loop.py"), str(path), str(first)],
        stdout=subprocess.PIPE,
        env={"PYTHONPATH": f"{TESTS}:{TESTS.parent}"},
        text=True,
    ) as process:
        assert process.stdout
        lines = [process.stdout.readline() for _ in range(chance.randrange(1, 40))]
        # Not in step with the pipe: anywhere inside one of the next commits.
        time.sleep(chance.random() / 200)
        process.kill()
        lines += process.stdout.readlines()
    whole = [line for line in lines if line.endswith("\n")]
    return int(whole[-1])


def test_a_killed_process_leaves_whole_steps_and_loses_none_that_returned(tmp_path):
    path = tmp_path / "store.db"
    chance = random.Random(7)
    count = 0
    for _ in range(scaled(10, least=4)):
        last = kill_while_committing(path, count, chance)
        with closing(opened(path)) as store:
            count = check_whole(store, path)
            assert count - 1 in {last, last + 1}
            # The dead process holds no lock.
            store.ledger.lease("main")


def test_a_log_cut_off_anywhere_is_a_store_of_whole_steps(tmp_path):
    path = tmp_path / "store.db"
    with closing(opened(path)) as store:
        lease = store.ledger.lease("main")
        for number in range(12):
            lease.commit(whole_step(f"call {number}", lanes=[TEMPO, JAEGER]))
        log = path.with_name("store.db-wal").read_bytes()
        main = path.read_bytes()

    counts = []
    steps = scaled(40, least=15)
    copy = tmp_path / "copy.db"
    for cut in range(steps + 1):
        copy.write_bytes(main)
        copy.with_name("copy.db-wal").write_bytes(log[: len(log) * cut // steps])
        with closing(opened(copy)) as store:
            counts.append(check_whole(store, copy))

    assert counts == sorted(counts)
    assert (counts[0], counts[-1]) == (0, 12)


def test_another_process_that_holds_the_store_is_named(tmp_path):
    path = tmp_path / "store.db"
    with subprocess.Popen(
        [sys.executable, str(TESTS / "support" / "rigs" / "commit_loop.py"), str(path), "0"],
        stdout=subprocess.PIPE,
        env={"PYTHONPATH": f"{TESTS}:{TESTS.parent}"},
    ) as process:
        assert process.stdout
        process.stdout.readline()
        with closing(opened(path)) as store:
            try:
                store.ledger.lease("main")
            except Busy as error:
                message = str(error)
            else:
                message = ""
            assert len(store.control.recent(1)) == 1
        process.kill()

    assert f"process {process.pid}," in message


def drain(store: Store, lane: Lane, until: int, delivered: list[str]) -> None:
    while len(delivered) < until:
        for found in store.outbox.due(lane, NOW, 500):
            offsets = tuple(call.offset for call in found.calls)
            store.outbox.resolve(lane, [Acknowledgement(found.id, offsets)], NOW)
            delivered += [call.session_id for call in found.calls]


def commit_many(store: Store, account: str, steps: int) -> None:
    lease = store.ledger.lease(account)
    for number in range(steps):
        lease.commit(whole_step(f"{account} {number}", lanes=[TEMPO, JAEGER], at=NOW))


def in_memory(_path: Path) -> Store:
    return MemoryStore(EVERYTHING)


@pytest.mark.parametrize("open_adapter", [opened, in_memory], ids=["sqlite", "memory"])
def test_pollers_shippers_and_pages_share_a_store(tmp_path, open_adapter):
    steps = scaled(60, least=20)
    accounts = ["one", "two"]
    delivered: dict[Lane, list[str]] = {TEMPO: [], JAEGER: []}
    statuses = []
    with closing(open_adapter(tmp_path / "store.db")) as store:
        threads = [
            *(threading.Thread(target=commit_many, args=(store, a, steps)) for a in accounts),
            *(
                threading.Thread(target=drain, args=(store, lane, 2 * steps, names), daemon=True)
                for lane, names in delivered.items()
            ),
        ]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            statuses.append(store.control.status())
            threads[0].join(0.01)
        final = store.control.status()

    expected = sorted(f"{account} {n}" for account in accounts for n in range(steps))
    for names in delivered.values():
        assert sorted(names) == expected
    assert all(lane.calls == 0 for lane in final.lanes)
    assert [account.calls for account in final.accounts] == [steps, steps]
    # Each status was one consistent view: what waits has bytes, and the other way round.
    assert all(s.used > 0 for s in statuses if any(lane.calls for lane in s.lanes))


def test_two_processes_may_make_the_same_store_at_once(tmp_path):
    path = tmp_path / "store.db"
    script = (
        "import sys; from fuse_otel.store import MemoryStore, open_store;"
        f"open_store('sqlite:///{path}', capacity=1, clock=lambda: 0.0).close()"
    )
    made = [subprocess.Popen([sys.executable, "-c", script], cwd=TESTS.parent) for _ in range(4)]

    assert [process.wait(PATIENCE) for process in made] == [0, 0, 0, 0]
    with closing(opened(path)) as store:
        assert store.control.status().used == 0


def test_an_outbox_that_was_large_gives_its_space_back(tmp_path):
    path = tmp_path / "store.db"
    with closing(opened(path)) as store:
        lease = store.ledger.lease("main")
        for number in range(40):
            lease.commit(step(body(f"{number}", data=bytes(1_000_000))))
        drain(store, TEMPO, 40, [])
        assert store.control.status().used == 0

    assert path.stat().st_size < 40_000_000 // 3


def test_a_store_can_be_copied_while_it_is_idle(tmp_path):
    path = tmp_path / "store.db"
    with closing(opened(path)) as store:
        store.ledger.lease("main").commit(whole_step("a"))
    # Closed, everything is in the one file.
    assert {file.name for file in tmp_path.iterdir()} == {"store.db", "store.db.lock"}
    shutil.copy(path, tmp_path / "copy.db")

    with closing(opened(tmp_path / "copy.db")) as copy:
        assert set(copy.ledger.lease("main").look_up(["a"]).known) == {"a"}
