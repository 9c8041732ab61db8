"""`make back-ends`: one list of programs, a cache that the user can choose, and clear errors."""

import os
import stat
import subprocess
import sys

import pytest
from support.back_ends import steps
from support.back_ends.building import build
from support.back_ends.go_command import GoCommand
from support.back_ends.pins import LIST, Program, cache_folder, programs
from support.back_ends.steps import Unavailable
from support.pages.repository import ROOT


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("FUSE_OTEL_BACK_ENDS", str(tmp_path / "cache"))
    (tmp_path / "cache").mkdir()
    return tmp_path / "cache"


def fake_go(folder, script):
    file = folder / "go"
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(file.stat().st_mode | stat.S_IXUSR)


def test_the_list_names_the_programs_and_no_host_to_fetch_from():
    assert set(programs()) == {
        "otelcol", "jaeger", "victorialogs", "prometheus", "alertmanager", "helm",
        "docker-compose", "hadolint", "shellcheck", "postgresql-18",
    }  # fmt: skip
    assert "://" not in LIST.read_text()
    assert all(bool(each.commands) == bool(each.debian) for each in programs().values())


def test_the_cache_is_the_users_unless_configured(monkeypatch, tmp_path):
    monkeypatch.delenv("FUSE_OTEL_BACK_ENDS", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder() == tmp_path / "fuse-otel" / "back-ends"
    monkeypatch.setenv("FUSE_OTEL_BACK_ENDS", str(tmp_path / "told"))
    assert cache_folder() == tmp_path / "told"


def test_another_recipe_is_another_build(cache):
    program = programs()["jaeger"]
    program.built.write_text("")
    assert program.find() == program.built
    other = Program("jaeger", "Jaeger", "v0.0.1", module=program.module, package=program.package)
    assert other.find() is None


def test_what_is_missing_is_reported_with_its_reason(cache, tmp_path):
    env = {"PATH": str(tmp_path), "PYTHONPATH": str(ROOT / "tests"), "PIP_NO_INDEX": "1"}
    made = subprocess.run(
        [sys.executable, "-m", "support.back_ends"],
        env={**env, "FUSE_OTEL_BACK_ENDS": str(cache), "HOME": str(tmp_path)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode == 1, made.stderr
    for program in programs().values():
        (line,) = [
            each for each in made.stdout.splitlines() if f"  {program.title}" in each
            and "building" not in each
        ]  # fmt: skip
        assert reason(program) in line
    assert "Missing: OpenTelemetry Collector, Jaeger" in made.stdout


def reason(program):
    if program.debian:
        return f"apt-get install {program.debian}"
    if program.npm:
        return "npm is missing; on Debian: apt-get install npm"
    return "it failed once" if program.wheel else "Go is missing"


def test_a_package_with_another_checksum_is_not_used(cache, tmp_path, monkeypatch):
    file = tmp_path / "npm"
    file.write_text("#!/bin/sh\necho other >package.tgz\n")
    file.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with pytest.raises(Unavailable, match="another checksum than the list"):
        build(programs()["postgresql-18"], tmp_path / "log")
    assert list(cache.iterdir()) == []


def test_a_package_for_another_machine_is_not_fetched(cache, tmp_path, monkeypatch):
    monkeypatch.setattr("platform.machine", lambda: "aarch64")
    with pytest.raises(Unavailable, match="is for Linux on x86-64 only"):
        build(programs()["postgresql-18"], tmp_path / "log")


def test_a_go_that_is_too_old_is_reported(tmp_path, monkeypatch):
    fake_go(tmp_path, 'echo "go1.19.8"')
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with pytest.raises(Unavailable, match=r"go1\.19\.8 is too old: install Go 1\.\d+ or later"):
        GoCommand(tmp_path / "log")


def test_a_step_is_tried_twice_and_nothing_half_made_is_left(cache, tmp_path, monkeypatch):
    version = '[ "$1" = env ] && echo "go1.99.0" && exit'
    fake_go(tmp_path, f"{version}; echo x >>tries; echo no such host; exit 1")
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setattr(steps, "_PAUSE", 0.0)
    with pytest.raises(Unavailable, match=r"failed twice(.|\n)*no such host"):
        build(programs()["jaeger"], tmp_path / "log")
    assert (tmp_path / "tries").read_text() == "x\nx\n"
    assert list(cache.iterdir()) == []
