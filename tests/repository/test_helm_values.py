"""The values of the Helm chart: what it refuses, what it tells, and the plain manifests."""

import json
import re
import shutil
from pathlib import Path

import pytest
import yaml
from support.kubernetes.chart import (
    CHART,
    NEWEST,
    OLDEST,
    VALUES,
    HelmFailed,
    pod_of,
    render,
    render_text,
    run_helm,
    secret_files_of,
    the,
    values_of,
    workload_of,
)
from support.kubernetes.plain import plain_manifests

from fuse_otel.config.catalogue import SETTINGS

SECRETS = "/run/secrets/fuse-otel"
KEYS = {"developer-key", "accounts/billing", "accounts/claims", "files/hook-token"}
ACCOUNT = ("name", "email", "existingSecret")
each_way = pytest.mark.parametrize("name", VALUES)


@each_way
def test_helm_finds_nothing_to_complain_about(helm, name):
    words = ("--strict", "--kube-version", NEWEST, *values_of(name))
    assert "0 chart(s) failed" in run_helm(helm, "lint", CHART, *words)


def test_the_chart_refuses_a_kubernetes_that_nobody_checked(helm):
    stated = yaml.safe_load((CHART / "Chart.yaml").read_text())["kubeVersion"]
    assert stated == f">={OLDEST}-0"
    older = f"1.{int(OLDEST.split('.')[1]) - 1}.0"
    with pytest.raises(HelmFailed, match="incompatible with Kubernetes"):
        render(helm, version=older)


def _secret_files(*settings):
    return [
        f"secretFiles[{at}].{key}={value}"
        for at, setting in enumerate(settings)
        for key, value in (
            ("name", "a"), ("existingSecret", "a"), ("key", "a"), ("setting", setting)
        )
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (["account.existingSecret="], "No Fuse account: set account.existingSecret, accounts, or"),
        (["replicas=2"], "replicas: 2 daemons cannot use one SQLite store"),
        (["podDisruptionBudget.maxUnavailable=0"], "maxUnavailable"),
        (["replicas=-1"], "replicas"),
        (["settings.FUSE_OTEL_LISTEN=:80"], "settings.FUSE_OTEL_LISTEN: the chart sets this"),
        (["settings.FUSE_OTEL_EMAIL=a@b.c"], "settings.FUSE_OTEL_EMAIL: the chart sets this"),
        (["settings.FUSE_OTEL_HOOK_TOKEN=a"], "name that in secretFiles"),
        (["settings.FUSE_OTEL_PSEUDONYM_KEY=a"], "name that in secretFiles"),
        (["config=developer_key = 'a'"], "config: the ConfigMap would show a secret"),
        (["fullnameOverride=1a"], "fullnameOverride"),
        (["nameOverride=a.b"], "nameOverride"),
        ([r"podLabels.app\.kubernetes\.io/name=a"], "app.kubernetes.io/name"),
        ([r"commonLabels.app\.kubernetes\.io/instance=a"], "app.kubernetes.io/instance"),
        (_secret_files("FUSE_OTEL_DEVELOPER_KEY"), "FUSE_OTEL_DEVELOPER_KEY_FILE: the chart sets"),
        (_secret_files("FUSE_OTEL_HOOK_TOKEN", "FUSE_OTEL_HOOK_TOKEN"), "have the same name"),
        (["acount.email=ops@example.com"], "acount"),
        (["image.digest=sha256:1"], "digest"),
        (["service.port=0"], "port"),
        (["web.scheme=https"], "scheme"),
        (["prometheusRule.files={nothing}"], "files"),
        (["accounts[0].name=a/b", "accounts[0].email=a", "accounts[0].existingSecret=a"], "name"),
        (["accounts[0].name=a", "accounts[0].email=a"], "existingSecret"),
        (
            [f"accounts[{at}].{key}=a" for at in (0, 1) for key in ACCOUNT],
            "Two of `accounts` have the same name",
        ),
    ],
    ids=lambda value: value[0].partition("=")[0] if isinstance(value, list) else "",
)  # fmt: skip
def test_wrong_values_are_refused_with_their_name(helm, changes, sentence):
    words = [word for change in changes for word in ("--set", change)]
    with pytest.raises(HelmFailed, match=re.escape(sentence)):
        render_text(helm, "default", *words)


def test_the_chart_refuses_every_secret_of_the_program_in_plain_text():
    secrets = {each.name for each in SETTINGS if each.secret}
    check = (CHART / "templates" / "_helpers.tpl").read_text()
    (names,) = re.findall(r"\(\?m\)\^\\\\s\*\((.+?)\)", check)
    assert set(names.split("|")) == secrets
    for name in secrets:
        assert f'"FUSE_OTEL_{name.upper()}"' in check


def test_a_configuration_file_may_refer_to_a_secret(helm):
    for line in ("developer_key = '${KEY}'", "developer_key_file = '/run/secrets/key'"):
        render_text(helm, "default", "--set", f"config={line}")


def schema_keys(schema):
    return {
        key: schema_keys(value) if value.get("additionalProperties") is False else None
        for key, value in schema["properties"].items()
    }


def value_keys(values, schema):
    return {
        key: value_keys(value, schema["properties"][key])
        if schema["properties"][key].get("additionalProperties") is False
        else None
        for key, value in values.items()
    }


def test_the_schema_and_the_values_have_the_same_keys():
    schema = json.loads((CHART / "values.schema.json").read_text())
    values = yaml.safe_load((CHART / "values.yaml").read_text())
    # Helm adds `global`.
    assert schema_keys(schema) == value_keys(values, schema) | {"global": None}


def notes(helm, name, folder):
    """Helm prints them only with a cluster. So here they are the text of a manifest."""
    chart = folder / "chart"
    shutil.copytree(CHART, chart)
    templates = chart / "templates"
    text = (templates / "NOTES.txt").read_text()
    (templates / "_notes.tpl").write_text(f'{{{{- define "notes" -}}}}{text}{{{{- end -}}}}')
    (templates / "notes.yaml").write_text('kind: Notes\ntext: {{ include "notes" . | toJson }}\n')
    rendered = run_helm(
        helm, "template", "fuse-otel", chart, "--kube-version", NEWEST, *values_of(name)
    )
    return the([each for each in yaml.safe_load_all(rendered) if each], "Notes")["text"]


@each_way
def test_the_notes_name_the_secrets_and_the_next_commands(helm, name, tmp_path):
    text = notes(helm, name, tmp_path)
    pod = pod_of(render(helm, name))
    for secret, key in secret_files_of(pod).values():
        assert f"  {secret}: {key}\n" in text
    workload = workload_of(render(helm, name))
    named = f"{workload['kind'].lower()}/{workload['metadata']['name']}"
    assert f"exec {named} -- fuse-otel status" in text
    assert ("No alerts are installed" in text) == (name != "everything")


def test_the_plain_manifests_are_what_the_chart_renders(helm):
    for path, content in plain_manifests(helm).items():
        assert path.read_text() == content, "run `make manifests`"
        assert "helm" not in content.partition("---")[2].lower()
        assert Path(path).parent.name == "kubernetes"
