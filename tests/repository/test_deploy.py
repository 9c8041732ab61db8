"""The files under deploy/ and the Dockerfile fit the program: names, paths, ports."""

import re
import shutil
import subprocess

import bcrypt
import pytest
import yaml
from support.fakes.tls_files import make_certificate
from support.pages.repository import ROOT
from support.patience import PATIENCE

from fuse_otel import __version__, config
from fuse_otel.cli import COMMANDS
from fuse_otel.config.file.web_config import read_web_config

DEPLOY = ROOT / "deploy"
FILES = [ROOT / "Dockerfile", *(path for path in sorted(DEPLOY.rglob("*")) if path.is_file())]
PORT = "9464"


def documents(path):
    return [each for each in yaml.safe_load_all(path.read_text()) if each]


def kubernetes(kind):
    found = list(documents(DEPLOY / "kubernetes" / "fuse-otel.yaml"))
    return next(each for each in found if each["kind"] == kind)


def container():
    return kubernetes("StatefulSet")["spec"]["template"]["spec"]["containers"][0]


def compose():
    return yaml.safe_load((DEPLOY / "docker-compose.yaml").read_text())["services"]["fuse-otel"]


def image_environment():
    return dict(re.findall(r"(FUSE_OTEL_\w+)=(\S+)", (ROOT / "Dockerfile").read_text()))


def compose_environment():
    return image_environment() | compose()["environment"] | {"FUSE_OTEL_EMAIL": "ops@example.com"}


def kubernetes_environment():
    said = {each["name"]: each.get("value", "ops@example.com") for each in container()["env"]}
    return image_environment() | said


def systemd_environment():
    unit = (DEPLOY / "systemd" / "fuse-otel.service").read_text()
    file = (DEPLOY / "systemd" / "fuse-otel.env").read_text()
    said = re.findall(r"^Environment=(\w+)=(.+)$", unit, re.MULTILINE)
    return dict(said) | dict(re.findall(r"^(\w+)=(.+)$", file, re.MULTILINE))


@pytest.mark.parametrize(
    "environment", [compose_environment, kubernetes_environment, systemd_environment]
)
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


def test_the_daemon_may_take_its_time_to_stop():
    grace = config.load(environ=kubernetes_environment() | {
        "FUSE_OTEL_DEVELOPER_KEY": "a-key", "FUSE_OTEL_DEVELOPER_KEY_FILE": ""
    }).settings.shutdown_grace  # fmt: skip
    pod = kubernetes("StatefulSet")["spec"]["template"]["spec"]
    assert pod["terminationGracePeriodSeconds"] > grace


def test_kubernetes_runs_the_image_as_its_own_user():
    pod = kubernetes("StatefulSet")["spec"]["template"]["spec"]
    (user,) = re.findall(r"^USER (\d+):", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    assert pod["securityContext"]["runAsUser"] == pod["securityContext"]["fsGroup"] == int(user)
    assert container()["image"] == f"fuse-otel:{__version__}"


def test_kubernetes_finds_its_pods_and_its_secret():
    service, workload = kubernetes("Service"), kubernetes("StatefulSet")
    labels = workload["spec"]["template"]["metadata"]["labels"]
    assert service["spec"]["selector"] == workload["spec"]["selector"]["matchLabels"] == labels
    (secret,) = documents(DEPLOY / "kubernetes" / "secret.example.yaml")
    (volume,) = (v for v in workload["spec"]["template"]["spec"]["volumes"] if "secret" in v)
    named = {item["key"] for item in volume["secret"]["items"]} | {
        each["valueFrom"]["secretKeyRef"]["key"]
        for each in container()["env"]
        if "valueFrom" in each
    }
    assert volume["secret"]["secretName"] == secret["metadata"]["name"]
    assert named == secret["stringData"].keys()


def test_all_speak_of_one_port_and_of_pages_that_there_are():
    image = (ROOT / "Dockerfile").read_text()
    assert f"EXPOSE {PORT}\n" in image
    assert f"FUSE_OTEL_LISTEN=[::]:{PORT}\n" in image
    assert 'CMD ["fuse-otel", "health"]' in image
    assert compose()["ports"] == [f"127.0.0.1:{PORT}:{PORT}"]
    assert container()["ports"][0]["containerPort"] == int(PORT)
    probed = {container()[f"{name}Probe"]["httpGet"]["path"] for name in ("startup", "liveness")}
    assert probed == {"/-/healthy"}
    assert container()["readinessProbe"]["httpGet"]["path"] == "/-/ready"


def test_a_release_chooses_the_base_and_the_labels_of_the_image():
    image = (ROOT / "Dockerfile").read_text()
    assert re.findall(r"^FROM (\S+)", image, re.MULTILINE) == ["${BASE}", "${BASE}"]
    (named,) = re.findall(r"^ARG (VERSION .+)$", image, re.MULTILINE)
    for name in named.split():
        assert f'org.opencontainers.image.{name.lower()}="${{{name}}}"' in image


def test_the_image_has_no_pip():
    image = (ROOT / "Dockerfile").read_text()
    assert "venv --without-pip /opt/fuse-otel" in image
    assert "/opt/fuse-otel/bin/pip" not in image
    assert "site-packages/pip*" in image.rpartition("FROM ")[2]


def test_the_collector_takes_what_the_daemon_sends():
    collector = yaml.safe_load((DEPLOY / "otel-collector.yaml").read_text())
    endpoint = collector["receivers"]["otlp"]["protocols"]["http"]["endpoint"]
    port = compose()["environment"]["OTEL_EXPORTER_OTLP_ENDPOINT"].rpartition(":")[2]
    assert endpoint.endswith(f":{port}")
    assert collector["service"]["pipelines"].keys() == {"traces", "logs"}


def test_the_example_of_the_web_configuration_is_read(tmp_path):
    made = make_certificate(tmp_path, "server")
    for file, name in ((made.certificate, "tls.crt"), (made.key, "tls.key")):
        file.rename(tmp_path / name)
    text = (DEPLOY / "web.yaml").read_text()
    example = tmp_path / "web.yaml"
    example.write_text(text)
    found = read_web_config(str(example))
    assert found.has_passwords
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
