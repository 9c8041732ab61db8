"""The files under deploy/ and the Dockerfile fit the program: names, paths, ports."""

import re
import shutil
import subprocess

import bcrypt
import pytest
import yaml
from support.fakes.tls_files import make_certificate
from support.kubernetes.chart import environment_of, pod_of, secret_files_of
from support.pages.dockerfile import IMAGE, image_environment
from support.pages.repository import ROOT
from support.patience import PATIENCE

from fuse_otel import config
from fuse_otel.cli import COMMANDS
from fuse_otel.config.file.web_config import read_web_config

DEPLOY = ROOT / "deploy"
FILES = [
    ROOT / "Dockerfile",
    *(each for each in sorted(DEPLOY.rglob("*")) if each.is_file() and each.suffix != ".pyc"),
]
PORT = "9464"


def documents(path):
    return [each for each in yaml.safe_load_all(path.read_text()) if each]


def kubernetes():
    return documents(DEPLOY / "kubernetes" / "fuse-otel.yaml")


def kubernetes_environment():
    return (
        image_environment()
        | environment_of(pod_of(kubernetes()))
        | {"FUSE_OTEL_EMAIL": "ops@example.com"}
    )


def systemd_environment():
    unit = (DEPLOY / "systemd" / "fuse-otel.service").read_text()
    file = (DEPLOY / "systemd" / "fuse-otel.env").read_text()
    said = re.findall(r"^Environment=(\w+)=(.+)$", unit, re.MULTILINE)
    return dict(said) | dict(re.findall(r"^(\w+)=(.+)$", file, re.MULTILINE))


@pytest.mark.parametrize("environment", [kubernetes_environment, systemd_environment])
def test_an_example_is_a_configuration_without_a_problem(environment, tmp_path):
    key = tmp_path / "key"
    key.write_text("a-key\n")
    environ = environment()
    assert "FUSE_OTEL_DEVELOPER_KEY_FILE" in environ
    loaded = config.load(environ=environ | {"FUSE_OTEL_DEVELOPER_KEY_FILE": str(key)})
    assert loaded.settings.state_url == "sqlite:////var/lib/fuse-otel/state.db"
    assert not loaded.warnings


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_no_file_names_a_command_that_is_not_there(path):
    told = re.findall(r"`fuse-otel ([a-z-]+)", path.read_text())
    assert set(told) <= COMMANDS.keys()


def test_kubernetes_finds_its_secret():
    pod = pod_of(kubernetes())
    (secret,) = documents(DEPLOY / "kubernetes" / "secret.example.yaml")
    named = set(secret_files_of(pod).values()) | {
        (reference["name"], reference["key"])
        for each in pod["containers"][0]["env"]
        for reference in each.get("valueFrom", {}).values()
    }
    assert named == {(secret["metadata"]["name"], key) for key in secret["stringData"]}


def test_all_speak_of_one_port_and_of_pages_that_there_are():
    assert f"EXPOSE {PORT}\n" in IMAGE
    assert f"FUSE_OTEL_LISTEN=[::]:{PORT}\n" in IMAGE
    assert 'CMD ["fuse-otel", "health"]' in IMAGE
    (container,) = pod_of(kubernetes())["containers"]
    assert container["ports"][0]["containerPort"] == int(PORT)
    probed = {container[f"{name}Probe"]["httpGet"]["path"] for name in ("startup", "liveness")}
    assert probed == {"/-/healthy"}
    assert container["readinessProbe"]["httpGet"]["path"] == "/-/ready"


def test_a_release_chooses_the_base_and_the_labels_of_the_image():
    assert re.findall(r"^FROM (\S+)", IMAGE, re.MULTILINE) == ["${BASE}", "${BASE}"]
    named = re.findall(r"^ARG (\w+)$", IMAGE, re.MULTILINE)
    assert len(named) == 4
    for name in named:
        assert f'org.opencontainers.image.{name.lower()}="${{{name}}}"' in IMAGE


def test_the_image_has_no_pip():
    assert "venv --without-pip /opt/fuse-otel" in IMAGE
    assert "/opt/fuse-otel/bin/pip" not in IMAGE
    assert "site-packages/pip*" in IMAGE.rpartition("FROM ")[2]


def test_the_example_of_the_web_configuration_is_read(tmp_path):
    made = make_certificate(tmp_path, "server")
    for file, name in ((made.certificate, "tls.crt"), (made.key, "tls.key")):
        file.rename(tmp_path / name)
    text = (DEPLOY / "web.yaml").read_text()
    example = tmp_path / "web.yaml"
    example.write_text(text)
    found = read_web_config(str(example))
    assert found.needs_login
    assert found.tls
    assert bcrypt.checkpw(b"change-me", found.users["ops"].encode())
    (tmp_path / "bearer_token").write_text("token")
    # With the keys that are comments as well.
    ours = re.compile(r"^# ((?:bearer_token_file|open_paths):.*)$", re.MULTILINE)
    example.write_text(ours.sub(r"\1", text))
    assert (read_web_config(str(example)).token, len(read_web_config(str(example)).open_paths)) == (
        "token", 2,
    )  # fmt: skip


@pytest.mark.skipif(not shutil.which("promtool"), reason="promtool (Debian: prometheus) is missing")
def test_prometheus_reads_the_example_of_the_web_configuration(tmp_path):
    made = make_certificate(tmp_path, "server")
    for file, name in ((made.certificate, "tls.crt"), (made.key, "tls.key")):
        file.rename(tmp_path / name)
    shutil.copy(DEPLOY / "web.yaml", tmp_path)
    done = subprocess.run(
        ["promtool", "check", "web-config", str(tmp_path / "web.yaml")],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stderr
