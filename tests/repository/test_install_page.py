"""The blocks of the page on installing do what the page says, as far as they can run here.

No test has Docker or a cluster: of these the tests check only that the files in the command exist.
Where systemd's files are tested, ``uv`` stands for ``venv`` and ``pip``, with the same arguments in
a tenth of the time.
"""

import re
import shutil
import subprocess
import sys
import zipfile
from fnmatch import fnmatch

import pytest
from support.pages.repository import ROOT
from support.pages.shell_blocks import UV, Desk, shell_block, shell_blocks
from support.patience import PATIENCE

from fuse_otel import __version__

PAGE = "docs/install.md"
KEY = "a-key-of-the-test\n"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel without its dependencies, so that it installs without a registry."""
    built, alone = (tmp_path_factory.mktemp(name) for name in ("built", "alone"))
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", built],
        cwd=ROOT, check=True, capture_output=True, timeout=PATIENCE,
    )  # fmt: skip
    (found,) = built.glob("*.whl")
    with zipfile.ZipFile(found) as source, zipfile.ZipFile(alone / found.name, "w") as copy:
        for file in source.infolist():
            content = source.read(file)
            if file.filename.endswith(".dist-info/METADATA"):
                content = re.sub(rb"^Requires-Dist: .+\n", b"", content, flags=re.MULTILINE)
            copy.writestr(file, content)
    return alone / found.name


@pytest.fixture(scope="module")
def offline(tmp_path_factory):
    """Settings for uv, pipx and pip. ``pipx`` uses uv: its own pip comes from a registry."""
    return {
        "UV_OFFLINE": "1",
        "UV_PYTHON": sys.executable,
        "UV_CACHE_DIR": str(tmp_path_factory.mktemp("uv")),
        "PIPX_DEFAULT_BACKEND": "uv",
        "PIP_NO_INDEX": "1",
    }


@pytest.fixture
def empty_desk(tmp_path, wheel):
    """With the wheel, and the tools of this machine."""
    made = Desk(tmp_path, ("apt-get", "docker", "systemctl"))
    (made.repository / "dist").mkdir()
    shutil.copy(wheel, made.repository / "dist")
    return made


@pytest.fixture
def desk(empty_desk):
    made = empty_desk
    for name in ("deploy", "requirements"):
        shutil.copytree(ROOT / name, made.repository / name)
    pip = f"""
for word in "$@"; do
    case $word in *.txt) test -s "$word"; exit 0 ;; esac
done
exec {UV} pip "$1" --quiet --python "${{0%/*}}/python" $(shift; printf '%s ' "$@")"""
    made.add("pip-of-a-venv", pip)
    made.add(
        "python3",
        f"""[ "$1 $2" = "-m venv" ]
{UV} venv --quiet "$3"
cp "${{0%/*}}/pip-of-a-venv" "$3/bin/pip\"""",
    )
    return made


def works(done):
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize(
    "part",
    [
        "uv tool install",
        "pipx install",
        pytest.param(".local/share/fuse-otel/bin/pip install", marks=pytest.mark.slow),
    ],
)
def test_the_command_is_found_after_the_installation(empty_desk, offline, part):
    works(empty_desk.run(shell_block(PAGE, part), **offline))
    assert (empty_desk.home / ".local" / "bin" / "fuse-otel").exists()
    first, demo = shell_block(PAGE, "fuse-otel --version").splitlines()
    assert works(empty_desk.run(first)) == f"fuse-otel {__version__}\n"
    assert demo.startswith("fuse-otel demo --seconds ")


def test_an_account_is_checked_after_three_settings(desk):
    desk.add("fuse-otel", f'exec {sys.executable} -m fuse_otel "$@"')
    done = desk.run(shell_block(PAGE, "fuse-otel check"), stdin=KEY)
    assert re.match(r"ok +settings\naccount +default: o…@example.com", works(done))
    key = desk.home / ".fuse-otel-key"
    assert (key.read_text(), key.stat().st_mode & 0o777) == (KEY, 0o600)


def test_the_files_beside_the_program_are_where_the_page_looks(desk):
    desk.add("fuse-otel", f'exec {sys.executable} -m fuse_otel "$@"')
    written = works(desk.run(shell_block(PAGE, "assets --to fuse-otel-assets"))).splitlines()
    works(desk.run(shell_block(PAGE, "man/man1")))
    for place in ("man/man1/fuse-otel.1", "bash-completion/completions/fuse-otel"):
        assert (desk.home / ".local" / "share" / place).stat().st_size
    page = (ROOT / PAGE).read_text()
    (table,) = re.findall(r"^\| file \| what it is for \|\n((?:\|.+\n)+)", page, re.MULTILINE)
    for name in re.findall(
        r"`([^`]+)`", "\n".join(re.findall(r"^\| (`.+?) \|", table, re.MULTILINE))
    ):
        assert [line for line in written if fnmatch(line, f"fuse-otel-assets/{name}*")], name


def test_the_files_of_systemd_are_where_the_unit_looks(desk, offline):
    works(desk.run(shell_block(PAGE, "/opt/fuse-otel"), stdin=KEY, **offline))
    works(desk.run(shell_block(PAGE, "systemctl")))
    unit = (desk.root / "etc" / "systemd" / "system" / "fuse-otel.service").read_text()
    program, settings, key = (
        desk.root / re.search(pattern, unit, re.MULTILINE)[1].lstrip("/")
        for pattern in (
            r"^ExecStart=(\S+)", r"^EnvironmentFile=(\S+)", r"^LoadCredential=\w+:(\S+)"
        )
    )  # fmt: skip
    assert program.exists()
    assert "FUSE_OTEL_EMAIL=" in settings.read_text()
    assert (key.read_text(), key.stat().st_mode & 0o777) == (KEY, 0o600)
    assert [words for _, words in desk.noted("systemctl")] == [
        ["daemon-reload"], ["enable", "--now", "fuse-otel"],
    ]  # fmt: skip


def test_a_package_and_its_key_are_where_they_are_expected(desk):
    """``scripts/packages-check.sh`` installs the package."""
    package = desk.repository / "dist" / f"fuse-otel_{__version__}_amd64.deb"
    package.touch()
    (desk.root / "etc" / "fuse-otel").mkdir()  # The package makes it.
    works(desk.run(shell_block(PAGE, "apt-get"), stdin=KEY))
    ((folder, words),) = desk.noted("apt-get")
    assert (words[0], folder / words[1]) == ("install", package)
    unit = (ROOT / "deploy" / "systemd" / "fuse-otel.service").read_text()
    key = re.search(r"^LoadCredential=\w+:/(\S+)", unit, re.MULTILINE)[1]
    assert (desk.root / key).read_text() == KEY


def test_the_unit_names_the_page_and_no_second_list_of_commands():
    unit = (ROOT / "deploy" / "systemd" / "fuse-otel.service").read_text()
    assert PAGE in unit
    assert "pip install" not in unit


def test_compose_starts_where_its_file_is(desk):
    works(desk.run(shell_block(PAGE, "docker compose")))
    ((folder, words),) = desk.noted("docker")
    assert words == ["compose", "up", "--build", "--detach"]
    assert (folder / "docker-compose.yaml").exists()


def test_the_container_keeps_its_state_where_the_image_does(desk):
    works(desk.run(shell_block(PAGE, "docker build")))
    (_, build), (_, run) = desk.noted("docker")
    volume = re.search(r"^VOLUME (\S+)", (ROOT / "Dockerfile").read_text(), re.MULTILINE)[1]
    assert build[build.index("-t") + 1] == run[-1]
    place = run[run.index("--volume") + 1].partition(":")[2]
    assert place.removeprefix(str(desk.root)) == volume


def test_every_block_of_the_page_belongs_to_a_test():
    """``make build``, the page on Kubernetes, what needs a daemon and the check of a release have
    tests of their own.
    """
    elsewhere = {
        "make build\n", "make packages\n", "fuse-otel health\nfuse-otel status\n",
        shell_block(PAGE, "helm upgrade"), shell_block(PAGE, "ssh-keygen -Y verify"),
    }  # fmt: skip
    here = {
        shell_block(PAGE, part)
        for part in (
            "uv tool install", "pipx install", ".local/share/fuse-otel/bin/pip install",
            "assets --to fuse-otel-assets", "man/man1",
            "fuse-otel --version", "fuse-otel check", "/opt/fuse-otel", "systemctl",
            "apt-get", "docker compose", "docker build",
        )
    }  # fmt: skip
    assert set(shell_blocks(PAGE)) == elsewhere | here
