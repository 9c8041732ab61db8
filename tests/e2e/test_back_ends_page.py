"""The page about back ends: every block of environment lines is run."""

import re

import pytest
import yaml
from support.fakes.grpc_receiver import GrpcReceiver
from support.fakes.otlp_receiver import OtlpReceiver
from support.peers import found_lines
from support.peers.account import account
from support.peers.page import blocks
from support.peers.waiting import wait_for

from fuse_otel import config

pytestmark = pytest.mark.slow

ENVIRONMENT = blocks("sh")
PROGRAMS = {"Jaeger", "VictoriaLogs", "OpenTelemetry Collector"}
REAL = [block for block in ENVIRONMENT if block.section in PROGRAMS]
ELSEWHERE = [block for block in ENVIRONMENT if block.section not in PROGRAMS]
COLLECTORS = [block for block in blocks("yaml") if block.section == "OpenTelemetry Collector"]
_HOST = re.compile(r"https?://[a-z0-9.-]+(:\d+)?")


@pytest.fixture(scope="module")
def collector_before_both(collector, jaeger, victorialogs):
    direct = {"sending_queue": {"enabled": False}}
    insecure = {"tls": {"insecure": True}}
    exporters = {
        "traces": {"type": "otlp", "endpoint": jaeger.address("grpc"), **insecure, **direct},
        "logs": {"type": "otlphttp", "endpoint": victorialogs.otlp, **direct},
    }
    with collector(exporters) as running:
        yield running


@pytest.fixture
def on_this_machine(request):
    """Where a host and port of the page is on this machine. Starts only that program."""

    def url(found):
        host, port = found[1], found[2]
        if host == "victorialogs":
            return request.getfixturevalue(host).url("http")
        name = "collector_before_both" if host == "collector" else host
        return request.getfixturevalue(name).url({"4318": "http", "4317": "grpc"}[port])

    def replaced(settings):
        return {name: re.sub(r"http://(\w+):(\d+)", url, value) for name, value in settings.items()}

    return replaced


@pytest.mark.parametrize("block", REAL, ids=lambda block: block.name)
def test_the_settings_deliver_to_the_program(block, on_this_machine, request, tenant, tmp_path):
    said = block.settings
    settings = on_this_machine(said)
    with account(tenant, tmp_path, 12) as calls:
        endpoint = settings.pop("OTEL_EXPORTER_OTLP_ENDPOINT", "")
        calls.deliver_with(calls.settings(endpoint, **settings))
        expected = calls.expected()
    assert len(expected) > 5
    if said.get("OTEL_TRACES_EXPORTER") != "none":
        jaeger = request.getfixturevalue("jaeger")
        wait_for(lambda: all(map(jaeger.trace, expected)), "every trace")
    if said.get("OTEL_LOGS_EXPORTER") != "none":
        headers = said.get("OTEL_EXPORTER_OTLP_HEADERS", "")
        number = dict(each.split("=") for each in headers.split(",") if each)
        records = sum(len(call.records) for call in expected.values())
        query = f'deployment.environment.name:="{tenant}"'
        store = request.getfixturevalue("victorialogs")
        wait_for(lambda: len(store.rows(query, number)) == records, "every log record")


@pytest.mark.parametrize("block", COLLECTORS, ids=lambda block: block.name)
def test_the_configuration_of_a_collector_passes_everything_on(
    block, collector, victorialogs, tenant, tmp_path
):
    told = yaml.safe_load(block.text)
    (exporter,) = told["exporters"].values()
    exporter |= {"type": "otlphttp", "endpoint": victorialogs.otlp}
    with (
        collector({"logs": exporter}, queue="extensions" in told) as between,
        account(tenant, tmp_path, 12) as calls,
    ):
        calls.deliver(between.url("http"), OTEL_TRACES_EXPORTER="none")
        records = found_lines.of_calls(calls.expected())
        wait_for(lambda: victorialogs.found(tenant) == records, "every log record")


@pytest.mark.parametrize("block", ELSEWHERE, ids=lambda block: block.name)
def test_the_settings_for_other_back_ends_send_what_they_name(block, tenant, tmp_path):
    said = block.settings
    account_of = {"FUSE_OTEL_EMAIL": "ops@example.com", "FUSE_OTEL_DEVELOPER_KEY": "a-key"}
    assert not config.load(environ=said | account_of).warnings
    with OtlpReceiver() as http, GrpcReceiver() as grpc, account(tenant, tmp_path, 12) as calls:
        settings = {
            key: _HOST.sub(grpc.url if _is_grpc(key, said) else http.url, value)
            for key, value in said.items()
        }
        endpoint = settings.pop("OTEL_EXPORTER_OTLP_ENDPOINT", "")
        calls.deliver_with(calls.settings(endpoint, **settings))
        requests = [*http.requests, *grpc.requests]
        assert bool(grpc.requests) == ("grpc" in said.values())
        assert {request.path for request in http.requests} == set(_paths(said))
    name, _, value = said["OTEL_EXPORTER_OTLP_HEADERS"].partition("=")
    assert {request.headers[name.lower()] for request in requests} == {value.replace("%20", " ")}


def _is_grpc(key, settings):
    return settings.get(key.replace("_ENDPOINT", "_PROTOCOL")) == "grpc"


def _paths(settings):
    """The path of each signal that goes over HTTP."""
    for signal in ("traces", "logs"):
        own = f"OTEL_EXPORTER_OTLP_{signal.upper()}_ENDPOINT"
        if settings.get(f"OTEL_{signal.upper()}_EXPORTER") == "none" or _is_grpc(own, settings):
            continue
        if own in settings:
            yield _HOST.sub("", settings[own])
        else:
            yield _HOST.sub("", settings["OTEL_EXPORTER_OTLP_ENDPOINT"]) + f"/v1/{signal}"
