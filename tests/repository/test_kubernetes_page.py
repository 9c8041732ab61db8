"""The page on Kubernetes: its commands name files that exist, its values are those of the chart."""

import re
import shutil

import pytest
import yaml
from support.kubernetes.chart import (
    CHART,
    NEWEST,
    OLDEST,
    environment_of,
    pod_of,
    render,
    run_helm,
    secret_files_of,
)
from support.pages.repository import ROOT
from support.pages.shell_blocks import Desk, shell_block, shell_blocks

PAGE = "docs/kubernetes.md"
TEXT = (ROOT / PAGE).read_text()
VALUES = re.findall(r"^```yaml\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)


@pytest.fixture
def desk(tmp_path):
    made = Desk(tmp_path, ("helm", "kubectl"))
    shutil.copytree(ROOT / "deploy", made.repository / "deploy")
    return made


def test_the_first_commands_create_the_secret_that_the_chart_reads(desk, helm):
    assert desk.run(shell_block(PAGE, "helm upgrade")).returncode == 0
    ((_, secret),) = desk.noted("kubectl")
    ((folder, words),) = desk.noted("helm")
    assert words[:2] == ["upgrade", "--install"]
    assert (folder / words[3] / "Chart.yaml").exists()
    rendered = run_helm(
        helm, "template", words[2], CHART, "--kube-version", NEWEST, *words[4:]
    )  # fmt: skip
    pod = pod_of([each for each in yaml.safe_load_all(rendered) if each])
    keys = {word.split("=")[1] for word in secret if word.startswith("--from-")}
    assert secret[:4] == ["create", "secret", "generic", "fuse-otel"]
    assert keys == {"email", *(key for _, key in secret_files_of(pod).values())}
    assert pod["containers"][0]["image"].startswith("images.example.com/fuse-otel:")
    endpoint = environment_of(pod)["OTEL_EXPORTER_OTLP_ENDPOINT"]
    assert endpoint == "http://otel-collector:4318"


def test_the_url_of_the_database_is_where_the_chart_looks(desk, helm):
    assert desk.run(shell_block(PAGE, "fuse-otel-postgresql")).returncode == 0
    ((_, words),) = desk.noted("kubectl")
    files = secret_files_of(pod_of(render(helm, "postgresql")))
    assert files["state-url"] == (words[3], words[4].split("=")[1])


def test_the_page_on_installing_has_the_same_commands():
    assert shell_block("docs/install.md", "helm upgrade") == shell_block(PAGE, "helm upgrade")


def test_without_helm_kubectl_gets_files_that_exist(desk):
    assert desk.run(shell_block(PAGE, "kubectl apply")).returncode == 0
    ((folder, words),) = desk.noted("kubectl")
    files = [folder / word for word in words if word.endswith(".yaml")]
    kinds = [each["kind"] for file in files for each in yaml.safe_load_all(file.read_text())]
    assert kinds == ["Secret", "ServiceAccount", "Service", "StatefulSet"]


@pytest.mark.parametrize("values", VALUES, ids=lambda values: values.partition(":")[0])
def test_the_chart_takes_the_values_of_the_page(helm, values, tmp_path):
    file = tmp_path / "values.yaml"
    file.write_text(values)
    run_helm(helm, "lint", "--strict", "--kube-version", NEWEST, CHART, "--values", file)


def test_every_block_of_the_page_belongs_to_a_test():
    assert len(shell_blocks(PAGE)) == 3
    assert len(VALUES) == len(re.findall(r"^```yaml$", TEXT, re.MULTILINE)) > 4


def test_the_page_names_the_versions_that_were_checked():
    minor = [re.match(r"1\.\d+", version)[0] for version in (OLDEST, NEWEST)]
    assert f"Kubernetes {minor[0]} and {minor[1]}" in TEXT
    assert f"needs Kubernetes {minor[0]} or later" in TEXT
