"""The Helm chart: the objects that it renders for each file of values."""

import json

import kubernetes_validate
import pytest
import yaml
from jsonschema import Draft202012Validator
from support.kubernetes.chart import (
    NEWEST,
    OLDEST,
    VALUES,
    of_kind,
    pod_of,
    render,
    the,
    workload_of,
)
from support.kubernetes.custom_resources import SCHEMAS
from support.pages.alert_rules import FILES as RULES
from support.pages.repository import ROOT

SECRETS = "/run/secrets/fuse-otel"
KEYS = {"developer-key", "accounts/billing", "accounts/claims", "files/hook-token"}
each_way = pytest.mark.parametrize("name", VALUES)


@each_way
@pytest.mark.parametrize("version", [OLDEST, NEWEST])
def test_kubernetes_knows_every_field(helm, name, version):
    manifests = render(helm, name, version=version)
    ours = [each for each in manifests if each["kind"] not in SCHEMAS]
    assert ours
    for manifest in ours:
        kubernetes_validate.validate(manifest, version, strict=True)


def test_an_unknown_field_would_be_found(helm):
    (service,) = of_kind(render(helm), "Service")
    wrong = service | {"spec": service["spec"] | {"publishNotReady": True}}
    with pytest.raises(kubernetes_validate.ValidationError, match="publishNotReady"):
        kubernetes_validate.validate(wrong, OLDEST, strict=True)


def test_the_custom_resources_have_the_fields_of_the_prometheus_operator(helm):
    found = [each for each in render(helm, "everything") if each["kind"] in SCHEMAS]
    assert {each["kind"] for each in found} == SCHEMAS.keys()
    for each in found:
        Draft202012Validator(SCHEMAS[each["kind"]]).validate(each)
        # As the API of Kubernetes reads it: every value of `labels` and `annotations` is a text.
        assert yaml.safe_load(json.dumps(each)) == each


@pytest.mark.parametrize("name", [each for each in VALUES if each != "postgresql"])
def test_sqlite_has_one_replica_with_a_volume(helm, name):
    manifests = render(helm, name)
    spec = the(manifests, "StatefulSet")["spec"]
    assert spec["replicas"] == 1
    (claim,) = spec["volumeClaimTemplates"]
    mounts = pod_of(manifests)["containers"][0]["volumeMounts"]
    mounted = {each["name"]: each["mountPath"] for each in mounts}
    assert mounted[claim["metadata"]["name"]] == "/var/lib/fuse-otel"


def test_replicas_on_postgresql_have_no_volume_and_a_budget(helm):
    manifests = render(helm, "postgresql")
    spec = the(manifests, "Deployment")["spec"]
    assert spec["replicas"] == 3
    pod = pod_of(manifests)
    assert {each["name"] for each in pod["volumes"]} == {"tmp", "secrets"}
    (spread,) = pod["topologySpreadConstraints"]
    budget = the(manifests, "PodDisruptionBudget")["spec"]
    assert budget["maxUnavailable"] == 1
    selector = spec["selector"]
    assert budget["selector"] == spread["labelSelector"] == selector
    one = render(helm, "postgresql", "--set", "replicas=1")
    assert of_kind(one, "PodDisruptionBudget") == []
    assert "topologySpreadConstraints" not in pod_of(one)


def test_the_network_policy_opens_the_port_of_the_database(helm):
    def reached(*words):
        spec = the(render(helm, "postgresql", *words), "NetworkPolicy")["spec"]
        return {port["port"] for rule in spec["egress"] for port in rule["ports"]}

    assert reached() - reached("--set", "store.postgresql.port=6432") == {5432}
    assert 6432 in reached("--set", "store.postgresql.port=6432")


@each_way
def test_a_pod_that_is_not_ready_can_be_repaired_and_reached(helm, name):
    manifests = render(helm, name)
    spec = workload_of(manifests)["spec"]
    if "strategy" in spec:
        assert spec["strategy"]["rollingUpdate"]["maxUnavailable"] == 1
    else:
        assert spec["podManagementPolicy"] == "Parallel"
    service = the(manifests, "Service")
    assert service["spec"]["publishNotReadyAddresses"] is True
    labels = workload_of(manifests)["spec"]["template"]["metadata"]["labels"]
    assert service["spec"]["selector"].items() <= labels.items()


def test_prometheus_finds_the_pods_once(helm):
    manifests = render(helm, "everything")
    service = the(manifests, "Service")
    spec = the(manifests, "ServiceMonitor")["spec"]
    assert spec["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()
    assert spec["endpoints"][0]["port"] == service["spec"]["ports"][0]["name"]

    def annotations(name):
        template = the(render(helm, name), "StatefulSet")["spec"]["template"]
        return {each for each in template["metadata"]["annotations"] if "prometheus.io" in each}

    assert annotations("default") > annotations("everything") == set()


def test_the_rules_are_those_of_the_repository(helm):
    found = of_kind(render(helm, "everything"), "PrometheusRule")
    texts = [
        path.read_text()
        .replace(
            "https://example.com/fuse-otel/docs/operations.md",
            "https://wiki.example.org/runbooks/fuse-otel",
        )
        .replace("https://example.com/grafana", "https://grafana.example.org")
        for path in sorted(RULES)
    ]
    assert sorted((each["spec"] for each in found), key=json.dumps) == sorted(
        map(yaml.safe_load, texts), key=json.dumps
    )
    assert all(each["metadata"]["labels"]["release"] == "prometheus" for each in found)


def test_the_dashboards_are_those_of_the_repository(helm):
    found = [each for each in of_kind(render(helm, "everything"), "ConfigMap")
             if "grafana_dashboard" in each["metadata"]["labels"]]  # fmt: skip
    rendered = {name: text for each in found for name, text in each["data"].items()}
    assert {name: json.loads(text) for name, text in rendered.items()} == {
        path.name: json.loads(path.read_text())
        for path in (ROOT / "deploy" / "grafana" / "dashboards").iterdir()
    }


def test_the_network_policy_opens_the_ports_that_the_daemon_needs(helm):
    manifests = render(helm, "everything")
    spec = the(manifests, "NetworkPolicy")["spec"]
    labels = workload_of(manifests)["spec"]["template"]["metadata"]["labels"]
    assert spec["podSelector"]["matchLabels"].items() <= labels.items()
    (incoming,) = spec["ingress"]
    assert [port["port"] for port in incoming["ports"]] == ["http"]
    reached = {port["port"] for rule in spec["egress"] for port in rule["ports"]}
    assert reached == {53, 443, 4317, 4318, 3128}


def test_everything_names_every_object_and_the_default_only_what_it_needs(helm):
    assert sorted(each["kind"] for each in render(helm)) == [
        "Service", "ServiceAccount", "StatefulSet",
    ]  # fmt: skip
    assert {each["kind"] for each in render(helm, "everything")} == {
        "ConfigMap", "NetworkPolicy", "PrometheusRule", "Service", "ServiceAccount",
        "ServiceMonitor", "StatefulSet",
    }  # fmt: skip
    for manifest in render(helm, "everything"):
        assert manifest["metadata"]["name"].startswith("calls")
        assert manifest["metadata"]["labels"]["team"] == "voice"
