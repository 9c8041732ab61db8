import re
import runpy
import tomllib
from pathlib import Path

from fuse_otel.config import load
from fuse_otel.config.catalogue import SETTINGS, TABLES
from fuse_otel.config.documentation import document
from fuse_otel.config.file.destinations import DestinationTable
from fuse_otel.config.otel_environment import LIMITS, OPTIONS
from fuse_otel.config.settings import Account, Settings

DOCS = Path(__file__).parents[3] / "docs" / "configuration.md"


def test_the_page_is_what_the_module_prints(capsys):
    runpy.run_module("fuse_otel.config", run_name="__main__")
    made = capsys.readouterr().out
    assert made == document()
    assert DOCS.read_text(encoding="utf-8") == made


def test_every_setting_is_documented_with_all_its_names():
    text = document()
    for setting in SETTINGS:
        for name in (setting.variable, setting.flag, setting.name):
            assert f"`{name}`" in text
        if setting.has_file:
            assert f"`{setting.variable}_FILE`" in text


def test_catalogue_and_settings_have_the_same_names():
    single = {"email", "developer_key"}
    of_the_standard = {"limits", "self_traces_protocol"}
    fields = set(Settings.model_fields) - set(TABLES) - of_the_standard
    assert {each.name for each in SETTINGS} - single == fields


def test_every_table_of_the_file_and_its_keys_are_documented():
    text = document()
    for name in TABLES:
        assert f"[{name}]" in text
    for name in (*Account.model_fields, *DestinationTable.model_fields):
        assert f"`{name}`" in text


def test_every_standard_variable_is_documented():
    for option in OPTIONS:
        assert re.search(rf"`(OTEL_EXPORTER_OTLP|…)_{option}`", document()), option
    for variable in LIMITS:
        assert f"| `{variable}` |" in document()


def test_the_example_of_the_documentation_loads(tmp_path):
    *_, example = re.findall(r"```toml\n(.*?)```", document(), re.DOTALL)
    file = tmp_path / "fuse-otel.toml"
    file.write_text(example, encoding="utf-8")
    loaded = load(environ={}, config_file=str(file))
    assert loaded.warnings == ()
    assert [account.name for account in loaded.settings.accounts] == ["support", "sales"]
    assert set(TABLES) <= set(tomllib.loads(example))


def test_every_example_is_a_valid_value(tmp_path):
    good = {each.variable: each.example for each in SETTINGS}
    file = tmp_path / Path(good["FUSE_OTEL_WEB_CONFIG"]).name
    file.write_text("")
    good["FUSE_OTEL_WEB_CONFIG"] = str(file)
    settings = load(environ=good).settings
    assert settings.poll_interval == 60
    assert settings.resource_attributes == {"team": "voice", "region": "us-east"}
