"""The files that `config --example` prints and that docs/configuration.md begins with."""

import re
import tomllib
from importlib import resources

import pytest
from support.builders.loaded_settings import ACCOUNT, settings

from fuse_otel.cli import main
from fuse_otel.config import load
from fuse_otel.config.catalogue import SETTINGS, TABLES
from fuse_otel.config.documentation import document, example_file

FOLDER = resources.files("fuse_otel.config").joinpath("examples")
SHORT = sorted(each.name for each in FOLDER.iterdir())
_FIRST_TABLE = "#[resource_attributes]"


@pytest.fixture
def etc(tmp_path):
    """A folder with the files that the examples name, in the place of /etc/fuse-otel."""
    for name in ("developer_key", "support_key", "sales_key", "pseudonym_key", "hook_token"):
        (tmp_path / name).write_text("a-long-random-text")
    (tmp_path / "web.yaml").write_text("")
    return tmp_path


def loaded(text, etc, environ=None):
    file = etc / "fuse-otel.toml"
    file.write_text(text.replace("/etc/fuse-otel", str(etc)), encoding="utf-8")
    return load(environ=environ or {}, config_file=str(file))


def uncommented(text):
    return re.sub(r"^#(?=[a-z\[\"])", "", text, flags=re.MULTILINE)


@pytest.mark.parametrize("name", SHORT)
def test_a_short_example_is_on_the_page_and_complete(name, etc):
    text = FOLDER.joinpath(name).read_text(encoding="utf-8")
    assert f"```toml\n{text}```" in document()
    found = loaded(text, etc)
    assert found.warnings == ()
    assert found.settings.accounts
    assert {signal for each in found.settings.destinations for signal in each.signals} == {
        *settings().destinations[0].signals
    }


def test_there_are_three_short_examples_before_anything_else_on_the_page():
    page = document()
    assert len(SHORT) == 3
    assert all(page.index(FOLDER.joinpath(n).read_text()) < page.index("## Values") for n in SHORT)


def test_the_long_example_sets_nothing_before_it_is_edited(etc):
    found = loaded(example_file(), etc, ACCOUNT)
    assert found.settings == settings()


def test_every_setting_of_the_long_example_is_valid(etc):
    scalars, _ = example_file().split(_FIRST_TABLE)
    text = uncommented(scalars)
    names = {each.flag_name for each in SETTINGS} - {"resource_attributes"}
    assert tomllib.loads(text).keys() == names
    found = loaded(text, etc).settings
    for each in SETTINGS:
        if each.default and not each.secret:
            assert getattr(found, each.name) == getattr(settings(), each.name), each.name


def test_every_table_of_the_long_example_is_valid(etc):
    _, tables = example_file().split(_FIRST_TABLE)
    text = uncommented(_FIRST_TABLE + tables)
    assert tomllib.loads(text).keys() == {*TABLES, "resource_attributes"}
    assert loaded(text, etc).warnings == ()


def test_the_command_prints_the_long_example_and_reads_no_configuration(monkeypatch, capsys):
    monkeypatch.setenv("FUSE_OTEL_CONFIG", "/nonexistent")
    assert main(["config", "--example"]) == 0
    assert capsys.readouterr() == (example_file(), "")


def test_the_lines_of_the_long_example_fit_a_screen():
    assert max(map(len, example_file().splitlines())) <= 105


def test_the_example_is_not_printed_as_json(capsys):
    assert main(["config", "--example", "--json"]) == 2
    assert "not allowed with" in capsys.readouterr().err
