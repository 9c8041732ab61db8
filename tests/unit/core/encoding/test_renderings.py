"""Which ways of writing the destinations of a configuration ask for."""

import pytest

from fuse_otel.assembly.parts import renderings
from fuse_otel.config import load
from fuse_otel.core.encoding.renderer import distinct
from fuse_otel.core.model.telemetry import Profile, Signal

ACCOUNT = {"FUSE_OTEL_EMAIL": "ops@example.com", "FUSE_OTEL_DEVELOPER_KEY": "k"}
THREE = """
[[destinations]]
name = "tempo"
signals = ["traces"]
flavour = "tempo"

[[destinations]]
name = "jaeger"
signals = ["traces"]
flavour = "jaeger"

[[destinations]]
name = "loki"
signals = ["logs"]
flavour = "loki"

[[destinations]]
name = "archive"
type = "file"
path = "calls.jsonl"
"""


def made(text="", folder=None, **variables):
    environ = {**ACCOUNT, **{f"FUSE_OTEL_{name}": word for name, word in variables.items()}}
    file = None
    if text:
        file = folder / "fuse-otel.toml"
        file.write_text(text)
    found = renderings(load(environ=environ, config_file=file and str(file)).settings)
    return {r.id: [f"{lane.destination}/{lane.signal}" for lane in r.lanes] for r in found}


def test_without_a_word_there_is_one_a_signal():
    assert made() == {
        "traces/strict/generic": ["default/traces"],
        "logs/strict/generic": ["default/logs"],
    }


def test_lanes_that_get_the_same_bytes_share_them(tmp_path):
    assert made(THREE, tmp_path) == {
        "traces/strict/generic": ["tempo/traces", "jaeger/traces", "archive/traces"],
        "logs/strict/loki": ["loki/logs"],
        "logs/strict/generic": ["archive/logs"],
    }


def test_a_destination_without_a_flavour_has_the_general_one(tmp_path):
    found = made(THREE, tmp_path, LOGS_FLAVOUR="loki")
    assert found["logs/strict/loki"] == ["loki/logs", "archive/logs"]
    assert "logs/strict/generic" not in found


def test_a_signals_own_flavour_outranks_that_of_both(tmp_path):
    text = THREE + 'flavour = "loki"\nlogs_flavour = "generic"\n'
    assert made(text, tmp_path)["logs/strict/generic"] == ["archive/logs"]


def test_the_general_flavour_may_be_set_for_each_signal():
    assert list(made(FLAVOUR="tempo", LOGS_FLAVOUR="loki")) == [
        "traces/strict/generic",
        "logs/strict/loki",
    ]


@pytest.mark.parametrize("flavour", Profile)
def test_traces_are_the_same_for_all(flavour):
    assert distinct(Signal.TRACES, flavour) is Profile.GENERIC
