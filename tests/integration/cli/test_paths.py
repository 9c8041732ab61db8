"""Every command that takes a path, with paths that no file can be read from or written to. Each
ends with one sentence per problem, never with a traceback.
"""

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest
from support.builders.saved_files import listed, save
from support.patience import PATIENCE
from support.rigs.program import environment

pytestmark = pytest.mark.slow

KEY = {"FUSE_OTEL_EMAIL": "ops@example.com", "FUSE_OTEL_DEVELOPER_KEY": "k"}
MEMORY = 3 << 30  # bytes of address space: what never ends must not be read to its end
DEVICES = [each for each in ("/dev/zero", "/dev/full", "/proc/self/mem") if Path(each).exists()]
READ = ["missing", "directory", "loop", "pipe", *DEVICES]
WRITTEN = ["loop", "file/below", "/dev/zero/below", "/proc/x"]
if os.geteuid():  # root reads and writes everything
    READ.append("unreadable")
    WRITTEN.append("unreadable/below")


def fuse_otel(*words, stdin=subprocess.DEVNULL, **environ):
    return subprocess.run(
        [sys.executable, "-m", "fuse_otel", *words],
        env={**environment(), **KEY, **environ},
        stdin=stdin,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY)),
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("paths")
    (made / "directory").mkdir()
    (made / "file").write_text("{}")
    (made / "unreadable").mkdir(mode=0)
    (made / "loop").symlink_to(made / "loop")
    os.mkfifo(made / "pipe")  # no process opens its other end
    return made


def place(folder, path):
    return path if path.startswith("/") else str(folder / path)


def refused(done, code=1):
    assert done.returncode == code, done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert 1 <= len(done.stderr.splitlines()) <= 2


@pytest.mark.parametrize("path", READ)
@pytest.mark.parametrize("command", ["show", "convert"])
def test_a_call_that_cannot_be_read(folder, command, path):
    name = place(folder, path)
    words = () if path == "missing" and command == "show" else (name,)
    refused(fuse_otel(command, *words or (f"{name}.json",)))


@pytest.mark.parametrize("path", READ)
def test_a_configuration_that_cannot_be_read(folder, path):
    refused(fuse_otel("check", "--config", place(folder, path)), 78)
    refused(fuse_otel("trace-id", "a", "--config", place(folder, path)), 78)


@pytest.mark.parametrize("path", READ)
def test_a_secret_that_cannot_be_read(folder, path):
    name = place(folder, path)
    done = fuse_otel("check", "--developer-key-file", name, FUSE_OTEL_DEVELOPER_KEY="")
    refused(done, 78)


@pytest.mark.parametrize("path", WRITTEN)
def test_a_demo_that_has_no_place(folder, path):
    refused(fuse_otel("demo", "--seconds", "1", "--directory", place(folder, path)))


def test_a_demo_whose_files_are_directories(tmp_path):
    for name in ("state.db", "fuse-otel.toml"):
        (tmp_path / name).mkdir()
    refused(fuse_otel("demo", "--seconds", "1", "--directory", str(tmp_path)))


def test_a_demo_whose_settings_are_a_pipe(tmp_path):
    os.mkfifo(tmp_path / "fuse-otel.toml")
    refused(fuse_otel("demo", "--seconds", "1", "--directory", str(tmp_path)))


@pytest.mark.parametrize("path", ["directory", "pipe", "/dev/full", *WRITTEN])
def test_an_output_that_cannot_be_written(folder, tmp_path, path):
    words = (save(tmp_path, "saved.json", listed()), "--output", place(folder, path))
    refused(fuse_otel("convert", *words))


@pytest.mark.parametrize("path", ["directory", "pipe"])
@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "OTEL_EXPORTER_OTLP_CERTIFICATE"])
def test_authorities_that_cannot_be_read(folder, variable, path):
    tls = {"OTEL_EXPORTER_OTLP_ENDPOINT": "https://127.0.0.1:1"}
    refused(fuse_otel("check", **{**tls, variable: place(folder, path)}), 78)


@pytest.mark.parametrize("path", READ)
def test_samples_that_cannot_be_read(folder, path):
    words = ("simulate", "--listen", "127.0.0.1:0", "--samples", place(folder, path))
    refused(fuse_otel(*words), 2)


@pytest.mark.parametrize("path", ["directory", "pipe", *WRITTEN])
@pytest.mark.parametrize("command", [("once", "--timeout", "1"), ("status",), ("parked", "list")])
def test_a_store_that_cannot_be_opened(folder, command, path):
    url = f"sqlite:///{place(folder, path)}"
    refused(fuse_otel(*command, "--state-url", url, FUSE_OTEL_API_URL="http://127.0.0.1:1"))


@pytest.mark.parametrize("command", ["show", "convert"])
def test_a_standard_input_that_is_closed(command):
    words = ["sh", "-c", f'exec "$0" -m fuse_otel {command} - <&-', sys.executable]
    done = subprocess.run(
        words, env=environment(), capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    refused(done)
