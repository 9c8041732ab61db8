"""What is installed is what is locked, and what is built holds everything."""

import ast
import importlib.metadata
import re
import subprocess
import sys
import tomllib
import zipfile

import pytest
from support.pages.repository import ROOT, repository_files
from support.patience import PATIENCE


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


def test_the_wheel_holds_every_file_of_the_package(tmp_path):
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path],
        cwd=ROOT, check=True, capture_output=True, timeout=PATIENCE,
    )  # fmt: skip
    (wheel,) = tmp_path.glob("*.whl")
    package = ROOT / "fuse_otel"
    wanted = {str(p.relative_to(ROOT)) for p in repository_files() if package in p.parents}
    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert held == wanted


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
