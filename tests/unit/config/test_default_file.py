"""The file that is read if neither `--config` nor `FUSE_OTEL_CONFIG` names one."""

import os

import pytest
from support.builders.loaded_settings import ACCOUNT, problems, settings

from fuse_otel.cli import main
from fuse_otel.config import catalogue, load, namespace_of
from fuse_otel.config.documentation import document
from fuse_otel.errors import ConfigurationError

PATH = catalogue.DEFAULT_CONFIG_FILE  # before the tests replace it


@pytest.fixture
def default(tmp_path, monkeypatch):
    """A default file, for the commands too."""
    file = tmp_path / "default.toml"
    file.write_text('settle = "21s"\nnamespace = "acme"\n')
    monkeypatch.setattr(catalogue, "DEFAULT_CONFIG_FILE", str(file))
    for name in [name for name in os.environ if name.startswith(("FUSE_OTEL_", "OTEL_"))]:
        monkeypatch.delenv(name)
    for name, text in ACCOUNT.items():
        monkeypatch.setenv(name, text)
    return file


@pytest.fixture
def other(tmp_path):
    file = tmp_path / "other.toml"
    file.write_text('grow = "3m"\n')
    return file


def test_it_is_read_if_no_file_is_named(default):
    loaded = load(environ=ACCOUNT, default_file=str(default))
    assert (loaded.settings.settle, loaded.origins["settle"]) == (21, str(default))
    assert loaded.file == str(default)
    empty = {**ACCOUNT, "FUSE_OTEL_CONFIG": " "}
    assert load(environ=empty, default_file=str(default)).settings == loaded.settings


def test_a_named_file_is_read_in_its_place(default, other):
    by_variable = {**ACCOUNT, "FUSE_OTEL_CONFIG": str(other)}
    for found in (
        load(environ=by_variable, default_file=str(default)),
        load(environ=ACCOUNT, config_file=str(other), default_file=str(default)),
    ):
        assert (found.settings.settle, found.settings.grow) == (15, 180)
        assert found.file == str(other)


def test_the_environment_wins_over_it(default):
    found = settings({"FUSE_OTEL_SETTLE": "30s"}, default_file=str(default))
    assert found.settle == 30


@pytest.mark.parametrize("name", ["missing.toml", "default.toml/below"])
def test_none_is_no_problem(default, name):
    assert load(environ=ACCOUNT, default_file=str(default.parent / name)).file == ""
    assert namespace_of(environ={}, default_file=str(default.parent / name)) == ""


def test_one_that_cannot_be_read_is_a_problem_and_not_passed_over(default):
    default.unlink()
    default.symlink_to(default.parent / "missing")
    (problem,) = problems(default_file=str(default))
    assert problem == (
        f"The default configuration file: Cannot read the file {default}: No such file or"
        " directory."
    )
    with pytest.raises(ConfigurationError):
        namespace_of(environ={}, default_file=str(default))


def test_a_path_that_cannot_be_examined_counts_as_a_file(default):
    default.unlink()
    default.symlink_to(default)
    assert "default configuration file" in problems(default_file=f"{default}/below")[0]


def test_every_command_reads_it(default, capsys):
    assert main(["check"]) == 0
    assert f"\nfile         {default}\n" in capsys.readouterr().out
    assert main(["config"]) == 0
    out = capsys.readouterr().out
    assert f"\n# The configuration file: {default}\n" in out
    (line,) = (line for line in out.splitlines() if line.startswith('settle = "21s"'))
    assert line.endswith(f"# {default}")
    assert main(["trace-id", "a"]) == 0
    by_file = capsys.readouterr().out
    assert main(["trace-id", "a", "--namespace", "acme"]) == 0
    assert capsys.readouterr().out == by_file


def test_the_path_is_that_of_the_documentation(capsys):
    assert main(["run", "--help"]) == 0
    words = "".join(capsys.readouterr().out.split())
    assert f"else{PATH}ifitexists" in words
    assert f"`{PATH}` if it exists" in " ".join(document().split())
