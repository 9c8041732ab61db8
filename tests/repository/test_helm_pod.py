"""The pod of the Helm chart: what it may do, and what its daemon reads."""

import re

import pytest
import yaml
from support.kubernetes.chart import (
    CHART,
    VALUES,
    environment_of,
    of_kind,
    pod_of,
    render,
    secret_files_of,
    the,
)
from support.pages.dockerfile import image_environment, image_user

from fuse_otel import __version__, config

DATABASE = "postgresql://fuse:secret@database/fuse"
ON_THE_VOLUME = "sqlite:////var/lib/fuse-otel/state.db"
SECRETS = "/run/secrets/fuse-otel"
KEYS = {"state-url", "developer-key", "accounts/billing", "accounts/claims", "files/hook-token"}
each_way = pytest.mark.parametrize("name", VALUES)


def test_the_chart_and_its_image_have_the_version_of_the_program(helm):
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    assert chart["version"] == chart["appVersion"] == __version__
    (container,) = pod_of(render(helm))["containers"]
    assert container["image"] == f"fuse-otel:{__version__}"


@each_way
def test_the_pod_satisfies_the_restricted_pod_security_standard(helm, name):
    pod = pod_of(render(helm, name))
    (container,) = pod["containers"]
    assert not pod.keys() & {"hostNetwork", "hostPID", "hostIPC", "initContainers"}
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["runAsUser"] != 0
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    kinds = {kind for volume in pod["volumes"] for kind in volume if kind != "name"}
    assert kinds <= {"configMap", "emptyDir", "projected", "secret", "persistentVolumeClaim"}
    assert not any("hostPort" in port for port in container["ports"])


@each_way
def test_the_pod_has_a_service_account_of_its_own_without_a_token(helm, name):
    manifests = render(helm, name)
    account = the(manifests, "ServiceAccount")
    assert account["automountServiceAccountToken"] is False
    assert pod_of(manifests)["automountServiceAccountToken"] is False
    assert pod_of(manifests)["serviceAccountName"] == account["metadata"]["name"]


def test_a_service_account_that_exists_is_used(helm):
    words = ("--set", "serviceAccount.create=false", "--set", "serviceAccount.name=voice")
    manifests = render(helm, "default", *words)
    assert of_kind(manifests, "ServiceAccount") == []
    assert pod_of(manifests)["serviceAccountName"] == "voice"


def environment_in(folder, manifests):
    """The variables of the pod, with the files that it has in ``folder`` instead."""
    pod = pod_of(manifests)
    for path in secret_files_of(pod):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        secret = DATABASE if path == "state-url" else "0123456789abcdef0123"
        (folder / path).write_text(f"{secret}\n")
    found = {
        name: value.replace(SECRETS, str(folder)) for name, value in environment_of(pod).items()
    }
    for each in of_kind(manifests, "ConfigMap"):
        if text := each["data"].get("fuse-otel.toml"):
            (folder / "fuse-otel.toml").write_text(text.replace(SECRETS, str(folder)))
            found["FUSE_OTEL_CONFIG"] = str(folder / "fuse-otel.toml")
    return found


@each_way
def test_the_daemon_reads_its_configuration_without_a_warning(helm, name, tmp_path):
    manifests = render(helm, name)
    environ = environment_in(tmp_path, manifests)
    assert set(secret_files_of(pod_of(manifests))) <= KEYS
    # These come from Secrets that are not files, or are tested elsewhere.
    environ |= {"TENANT": "acme", "FUSE_OTEL_WEB_CONFIG": ""}
    if "FUSE_OTEL_EMAIL" in environ:
        environ["FUSE_OTEL_EMAIL"] = "ops@example.com"
    loaded = config.load(environ=image_environment() | environ)
    assert not loaded.warnings
    shared = name == "postgresql"
    assert loaded.settings.state_url == (DATABASE if shared else ON_THE_VOLUME)
    grace = pod_of(manifests)["terminationGracePeriodSeconds"]
    assert grace > loaded.settings.shutdown_grace


def test_the_image_runs_as_the_user_of_the_pod(helm):
    context = pod_of(render(helm))["securityContext"]
    assert context["runAsUser"] == context["runAsGroup"] == context["fsGroup"] == image_user()


@pytest.mark.parametrize(
    ("value", "text"),
    [("5", "5"), ("2.5", "2.5"), ("10000000", "10000000"), ("true", "true"), ('"30s"', "30s")],
)
def test_a_setting_of_any_type_is_the_same_text(helm, value, text, tmp_path):
    file = tmp_path / "values.yaml"
    file.write_text(f"settings: {{FUSE_OTEL_ANY: {value}}}\n")
    found = environment_of(pod_of(render(helm, "default", "--values", str(file))))
    assert found["FUSE_OTEL_ANY"] == text


def test_several_accounts_have_a_key_each(helm):
    manifests = render(helm, "accounts")
    pod = pod_of(manifests)
    assert secret_files_of(pod) == {
        "accounts/billing": ("fuse-billing", "developer-key"),
        "accounts/claims": ("fuse-claims", "key"),
        "files/hook-token": ("fuse-otel-hook", "token"),
    }
    assert environment_of(pod)["FUSE_OTEL_HOOK_TOKEN_FILE"] == f"{SECRETS}/files/hook-token"
    assert not environment_of(pod).keys() & {"FUSE_OTEL_EMAIL", "FUSE_OTEL_DEVELOPER_KEY_FILE"}
    text = the(manifests, "ConfigMap")["data"]["fuse-otel.toml"]
    assert re.findall(r'developer_key_file = "(.+)"', text) == [
        f"{SECRETS}/accounts/billing", f"{SECRETS}/accounts/claims",
    ]  # fmt: skip


def test_the_pod_starts_again_when_its_configuration_file_changes(helm):
    def checksum(*words):
        template = the(render(helm, "accounts", *words), "StatefulSet")["spec"]["template"]
        return template["metadata"]["annotations"]["checksum/config"]

    assert checksum() != checksum("--set", "accounts[0].email=other@example.com")
    assert checksum() == checksum("--set", "service.port=80")


def test_logins_and_tls_reach_the_daemon_the_probes_and_prometheus(helm):
    words = ("--set", "serviceMonitor.enabled=true")
    manifests = render(helm, "accounts", *words)
    (container,) = pod_of(manifests)["containers"]
    probes = {container[f"{each}Probe"]["httpGet"]["scheme"]
              for each in ("startup", "liveness", "readiness")}  # fmt: skip
    assert probes == {"HTTPS"}
    assert the(manifests, "ServiceMonitor")["spec"]["endpoints"][0]["scheme"] == "https"
    (folder,) = (each["mountPath"] for each in container["volumeMounts"] if each["name"] == "web")
    assert environment_of(pod_of(manifests))["FUSE_OTEL_WEB_CONFIG"] == f"{folder}/web.yaml"
