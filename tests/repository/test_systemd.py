"""The files for systemd: what its own tools say about them, and that they fit each other."""

import re
import shutil
import subprocess
from itertools import dropwhile

import pytest
from support.pages.repository import ROOT
from support.pages.shell_blocks import Desk, shell_block
from support.patience import PATIENCE

from fuse_otel import config
from fuse_otel.daemon.daemon import HUNG_AFTER

SYSTEMD = ROOT / "deploy" / "systemd"
UNIT = (SYSTEMD / "fuse-otel.service").read_text()
SCRIPT = (SYSTEMD / "fuse-otel").read_text()
WITH_CREDENTIALS_SPECIFIER = 251  # the first version that replaces `%d`
MOST_EXPOSED = 15  # of 100, as systemd-analyze counts
needs_systemd = pytest.mark.skipif(
    not shutil.which("systemd-analyze"), reason="systemd-analyze (Debian: systemd) is missing"
)


def analyze(*words, folder):
    return subprocess.run(
        ["systemd-analyze", *words],
        cwd=folder, capture_output=True, text=True, timeout=PATIENCE, check=False,
    )  # fmt: skip


def verify(unit):
    """The exit code, and what systemd writes about the unit. It also reads the units that this one
    names: those of the machine.
    """
    words = ("verify", "--man=no", "--recursive-errors=no", f"./{unit.name}")
    done = analyze(*words, folder=unit.parent)
    return done.returncode, [line for line in done.stderr.splitlines() if unit.name in line]


def settings(text):
    """(name, value) of each line; a name may come several times."""
    return re.findall(r"^(?:    --property=)?([A-Z]\w+)=(.*?)(?: \\)?$", text, re.MULTILINE)


@pytest.fixture
def unit(tmp_path):
    """The unit in a folder, with a program that exists."""
    made = tmp_path / "fuse-otel.service"
    made.write_text(UNIT.replace("/opt/fuse-otel/bin/fuse-otel", "/bin/true"))
    return made


@needs_systemd
def test_systemd_finds_nothing_wrong(unit):
    # A damaged unit of the machine, which is no concern of this repository.
    (unit.parent / "network-online.target").write_text("[Unit]\nAnything=yes\n")
    assert verify(unit) == (0, [])


@needs_systemd
def test_systemd_finds_a_setting_that_it_does_not_know(unit):
    unit.write_text(unit.read_text().replace("WatchdogSec=", "WatchdogSeconds="))
    code, (line,) = verify(unit)
    assert code != 0
    assert "WatchdogSeconds" in line


@needs_systemd
def test_the_unit_is_hardly_exposed(unit):
    done = analyze(
        "security", "--offline=true", f"--threshold={MOST_EXPOSED}", f"./{unit.name}",
        folder=unit.parent,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout


def test_the_pages_name_the_version_that_the_unit_needs():
    (needed,) = re.findall(r"systemd ≥ (\d+)", UNIT)
    (installed,) = re.findall(r"systemd (\d+) or later", (ROOT / "docs/install.md").read_text())
    assert needed == installed
    # The newest part of the unit.
    assert "%d/" in UNIT
    assert int(needed) >= WITH_CREDENTIALS_SPECIFIER


def test_the_watchdog_leaves_time_for_a_reload():
    (minutes,) = re.findall(r"^WatchdogSec=(\d+)min$", UNIT, re.MULTILINE)
    grace = config.load(
        environ={"FUSE_OTEL_EMAIL": "ops@example.com", "FUSE_OTEL_DEVELOPER_KEY": "a-key"}
    ).settings.shutdown_grace
    assert grace < 60 * int(minutes) < HUNG_AFTER
    assert "Type=notify\n" in UNIT


def test_several_accounts_read_the_keys_that_systemd_copies(tmp_path):
    dropin = settings((SYSTEMD / "accounts.conf").read_text())
    copied = [value.split(":")[0] for name, value in dropin if name == "LoadCredential" and value]
    for name in copied:
        (tmp_path / name).write_text(f"the-{name}\n")
    loaded = config.load(
        environ={
            "FUSE_OTEL_CONFIG": str(SYSTEMD / "accounts.toml"),
            "CREDENTIALS_DIRECTORY": str(tmp_path),
        }
    )
    keys = {each.developer_key.get_secret_value() for each in loaded.settings.accounts}
    assert len(copied) == 2
    assert keys == {f"the-{name}" for name in copied}


def test_the_drop_in_replaces_what_the_unit_sets_for_one_account():
    unit, dropin = settings(UNIT), settings((SYSTEMD / "accounts.conf").read_text())
    unset = [value for name, value in dropin if name == "UnsetEnvironment"]
    assert [f"{name}=%d/developer_key" for name in unset] == [
        value for name, value in unit if name == "Environment" and "KEY" in value
    ]
    # An empty value clears the list of the unit.
    assert next(value for name, value in dropin if name == "LoadCredential") == ""
    (place,) = (value for name, value in dropin if name == "Environment")
    assert place == "FUSE_OTEL_CONFIG=/etc/fuse-otel/accounts.toml"


POSTGRESQL = settings((SYSTEMD / "postgresql.conf").read_text())
URL_COPY = "%d/database_url"


def test_the_drop_in_for_postgresql_replaces_the_file_of_sqlite():
    unit = [value for name, value in settings(UNIT) if name == "Environment"]
    (unset,) = (value for name, value in POSTGRESQL if name == "UnsetEnvironment")
    assert [each for each in unit if each.startswith(f"{unset}=")]
    assert ("Environment", f"{unset}_FILE={URL_COPY}") in POSTGRESQL
    (copied,) = (value for name, value in POSTGRESQL if name == "LoadCredential")
    assert copied == "database_url:/etc/fuse-otel/database_url"


@needs_systemd
def test_systemd_accepts_the_unit_with_the_drop_ins(unit):
    folder = unit.with_name("fuse-otel.service.d")
    folder.mkdir()
    for name in ("accounts.conf", "postgresql.conf"):
        shutil.copy(SYSTEMD / name, folder)
    assert verify(unit) == (0, [])
    with (folder / "postgresql.conf").open("a") as file:
        file.write("LoadCredentials=wrong\n")
    done = analyze(
        "verify", "--man=no", "--recursive-errors=no", f"./{unit.name}", folder=unit.parent
    )
    assert "LoadCredentials" in done.stderr


def test_the_page_on_moving_installs_the_drop_in_and_changes_the_script(script, tmp_path):
    desk = Desk(tmp_path / "root", ("systemctl",))
    shutil.copytree(SYSTEMD, desk.repository / "deploy" / "systemd")
    (desk.root / "etc" / "fuse-otel").mkdir()
    done = desk.run(shell_block("docs/upgrade.md", "postgresql.conf"), stdin="postgresql://a/b\n")
    assert done.returncode == 0, done.stderr
    assert (desk.root / "etc" / "fuse-otel" / "database_url").stat().st_mode & 0o777 == 0o600
    assert list((desk.root / "etc/systemd/system/fuse-otel.service.d").iterdir())
    assert [words[0] for _, words in desk.noted("systemctl")] == ["stop", "daemon-reload", "start"]
    made = shell_block("docs/upgrade.md", "fuse-otel-beside").partition("install -m")[0]
    # Not in the folders of the desk: systemd-run gets these paths.
    done = subprocess.run(
        ["/bin/sh", "-euc", made], cwd=desk.repository, check=False, timeout=PATIENCE
    )
    assert done.returncode == 0
    words = script((desk.repository / "fuse-otel-beside").read_text())
    wanted = {pair for pair in POSTGRESQL if pair[0] == "LoadCredential"}
    assert {pair for pair in properties(words) if "database" in pair[1]} == wanted
    assert not [value for _, value in properties(words) if "FUSE_OTEL_STATE_URL" in value]
    (program,) = re.findall(r"^ExecStart=(\S+) run$", UNIT, re.MULTILINE)
    assert command(words) == [
        "/usr/bin/env", "FUSE_OTEL_STATE_URL_FILE=${CREDENTIALS_DIRECTORY}/database_url",
        "FUSE_OTEL_DEVELOPER_KEY_FILE=${CREDENTIALS_DIRECTORY}/developer_key",
        program, "parked", "list", "--json",
    ]  # fmt: skip


@pytest.fixture
def script(tmp_path):
    """Runs the script that runs a command: the words that systemd-run gets."""
    desk = Desk(tmp_path, ("systemd-run",))

    def run(text):
        file = tmp_path / "fuse-otel"
        file.write_text(text)
        done = desk.run(f"sh {file} parked list --json")
        assert done.returncode == 0, done.stderr
        ((_, words),) = desk.noted("systemd-run")
        return words

    return run


def properties(words):
    return [tuple(w.removeprefix("--property=").split("=", 1)) for w in words if "property" in w]


def command(words):
    return list(dropwhile(lambda word: word.startswith("--"), words))


def test_a_command_beside_the_daemon_has_its_user_and_its_settings(script):
    words = script(SCRIPT)
    given = properties(words)
    # The unit's name is the name of its dynamic user.
    assert ("User", "fuse-otel") in given
    assert set(given) - {("User", "fuse-otel")} <= set(settings(UNIT))
    names = {"DynamicUser", "StateDirectory", "EnvironmentFile", "Environment", "LoadCredential"}
    needed = {pair for pair in settings(UNIT) if pair[0] in names}
    of_the_folder = {pair for pair in needed if "%d" in pair[1]}
    assert needed - of_the_folder <= set(given)
    # systemd replaces `%d` in a unit, but not in the properties of systemd-run.
    assert not [pair for pair in given if "%" in pair[1]]
    variables = [value.replace("%d", "${CREDENTIALS_DIRECTORY}") for _, value in of_the_folder]
    (program,) = re.findall(r"^ExecStart=(\S+) run$", UNIT, re.MULTILINE)
    assert command(words) == ["/usr/bin/env", *variables, program, "parked", "list", "--json"]


def test_with_several_accounts_the_page_gives_the_last_lines_of_the_script(script):
    page = (ROOT / "docs" / "operations.md").read_text()
    (ending,) = re.findall(r"^ *```sh\n((?: *--property=.*\n)+.*\n)", page, re.MULTILINE)
    words = script("".join([*SCRIPT.splitlines(keepends=True)[:-3], ending]))
    dropin = settings((SYSTEMD / "accounts.conf").read_text())
    names = {"Environment", "LoadCredential"}
    added = [pair for pair in dropin if pair[0] in names and pair[1]]
    assert [pair for pair in properties(words) if pair not in settings(UNIT)] == [
        ("User", "fuse-otel"), *added,
    ]  # fmt: skip
    assert not [value for _, value in properties(words) if "developer_key" in value]
    (program,) = re.findall(r"^ExecStart=(\S+) run$", UNIT, re.MULTILINE)
    assert command(words) == [program, "parked", "list", "--json"]
