"""The program itself on a damaged, foreign, full, read-only or locked state file."""

import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path

import pytest
from support import http_client
from support.builders.recent_world import recent_world
from support.fakes.otlp_answer import text
from support.fakes.otlp_receiver import OtlpReceiver
from support.fakes.otlp_request import string
from support.patience import PATIENCE
from support.rigs.program import Running, fuse_otel, pointed_at, running

from fuse_otel.simulator.simulated_api import SimulatedApi

pytestmark = pytest.mark.slow

DAY = 86_400
QUICK = {"FUSE_OTEL_POLL_INTERVAL": "1s", "FUSE_OTEL_SETTLE": "1s", "FUSE_OTEL_GROW": "0"}
UNAVAILABLE = text(503, "not today")
UID = "log.record.uid"
FAST = {"FUSE_OTEL_MAX_REQUESTS_PER_SECOND": "100"}
SHORT = {"FUSE_OTEL_SINCE": "1h"}  # so that five days show that the store was begun anew


@pytest.fixture
def world():
    """Some sixty calls in five days, hardly one of them in the last hour."""
    return recent_world(seed=9, rate=60 / (5 * DAY), past=5 * DAY)


def kept_aside(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir() if ".corrupt-" in file.name)


def spoil(path: Path, start: int, length: int) -> None:
    with path.open("r+b") as file:
        file.seek(start)
        file.write(b"\xa5" * length)


@contextmanager
def stopped(daemon: Running) -> Iterator[None]:
    daemon.process.send_signal(signal.SIGSTOP)
    # A signal takes effect later: until then it might begin its store anew.
    assert os.WIFSTOPPED(os.waitpid(daemon.process.pid, os.WUNTRACED)[1])
    yield
    daemon.process.send_signal(signal.SIGCONT)


def listed(api: SimulatedApi) -> set[str]:
    """Of the last five days, as far as anybody can ask for them by now."""
    since = time.time() - 5 * DAY + 600
    ended = api.truth(since, time.time() - 30)
    return {call.session_id for call in ended if call.start > since}


def test_once_moves_a_damaged_file_aside_and_reads_five_days_again(world, tmp_path):
    with SimulatedApi(world) as api, OtlpReceiver() as receiver:
        env = pointed_at(api, tmp_path, receiver.url, **QUICK, **FAST, **SHORT)
        assert fuse_otel("once", env=env).returncode == 0
        wanted = listed(api)
        assert len(wanted - receiver.sessions()) > 40
        spoil(tmp_path / "state.db", 100, 20_000)

        ended = fuse_otel("once", env=env)

        assert ended.returncode == 0, ended.stderr
        assert wanted <= receiver.sessions()
    (aside,) = kept_aside(tmp_path)
    assert re.fullmatch(r"state\.db\.corrupt-\d{4}-\d\d-\d\dT\d{6}Z", aside)
    assert f"file={aside}" in ended.stderr
    assert "a new one reads the last five days again" in ended.stderr
    assert not (tmp_path / "state.db.damaged").exists()


def test_a_daemon_that_meets_damage_at_work_goes_on_with_a_new_store(world, tmp_path):
    with SimulatedApi(world) as api, OtlpReceiver() as receiver:
        env = pointed_at(api, tmp_path, receiver.url, **QUICK, **FAST, **SHORT)
        with running(env=env, folder=tmp_path) as daemon:
            daemon.wait_for(lambda: "poll done" in daemon.log)
            store = tmp_path / "state.db"
            # Opened once: what takes the file's place is another file.
            with closing(sqlite3.connect(store)) as connection, store.open("r+b") as file:

                def spoilt_until_it_is_noticed() -> bool:
                    """Everything but the header, again while the log still has it whole."""
                    with suppress(sqlite3.DatabaseError):
                        connection.execute("pragma wal_checkpoint(truncate)").fetchall()
                    file.seek(100)
                    file.write(b"\xa5" * 50_000)
                    file.flush()
                    return bool(kept_aside(tmp_path))

                daemon.wait_for(spoilt_until_it_is_noticed)
            wanted = listed(api)
            daemon.wait_for(lambda: wanted <= receiver.sessions())
            page = str(daemon.wait_for(lambda: _metrics(daemon.log)))
            assert daemon.end() == 0
    assert re.search(
        r"^fuse_otel_store_moved_aside_timestamp_seconds 1\.\d+e\+09$", page, re.MULTILINE
    )
    assert re.search(r'^fuse_otel_store_errors_total{error_type="corrupt"} ', page, re.MULTILINE)
    assert "Traceback" not in daemon.log


def test_a_daemon_whose_store_is_removed_goes_on_with_a_new_one(world, tmp_path):
    """Also with the lock: no second daemon works beside it."""
    store = tmp_path / "state.db"
    with SimulatedApi(world) as api, OtlpReceiver() as receiver:
        env = pointed_at(api, tmp_path, receiver.url, **QUICK, **FAST, **SHORT)
        with running(env=env, folder=tmp_path) as daemon:
            daemon.wait_for(lambda: "poll done" in daemon.log)
            with stopped(daemon):  # it would remove or make some of the files itself meanwhile
                for file in tmp_path.glob("state.db*"):
                    file.unlink()
            daemon.wait_for(lambda: _metrics(daemon.log))
            second = fuse_otel("run", env=env)
            assert second.returncode == 1
            assert "works on the store" in second.stderr
            wanted = listed(api)
            daemon.wait_for(lambda: wanted <= receiver.sessions())
            page = _metrics(daemon.log)
            assert daemon.end() == 0
    assert "was removed while it was open" in daemon.log
    assert "a new one reads the last five days again" in daemon.log
    assert re.search(
        r"^fuse_otel_store_moved_aside_timestamp_seconds 1\.\d+e\+09$", page, re.MULTILINE
    )
    assert "Traceback" not in daemon.log
    assert kept_aside(tmp_path) == []
    with closing(sqlite3.connect(store)) as connection:
        assert connection.execute("pragma integrity_check").fetchone() == ("ok",)


def test_a_daemon_whose_store_is_truncated_goes_on_with_a_new_one(world, tmp_path):
    store = tmp_path / "state.db"
    with SimulatedApi(world) as api, OtlpReceiver() as receiver:
        env = pointed_at(api, tmp_path, receiver.url, **QUICK, **FAST, **SHORT)
        with running(env=env, folder=tmp_path) as daemon:
            daemon.wait_for(lambda: "poll done" in daemon.log)
            os.truncate(store, 0)
            daemon.wait_for(lambda: _metrics(daemon.log))
            wanted = listed(api)
            daemon.wait_for(lambda: wanted <= receiver.sessions())
            page = _metrics(daemon.log)
            assert daemon.end() == 0
    assert "was truncated while it was open" in daemon.log
    assert "a new one reads the last five days again" in daemon.log
    assert "fuse_otel_store_moved_aside_timestamp_seconds 1." in page
    assert "Traceback" not in daemon.log
    with closing(sqlite3.connect(store)) as connection:
        assert connection.execute("pragma integrity_check").fetchone() == ("ok",)


def test_a_daemon_whose_place_was_taken_by_another_does_nothing_more(world, tmp_path):
    """The state file and the lock were removed, and a second daemon started at once."""
    with SimulatedApi(world) as api, OtlpReceiver() as receiver:
        env = pointed_at(api, tmp_path, receiver.url, **QUICK, **FAST, **SHORT)
        with running(env=env, folder=tmp_path) as first:
            first.wait_for(lambda: "poll done" in first.log)
            (tmp_path / "second").mkdir()
            with ExitStack() as stack:
                with stopped(first):
                    for file in tmp_path.glob("state.db*"):
                        file.unlink()
                    second = stack.enter_context(running(env=env, folder=tmp_path / "second"))
                    second.wait_for(lambda: "poll done" in second.log)
                first.wait_for(lambda: "works on the store" in first.log)
                for _ in range(2):  # the first may still say what it did before
                    polls = first.log.count("poll done")
                    seen = second.log.count("poll done")
                    second.wait_for(lambda n=seen: second.log.count("poll done") > n + 2)
                assert first.log.count("poll done") == polls
                assert second.end() == 0
            assert first.end() in {0, 1}
        assert "Traceback" not in first.log + second.log


def _metrics(log: str) -> str:
    """Of the service that began last."""
    listening = [line for line in log.splitlines() if "listen=" in line]
    address = listening[-1].split("listen=")[1].split()[0]
    return http_client.get(f"http://{address}/metrics").text if len(listening) > 1 else ""


def test_calls_of_a_damaged_batch_in_a_sound_file_are_read_again_by_themselves(tmp_path):
    world = recent_world(seed=9, rate=1 / 60, past=3600)
    with SimulatedApi(world) as api, OtlpReceiver() as up, OtlpReceiver() as late:
        late.decide = lambda _: UNAVAILABLE
        env = pointed_at(api, tmp_path, up.url, **QUICK, **FAST)
        (tmp_path / "two.toml").write_text(
            f'[[destinations]]\nname = "up"\nendpoint = "{up.url}"\n'
            f'[[destinations]]\nname = "late"\nendpoint = "{late.url}"\n'
        )
        env["FUSE_OTEL_CONFIG"] = str(tmp_path / "two.toml")
        assert fuse_otel("once", env=env).returncode == 1
        first = exported(up)
        assert first
        with closing(sqlite3.connect(tmp_path / "state.db")) as connection, connection:
            bodies = connection.execute("select id, data from bodies").fetchall()
            spoilt = [(data[:-8] + b"\xa5" * 8, body) for body, data in bodies]
            connection.executemany("update bodies set data = ? where id = ?", spoilt)
        assert bodies
        late.decide = lambda _: None

        ended = fuse_otel("once", env=env)

        assert ended.returncode == 0, ended.stderr
        assert up.sessions() <= late.sessions()
        again = exported(up)
        assert {key: again[key] for key in first} == first
    assert "a stored batch was damaged; its calls are read again" in ended.stderr
    status = json.loads(fuse_otel("status", "--json", env=env).stdout)
    assert [(lane["calls"], lane["parked"]) for lane in status["lanes"]] == [(0, 0)] * 4
    assert status["accounts"][0]["gaps"] == []


def exported(receiver: OtlpReceiver) -> dict[bytes | str, set[bytes]]:
    """Each span and log record in all its wordings: a single one, however often it came."""
    found: dict[bytes | str, set[bytes]] = {}
    for span in receiver.spans():
        found.setdefault(span.span_id, set()).add(span.SerializeToString())
    for record in receiver.records():
        found.setdefault(string(record.attributes, UID), set()).add(record.SerializeToString())
    return found


def test_a_file_that_is_not_ours_is_left_alone_by_every_command(world, tmp_path):
    state = tmp_path / "state.db"
    state.write_bytes(b"a letter to somebody\n" * 500)
    with SimulatedApi(world) as api, OtlpReceiver() as receiver:
        env = pointed_at(api, tmp_path, receiver.url)
        for command in ("run", "once", "once"):
            ended = fuse_otel(command, env=env)
            assert ended.returncode == 1
            (line,) = ended.stderr.splitlines()
            assert "is not a SQLite database of fuse-otel and is left as it is" in line
    assert state.read_bytes() == b"a letter to somebody\n" * 500
    assert [file.name for file in tmp_path.iterdir()] == ["state.db"]


def test_another_program_s_lock_is_one_sentence(world, tmp_path):
    with SimulatedApi(world) as api, OtlpReceiver() as receiver:
        env = pointed_at(api, tmp_path, receiver.url)
        assert fuse_otel("once", env=env).returncode == 0
        with closing(sqlite3.connect(tmp_path / "state.db", isolation_level=None)) as other:
            other.execute("begin immediate")
            ended = fuse_otel("once", env=env)
    assert ended.returncode == 1
    (line,) = ended.stderr.splitlines()
    assert re.search(r"Another program keeps the store .*state\.db locked", line)


UNPRIVILEGED = """
import ctypes, sys
if sys.platform == "linux":
    # Modes stop nobody who is root, but for a root without any capability.
    header, none = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()
    assert ctypes.CDLL(None).capset(header, none) == 0
from fuse_otel.cli import main
sys.exit(main(["once"]))
"""


def run_code(code: str, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code],
        env=env,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


@pytest.mark.parametrize("what", ["file", "folder"])
def test_a_read_only_file_or_folder_is_one_sentence(world, tmp_path, what):
    folder = tmp_path / "state"
    folder.mkdir()
    with SimulatedApi(world) as api, OtlpReceiver() as receiver:
        env = pointed_at(api, folder, receiver.url)
        assert fuse_otel("once", env=env).returncode == 0
        (folder / "state.db").chmod(0o444 if what == "file" else 0o644)
        folder.chmod(0o755 if what == "file" else 0o555)
        ended = run_code(UNPRIVILEGED, env)
        folder.chmod(0o755)
    assert ended.returncode == 1
    (line,) = ended.stderr.splitlines()
    assert re.search(r"The store .* cannot be (opened|written)", line)


def test_a_disk_that_refuses_to_grow_stops_nothing_but_reading(world, tmp_path):
    """The kernel lets no file of the process grow: each write behind that fails."""
    limited = (
        "import resource, sys; from fuse_otel.cli import main;"
        "free = resource.getrlimit(resource.RLIMIT_FSIZE);"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, free[1]));"
        "code = main(['once']); resource.setrlimit(resource.RLIMIT_FSIZE, free); sys.exit(code)"
    )
    with SimulatedApi(world) as api, OtlpReceiver() as receiver:
        env = pointed_at(api, tmp_path, receiver.url, FUSE_OTEL_SINCE="5d", **QUICK, **FAST)
        ended = run_code(limited, env)
        assert ended.returncode == 1
        assert "the disk reports an error" in ended.stderr
        assert "Traceback" not in ended.stderr
        wanted = listed(api)
        assert not wanted <= receiver.sessions()
        again = fuse_otel("once", env=env)
        assert again.returncode == 0, again.stderr
        assert wanted <= receiver.sessions()
    assert kept_aside(tmp_path) == []
    assert (tmp_path / "state.db").stat().st_size > 300_000
