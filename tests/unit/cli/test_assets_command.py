"""``fuse-otel assets``: everything that people need beside the program, in one folder."""

import tomllib
from pathlib import Path

import pytest
from support.pages.repository import ROOT, repository_files

from fuse_otel.cli import main
from fuse_otel.cli.commands import assets as asset_files
from fuse_otel.errors import FuseOtelError

DEPLOY = ROOT / "deploy"
# What only this repository needs: the code and the tests of the files beside them.
OURS = {".py": "dashboards are built from it", ".test.yaml": "promtool runs them on the rules"}
MADE = {
    "completion/_fuse-otel", "completion/fuse-otel.bash", "completion/fuse-otel.fish",
    "fuse-otel.toml", "man/man1/fuse-otel.1",
}  # fmt: skip


@pytest.fixture(autouse=True, scope="module")
def made_once():
    """The files of the commands take long to make, and are the same in each test."""
    made = tuple(asset_files._made())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(asset_files, "_made", lambda: made)
        yield


def written(folder, capsys, *words):
    assert main(["assets", "--to", str(folder), *words]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    return out.splitlines()


def refused(folder, capsys, *words):
    assert main(["assets", "--to", str(folder), *words]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    (sentence,) = err.splitlines()
    return sentence


def content(folder):
    return {p.relative_to(folder): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_every_file_of_the_deploy_folder_is_written_except_code_and_tests(tmp_path, capsys):
    """A new file there is an asset, whatever it is, unless its ending is one of ours."""
    deployed = {
        str(path.relative_to(DEPLOY)): path.read_bytes()
        for path in repository_files()
        if DEPLOY in path.parents and not path.name.endswith(tuple(OURS))
    }
    folder = tmp_path / "new" / "assets"
    names = [str(Path(line).relative_to(folder)) for line in written(folder, capsys)]
    assert names == sorted(names, key=Path)
    assert set(names) == deployed.keys() | MADE
    assert {name: (folder / name).read_bytes() for name in deployed} == deployed
    # No temporary file is left.
    assert {str(name) for name in content(folder)} == set(names)


def test_what_is_made_is_what_the_commands_print(tmp_path, capsys):
    written(tmp_path, capsys)
    for name, words in (
        ("completion/fuse-otel.bash", ["completion", "bash"]),
        ("completion/_fuse-otel", ["completion", "zsh"]),
        ("completion/fuse-otel.fish", ["completion", "fish"]),
        ("man/man1/fuse-otel.1", ["man"]),
        ("fuse-otel.toml", ["config", "--example"]),
    ):
        assert main(words) == 0
        assert capsys.readouterr().out == (tmp_path / name).read_text()
    assert tomllib.loads((tmp_path / "fuse-otel.toml").read_text()) == {}


def test_scripts_can_be_run_and_other_files_cannot(tmp_path, capsys):
    written(tmp_path, capsys)
    runnable = {p.relative_to(tmp_path) for p in tmp_path.rglob("*") if p.stat().st_mode & 0o100}
    assert Path("systemd/fuse-otel") in runnable
    assert Path("systemd/fuse-otel.service") not in runnable


def test_files_in_the_way_are_all_named_and_stay(tmp_path, capsys):
    for name in ("web.yaml", "prometheus/fuse-otel.rules.yaml"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("mine")
    (tmp_path / "fuse-otel.toml").symlink_to("nowhere")
    before = content(tmp_path)
    sentence = refused(tmp_path, capsys)
    for name in ("web.yaml", "prometheus/fuse-otel.rules.yaml", "fuse-otel.toml"):
        assert str(tmp_path / name) in sentence
    assert sentence.startswith("fuse-otel: Nothing was written, because these files exist")
    assert "--force" in sentence
    assert content(tmp_path) == before


def test_force_replaces_the_files_and_no_other(tmp_path, capsys):
    lines = written(tmp_path, capsys)
    whole = content(tmp_path)
    (tmp_path / "web.yaml").write_text("mine")
    (tmp_path / "prometheus" / "mine.yaml").write_text("mine")
    assert written(tmp_path, capsys, "--force") == lines
    assert content(tmp_path) == whole | {Path("prometheus/mine.yaml"): b"mine"}


def test_force_replaces_a_link_and_not_what_it_leads_to(tmp_path, capsys):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("theirs")
    folder = tmp_path / "assets"
    folder.mkdir()
    (folder / "web.yaml").symlink_to(elsewhere)
    written(folder, capsys, "--force")
    assert elsewhere.read_text() == "theirs"
    assert not (folder / "web.yaml").is_symlink()


@pytest.mark.parametrize("name", ["prometheus", ".", "man/man1"])
def test_a_file_where_a_folder_is_needed_is_named(tmp_path, capsys, name):
    folder = tmp_path / "assets"
    place = folder / name
    place.parent.mkdir(exist_ok=True, parents=True)
    place.write_text("mine")
    sentence = refused(folder, capsys, "--force")
    assert sentence.endswith(f"a file and a folder have the same name: {place}.")
    assert place.read_text() == "mine"


def test_a_folder_where_a_file_is_needed_is_named(tmp_path, capsys):
    (tmp_path / "web.yaml").mkdir()
    assert str(tmp_path / "web.yaml") in refused(tmp_path, capsys, "--force")
    assert list(tmp_path.iterdir()) == [tmp_path / "web.yaml"]


def test_a_folder_that_cannot_be_made_is_named(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    sentence = refused(tmp_path / "file" / "assets", capsys)
    assert sentence.endswith(" cannot be written: Not a directory.")


def test_a_disk_that_gets_full_leaves_no_half_file(tmp_path, capsys, monkeypatch):
    def full(_file):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    sentence = refused(tmp_path, capsys)
    assert sentence.endswith(" cannot be written: No space left on device.")
    assert content(tmp_path) == {}


def test_what_git_ignores_is_no_asset(tmp_path):
    """The key of Compose and the secret of Kubernetes are kept beside the files of a checkout."""
    package = tmp_path / "fuse_otel"
    package.mkdir()
    ignored = ("secrets/developer_key", "kubernetes/secret.yaml", ".env", "compose/my_key")
    for name in (*ignored, "kubernetes/other.yaml", "compose/simulated_key"):
        path = tmp_path / "deploy" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")
    found = {str(name) for name in asset_files.asset_files(package)}
    assert found - MADE == {"kubernetes/other.yaml", "compose/simulated_key"}


def test_an_installation_without_the_files_says_so(tmp_path):
    with pytest.raises(FuseOtelError, match="This installation has no assets"):
        asset_files.asset_files(tmp_path / "fuse_otel")


def test_the_folder_has_to_be_named(capsys):
    assert main(["assets"]) == 2
    assert "--to" in capsys.readouterr().err
