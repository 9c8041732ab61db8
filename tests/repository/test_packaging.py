"""What is installed is what is locked, and what is built holds everything."""

import ast
import importlib.metadata
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from fnmatch import fnmatch
from pathlib import PurePosixPath

import pytest
from support.pages.repository import ROOT, repository_files
from support.patience import PATIENCE

from fuse_otel.cli.commands import assets as asset_files


def names(requirements):
    found = (re.match(r"[A-Za-z0-9-]+", each) for each in requirements if isinstance(each, str))
    return {each[0].lower() for each in found if each}


PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
LOCKS = ("runtime", "build", "dev")
DEPENDENCIES = PROJECT["project"]["dependencies"]
EXTRAS = [each for extra in PROJECT["project"]["optional-dependencies"].values() for each in extra]
GROUPS = PROJECT["dependency-groups"]
RUNTIME = names(DEPENDENCIES + EXTRAS)
DEVELOPMENT = names(DEPENDENCIES + EXTRAS + GROUPS["build"] + GROUPS["dev"])
# A package without modules to import: it only requires these.
EXPORTER = {
    "opentelemetry-exporter-otlp": {
        "opentelemetry-exporter-otlp-proto-grpc",
        "opentelemetry-exporter-otlp-proto-http",
    }
}
PATH = "/usr/bin:/bin"


def locked(lock):
    """Name → version."""
    text = (ROOT / "requirements" / f"{lock}.txt").read_text()
    return dict(re.findall(r"^([a-z0-9-]+)==(\S+)", text, re.MULTILINE))


@pytest.mark.parametrize("lock", LOCKS)
def test_every_line_of_a_lock_is_a_version_with_hashes(lock):
    text = (ROOT / "requirements" / f"{lock}.txt").read_text()
    for requirement in text.replace("\\\n", " ").strip().splitlines():
        assert re.fullmatch(
            r"[a-z0-9-]+==[\w.!]+( ; [^#@]+?)?(\s+--hash=sha256:[0-9a-f]{64})+\s*", requirement
        ), requirement[:80]


@pytest.mark.parametrize(
    ("lock", "asked"),
    [
        ("runtime", RUNTIME),
        ("build", names(GROUPS["build"])),
        ("dev", DEVELOPMENT),
    ],
)
def test_a_lock_holds_all_that_is_requested(lock, asked):
    assert asked <= locked(lock).keys()


@pytest.mark.parametrize("lock", ["runtime", "build"])
def test_what_is_tested_is_what_is_shipped(lock):
    assert locked(lock).items() <= locked("dev").items()


def test_the_build_backend_is_locked():
    assert GROUPS["build"] == PROJECT["build-system"]["requires"]


def test_every_dependency_has_its_reason_in_the_documentation():
    page = (ROOT / "docs" / "development.md").read_text()
    assert {name for name in DEVELOPMENT if f"| `{name}` |" not in page} == set()


def owners():
    """Module → the installed distribution that holds its file."""
    found = {}
    for distribution in importlib.metadata.distributions():
        name = re.sub(r"[-_.]+", "-", distribution.metadata["Name"]).lower()
        for file in distribution.files or ():
            if file.suffix in {".py", ".so"}:
                module = ".".join((*file.parent.parts, file.name.partition(".")[0]))
                found[module.removesuffix(".__init__")] = name
    return found


def imports(*folders):
    """The names of all modules that the Python files in these folders of the repository import."""
    for path in repository_files():
        if path.suffix == ".py" and path.relative_to(ROOT).parts[0] in folders:
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Import):
                    yield from (each.name for each in node.names)
                elif isinstance(node, ast.ImportFrom):
                    yield node.module
                    yield from (f"{node.module}.{each.name}" for each in node.names)


@pytest.mark.parametrize(
    ("folders", "declared"),
    [(("fuse_otel",), RUNTIME), (("tests", "benchmarks", "deploy"), DEVELOPMENT)],
)
def test_every_imported_module_belongs_to_a_declared_dependency(folders, declared):
    owner = owners()
    held = {owner[module] for module in imports(*folders) if module in owner}
    assert held - declared - {"fuse-otel"} == set()


def test_every_declared_dependency_is_imported():
    owner = owners()
    held = {owner[module] for module in imports("fuse_otel") if module in owner}
    assert held >= RUNTIME - set(EXPORTER)


def test_the_otlp_exporter_package_requires_both_exporters_in_its_own_version():
    ((package, exporters),) = EXPORTER.items()
    assert package in RUNTIME
    version = importlib.metadata.version(package)
    assert {f"{name}=={version}" for name in exporters} <= set(importlib.metadata.requires(package))
    assert exporters <= RUNTIME


def wheel_files(source, folder):
    """The names in a wheel that is built from the source folder, without its metadata."""
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder],
        cwd=source, check=True, capture_output=True, timeout=PATIENCE,
    )  # fmt: skip
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        return {name for name in archive.namelist() if ".dist-info/" not in name}


@pytest.fixture(scope="module")
def in_the_wheel(tmp_path_factory):
    return wheel_files(ROOT, tmp_path_factory.mktemp("wheel"))


def test_the_wheel_holds_every_file_of_the_package_and_every_asset(in_the_wheel):
    """What ``fuse-otel assets`` writes is the same from a wheel and from a checkout."""
    package = ROOT / "fuse_otel"
    wanted = {str(p.relative_to(ROOT)) for p in repository_files() if package in p.parents}
    assets = {f"fuse_otel/assets/{name}" for name, _ in asset_files.deployed_files()}
    assert in_the_wheel == wanted | assets


IGNORED = (ROOT / ".dockerignore").read_text().splitlines()


def left_out(name):
    """Whether .dockerignore keeps the file from the engine: the last line that fits decides."""
    out = False
    above = [name, *map(str, PurePosixPath(name).parents)]
    for line in IGNORED:
        pattern = line.removeprefix("!")
        # Two stars and a slash may also be no folder at all.
        forms = (pattern, pattern.replace("**/", ""))
        fits = any(fnmatch(each, form) for each in above for form in forms)
        if fits and not line.startswith("#"):
            out = not line.startswith("!")
    return out


def test_the_image_is_built_from_the_same_files_as_the_wheel(in_the_wheel, tmp_path):
    stage = (ROOT / "Dockerfile").read_text().partition("hatchling build")[0]
    lines = re.findall(r"^COPY (.+)$", stage, re.MULTILINE)
    copied = [(source, words.split()[-1]) for words in lines for source in words.split()[:-1]]
    for path in repository_files():
        name = str(path.relative_to(ROOT))
        for source, target in copied:
            if (name == source or name.startswith(f"{source}/")) and not left_out(name):
                inside = PurePosixPath(target) / path.name
                file = inside if target.endswith("/") else PurePosixPath(target)
                place = tmp_path / (file if name == source else name)
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(path, place)
    assert wheel_files(tmp_path, tmp_path / "dist") == in_the_wheel


STRAYS = (
    ".env", ".env.production", "prod.env", "systemd/my.env", ".developer_key.swp", "developer_key",
    "compose/developer_key.txt", "compose/my_key", "systemd/billing_key", "helm/tls.key", "tls.pem",
    "grafana/ca.crt", "systemd/login.p12", "secrets/developer_key", "secrets/more/text",
    "kubernetes/secret.yaml",
)  # fmt: skip


@pytest.fixture
def with_strays(tmp_path):
    """What the wheel is built from, without git, and beside it files with secrets."""
    copy = tmp_path / "copy"
    for name in ("fuse_otel", "deploy", "scripts"):
        shutil.copytree(ROOT / name, copy / name)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, copy)
    for name in STRAYS:
        path = copy / "deploy" / name
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_text("a secret")
    return copy


def test_no_secret_beside_the_assets_goes_into_a_wheel(in_the_wheel, with_strays, tmp_path):
    assert wheel_files(with_strays, tmp_path / "dist") == in_the_wheel


def test_no_secret_beside_the_assets_is_an_asset(with_strays):
    found = {name for name, _ in asset_files.deployed_files(with_strays / "fuse_otel")}
    assert found == {name for name, _ in asset_files.deployed_files()}


@pytest.mark.parametrize("name", STRAYS)
def test_no_secret_beside_the_assets_goes_to_the_engine_or_into_git(name):
    assert left_out(f"deploy/{name}")
    assert not left_out("deploy/kubernetes/secret.example.yaml")
    subprocess.run(
        ["git", "check-ignore", "--quiet", "--no-index", f"deploy/{name}"],
        cwd=ROOT, check=True, capture_output=True, timeout=PATIENCE,
    )  # fmt: skip


def test_git_ignores_no_file_that_it_has():
    listed = ["git", "ls-files", "--cached", "--ignored", "--exclude-standard"]
    done = subprocess.run(
        listed, cwd=ROOT, check=True, capture_output=True, text=True, timeout=PATIENCE
    )
    assert done.stdout == ""


def test_the_lists_of_what_is_no_asset_are_the_same():
    excluded = set(PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["exclude"])
    ours = {"/deploy/**/*.py", "/deploy/**/*.test.yaml", "__pycache__"}
    assert ours < excluded
    for file, root in ((".dockerignore", ""), (".gitignore", "/")):
        found = {each for each in (ROOT / file).read_text().splitlines() if "deploy/" in each}
        assert found == {each.replace("/deploy", f"{root}deploy") for each in excluded - ours}


def interpreter(folder, name, script):
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def find_python(folder, **more):
    # The real ones are named by their versions too: only what the folder holds is asked for.
    return subprocess.run(
        ["/bin/sh", ROOT / "scripts" / "find-python.sh"],
        env={"PATH": f"{folder}:{PATH}", "PYTHON": "python9.2 python9.1", **more},
        check=False, capture_output=True, text=True, timeout=PATIENCE,
    )  # fmt: skip


def test_the_newest_python_that_works_is_found(tmp_path):
    interpreter(tmp_path, "python9.2", "echo 'command not found' >&2; exit 127")
    good = interpreter(tmp_path, "python9.1", f'exec "{sys.executable}" "$@"')
    done = find_python(tmp_path)
    assert (done.returncode, done.stdout.strip()) == (0, str(good))


def test_without_a_python_the_line_that_installs_it_is_reported(tmp_path):
    done = find_python(tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert re.search(r"needs Python 3\.11 .*: (sudo apt-get|brew) install ", done.stderr)
    assert done.stderr.count("\n") == 1


def test_a_python_that_cannot_make_environments_is_not_enough(tmp_path):
    no_venv = f"""case "$2" in *ensurepip*) exit 1 ;; esac; exec "{sys.executable}" "$@\""""
    interpreter(tmp_path, "python9.1", no_venv)
    interpreter(tmp_path, "uname", "echo Linux")
    done = find_python(tmp_path)
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    assert done.returncode == 1
    assert done.stderr.endswith(f"sudo apt-get install --yes python{version}-venv\n")


def test_an_environment_whose_making_was_interrupted_is_made_again(tmp_path):
    for name in ("scripts", ".venv/bin", "requirements", "fuse_otel"):
        (tmp_path / name).mkdir(parents=True)
    for name in ("requirements/dev.txt", "pyproject.toml", "fuse_otel/__init__.py"):
        (tmp_path / name).touch()
    shutil.copy(ROOT / "scripts" / "environment.sh", tmp_path / "scripts")
    interpreter(tmp_path / "scripts", "find-python.sh", "echo looks for a Python >&2; exit 3")
    interpreter(tmp_path / ".venv" / "bin", "python", 'case "$*" in *pip*) exit 1 ;; esac')
    done = subprocess.run(
        ["/bin/sh", tmp_path / "scripts" / "environment.sh", "dev"],
        check=False, capture_output=True, text=True, timeout=PATIENCE,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (3, "looks for a Python\n")


def test_the_making_of_an_environment_is_announced(tmp_path):
    """Its packages may take minutes to install."""
    for name in ("scripts", ".venv/bin", "requirements", "fuse_otel"):
        (tmp_path / name).mkdir(parents=True)
    for name in ("requirements/dev.txt", "pyproject.toml", "fuse_otel/__init__.py"):
        (tmp_path / name).touch()
    shutil.copy(ROOT / "scripts" / "environment.sh", tmp_path / "scripts")
    interpreter(tmp_path / ".venv" / "bin", "python", "exit 0")
    done = subprocess.run(
        ["/bin/sh", tmp_path / "scripts" / "environment.sh", "dev"],
        check=True, capture_output=True, text=True, timeout=PATIENCE,
    )  # fmt: skip
    assert done.stdout.startswith("Installing into .venv what requirements/dev.txt names")


def test_on_a_mac_the_line_is_homebrews(tmp_path):
    interpreter(tmp_path, "uname", "echo Darwin")
    assert find_python(tmp_path).stderr.endswith("brew install python@3.13\n")


def test_the_makefile_asks_nothing_of_a_newer_make():
    text = (ROOT / "Makefile").read_text()
    assert not re.search(r"\.ONESHELL|!=|::=|\$\(file |\$\(guile |^undefine |^\.RECIPEPREFIX", text)


def test_make_alone_lists_what_there_is():
    done = subprocess.run(["make"], cwd=ROOT, check=True, capture_output=True, text=True)
    assert {"make demo", "make test", "make check", "make lock", "make build", "make clean"} <= {
        line.strip().split("  ")[0] for line in done.stdout.splitlines()
    }
