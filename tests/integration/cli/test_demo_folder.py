"""A demo deletes the files of the demo before it, and no others."""

import os
import time

import pytest
from support.builders.recent_world import recent_world

from fuse_otel.cli.commands import demo
from fuse_otel.cli.demo_folder import CALLS, MARK, SETTINGS, STORE, demo_folder
from fuse_otel.config import back_end_environ
from fuse_otel.errors import Broken, Busy
from fuse_otel.simulator.simulated_api import SimulatedApi
from fuse_otel.store.sqlite.lock import ProcessLock

OWN = "these calls are mine\n"


def content(folder):
    """Of the files that a demo would delete or write."""
    return {path.name: path.read_text() for path in folder.iterdir() if path.suffix != ".lock"}


@pytest.fixture
def used(tmp_path):
    """The folder of a demo that has delivered."""
    (tmp_path / SETTINGS).write_text(f"{MARK} For production, …\n")
    for name in (CALLS, STORE):
        (tmp_path / name).write_text(OWN)
    return tmp_path


def test_a_demo_begins_without_the_files_of_the_last_one(used):
    with demo_folder(used):
        assert content(used) == {SETTINGS: f"{MARK}\n"}


def test_a_second_demo_leaves_the_files_of_the_first_one(used):
    with demo_folder(used):
        (used / CALLS).write_text(OWN)
        before = content(used)
        with pytest.raises(Busy, match=f"runs in {used} .process {os.getpid()}, .*--directory"):
            demo_folder(used).__enter__()
        assert content(used) == before
    with demo_folder(used):
        assert CALLS not in content(used)


def test_a_demo_leaves_the_files_of_a_daemon(used):
    daemon = ProcessLock(used / STORE, time.time)
    daemon.acquire()
    before = content(used)
    try:
        with pytest.raises(Busy, match="A demo or a daemon already runs"):
            demo_folder(used).__enter__()
    finally:
        daemon.release()
    assert content(used) == before
    with demo_folder(used):
        assert STORE not in content(used)


@pytest.mark.parametrize("name", [SETTINGS, CALLS, STORE, f"{STORE}-wal"])
def test_files_of_somebody_else_are_left(tmp_path, name):
    (tmp_path / name).write_text(OWN)
    with pytest.raises(Broken, match=f"{name} is not a file of the demo. Choose an empty folder"):
        demo_folder(tmp_path).__enter__()
    assert content(tmp_path) == {name: OWN}


def test_other_names_in_the_folder_do_not_matter(tmp_path):
    (tmp_path / "notes.txt").write_text(OWN)
    with demo_folder(tmp_path):
        assert content(tmp_path) == {SETTINGS: f"{MARK}\n", "notes.txt": OWN}


def test_only_its_owner_reads_the_settings(tmp_path):
    with SimulatedApi(recent_world(seed=1, rate=0.1, past=60)) as api, demo_folder(tmp_path):
        demo._settings(tmp_path, api.url, 0, {})
        assert (tmp_path / SETTINGS).stat().st_mode & 0o777 == 0o600


def test_with_deliver_the_calls_go_to_the_back_end_of_the_shell(tmp_path, monkeypatch):
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("FUSE_OTEL_TRACE_URL", "http://127.0.0.1:9/trace/{trace_id}")
    monkeypatch.setenv("FUSE_OTEL_EMAIL", "me@example.com")
    settings = demo._settings(tmp_path, "http://127.0.0.1:9/api", 0, back_end_environ())
    assert set(settings.destinations[0].urls.values()) == {
        "http://127.0.0.1:9/v1/traces", "http://127.0.0.1:9/v1/logs",
    }  # fmt: skip
    assert settings.trace_url == "http://127.0.0.1:9/trace/{trace_id}"
    assert settings.accounts[0].email == "owner@example.com"
