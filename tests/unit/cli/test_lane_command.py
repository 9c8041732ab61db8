"""``fuse-otel lane pause`` and ``resume``, with a daemon that holds the store and without."""

import json
import os
from contextlib import closing

import pytest
from support.builders.store_values import NOW
from support.pages.repository import ROOT

from fuse_otel.cli import main
from fuse_otel.core.model.lane import Lane
from fuse_otel.core.model.telemetry import Signal
from fuse_otel.store import open_store

TRACES, LOGS = Lane("default", Signal.TRACES), Lane("default", Signal.LOGS)
NOBODY = "No daemon runs: it is kept for the next one."
DESTINATIONS = """
[[destinations]]
name = "tempo"
endpoint = "http://tempo:4318"
signals = ["traces"]

[[destinations]]
name = "loki"
endpoint = "http://loki:3100/otlp"
signals = ["logs"]
"""


@pytest.fixture
def store(tmp_path, monkeypatch):
    for name in [name for name in os.environ if name.startswith(("FUSE_OTEL_", "OTEL_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setattr("time.time", lambda: float(NOW))
    url = f"sqlite:///{tmp_path / 'state.db'}"
    monkeypatch.setenv("FUSE_OTEL_STATE_URL", url)
    monkeypatch.setenv("FUSE_OTEL_CONFIG", str(ROOT / "tests/data/no_settings.toml"))
    with closing(open_store(url, capacity=10**6, clock=lambda: NOW)) as opened:
        yield opened


@pytest.fixture
def lane(store, capsys):
    def run(*words):
        code = main(["lane", *words])
        out, err = capsys.readouterr()
        return code, [*out.splitlines(), *err.splitlines()]

    return run


def test_a_lane_is_paused_and_resumed(lane, store):
    code, lines = lane("pause", "default/logs")
    assert code == 0
    paused, nobody = lines
    assert paused == (
        "default/logs is paused. Its calls wait in the store until"
        " `fuse-otel lane resume default/logs`."
    )
    assert nobody == NOBODY
    assert store.control.paused_lanes() == {LOGS: NOW}
    assert lane("resume", "default/logs") == (0, ["default/logs is resumed.", NOBODY])
    assert store.control.paused_lanes() == {}


def test_a_destination_stands_for_all_of_its_lanes(lane, store):
    assert lane("pause", "default")[0] == 0
    assert set(store.control.paused_lanes()) == {TRACES, LOGS}
    code, lines = lane("resume", "default", "default/logs")
    assert (code, len(lines)) == (0, 3)
    assert store.control.paused_lanes() == {}


def test_what_is_done_already_is_no_failure(lane):
    lane("pause", "default/logs")
    code, lines = lane("pause", "default/logs")
    assert (code, lines[0]) == (0, "default/logs is paused since 2026-09-21 14:13:20Z already.")
    code, lines = lane("resume", "default/traces")
    assert (code, lines[0]) == (0, "default/traces was not paused.")


def test_beside_a_daemon_the_next_one_is_not_named(lane, store):
    store.control.lock()
    assert lane("resume", "default/logs") == (0, ["default/logs was not paused."])


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("default/log", " Did you mean default/logs?"),
        ("defualt", " Did you mean default?"),
        ("7-xyzzy", ""),
    ],
)
def test_a_mistyped_name_gets_a_suggestion_and_the_list(lane, store, name, advice):
    code, lines = lane("pause", "default/traces", name)
    these = "These are: default/logs, default/traces."
    assert (code, lines) == (2, [f"fuse-otel: There is no lane {name!r}.{advice} {these}"])
    assert store.control.paused_lanes() == {}


def test_lanes_are_those_of_the_configuration_and_of_the_store(lane, store, tmp_path):
    file = tmp_path / "fuse-otel.toml"
    file.write_text(DESTINATIONS)
    store.control.pause([LOGS], NOW)
    _, (sentence,) = lane("pause", "nothing", "--config", str(file))
    assert sentence.endswith("These are: default/logs, loki/logs, tempo/traces.")
    assert lane("pause", "tempo", "--config", str(file))[0] == 0
    # The lane of a destination that was taken out of the configuration.
    assert lane("resume", "default", "--config", str(file))[1][0] == "default/logs is resumed."


@pytest.mark.parametrize("action", ["pause", "resume"])
@pytest.mark.parametrize("name", ["default/logs", "7-xyzzy"])
def test_a_store_that_is_not_there_is_refused_and_not_made(lane, tmp_path, action, name):
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    code, (line,) = lane(action, name, "--state-url", f"sqlite:///{folder / 'state.db'}")
    assert (code, line.partition(" at ")[0]) == (1, "fuse-otel: There is no store")
    assert list(folder.iterdir()) == []


def test_a_mistyped_lane_leaves_no_new_file(lane, tmp_path):
    before = sorted(tmp_path.iterdir())
    assert lane("pause", "7-xyzzy")[0] == 2
    assert sorted(tmp_path.iterdir()) == before


def test_the_status_shows_it(lane, capsys):
    lane("pause", "default/logs")
    assert main(["status"]) == 0
    assert "default/logs  paused 0 s" in capsys.readouterr().out
    assert main(["status", "--json"]) == 0
    lanes = json.loads(capsys.readouterr().out)["lanes"]
    assert {each["signal"]: each["paused_since"] for each in lanes} == {"logs": NOW}


@pytest.mark.parametrize("words", [(), ("pause",), ("stop", "default"), ("resume",)])
def test_a_wrong_use_is_a_usage_error(lane, words):
    assert lane(*words)[0] == 2
