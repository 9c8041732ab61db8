"""The page about back ends: what it says to set is set, what it says to ask is asked."""

import time

import pytest
import yaml
from support.otlp_receiver import OtlpReceiver
from support.peers.account import account
from support.peers.page import blocks, table
from support.peers.waiting import wait_for

from fuse_otel import config

ENVIRONMENT = blocks("sh")
PROGRAMS = {"Jaeger", "Tempo and Loki", "OpenTelemetry Collector"}
REAL = [block for block in ENVIRONMENT if block.section in PROGRAMS]
ELSEWHERE = [block for block in ENVIRONMENT if block.section not in PROGRAMS]
ANY = '{service_namespace="plum-fuse"}'
TENANT = "acme"


@pytest.fixture(scope="module")
def collector_before_grafana(collector, tempo, loki):
    scope = {"headers": {"X-Scope-OrgID": TENANT}, "sending_queue": {"enabled": False}}
    insecure = {"tls": {"insecure": True}}
    exporters = {
        "traces": {"type": "otlp", "endpoint": tempo.address("grpc"), **insecure, **scope},
        "logs": {"type": "otlphttp", "endpoint": loki.otlp, **scope},
    }
    with collector(exporters) as running:
        yield running


@pytest.fixture
def addresses(request):
    """Where the page's names are on this machine; only the named program is started."""

    def address(host):
        if host == "loki":
            return {"3100": request.getfixturevalue("loki").url("query")}
        name = "collector_before_grafana" if host == "collector" else host
        running = request.getfixturevalue(name)
        return {"4318": running.url("http"), "4317": running.url("grpc")}

    return address


def on_this_machine(settings, address):
    hosts = ("jaeger", "tempo", "loki", "collector")
    for host in hosts:
        if any(f"//{host}:" in value for value in settings.values()):
            for port, url in address(host).items():
                settings = {k: v.replace(f"http://{host}:{port}", url) for k, v in settings.items()}
    return settings


@pytest.mark.parametrize("block", REAL, ids=lambda block: block.name)
def test_the_lines_lead_to_the_program(block, addresses, request, tenant, tmp_path):
    said = block.settings
    settings = on_this_machine(said, addresses)
    with account(tenant, tmp_path, 12) as calls:
        env = calls.settings(settings.pop("OTEL_EXPORTER_OTLP_ENDPOINT", ""), **settings)
        calls.deliver_with(env)
        expected = calls.expected()
        assert len(expected) > 5
        if said.get("OTEL_TRACES_EXPORTER") != "none":
            found = finder(block, request)
            wait_for(lambda: all(map(found, expected)), "every trace")
        if said.get("OTEL_LOGS_EXPORTER") != "none":
            loki = request.getfixturevalue("loki")
            query = f'{ANY} | deployment_environment_name="{tenant}"'
            records = sum(len(call.records) for call in expected.values())
            start, end = time.time() - 7200, time.time() + 60
            wait_for(
                lambda: len(loki.lines(TENANT, query, start, end)) == records, "every log record"
            )


def finder(block, request):
    if block.section == "Jaeger":
        return request.getfixturevalue("jaeger").trace
    tempo = request.getfixturevalue("tempo")
    return lambda trace_id: tempo.trace(TENANT, trace_id)


@pytest.mark.parametrize("block", ELSEWHERE, ids=lambda block: block.name)
def test_lines_for_what_is_not_here_send_what_they_say(block, tmp_path, tenant):
    said = block.settings
    assert said["OTEL_EXPORTER_OTLP_ENDPOINT"].startswith("https://")
    account_of = {"FUSE_OTEL_EMAIL": "ops@example.com", "FUSE_OTEL_DEVELOPER_KEY": "a-key"}
    assert not config.load(environ=said | account_of).warnings
    with OtlpReceiver() as receiver, account(tenant, tmp_path, 12) as calls:
        host, _, path = said.pop("OTEL_EXPORTER_OTLP_ENDPOINT").split("//")[1].partition("/")
        path = f"/{path}" if path else ""
        calls.deliver_with(calls.settings(receiver.url + path, **said))
        assert host
        assert {request.path for request in receiver.requests} == {
            f"{path}/v1/traces",
            f"{path}/v1/logs",
        }
        name, _, value = said["OTEL_EXPORTER_OTLP_HEADERS"].partition("=")
        heard = {request.headers[name.lower()] for request in receiver.requests}
        assert heard == {value.replace("%20", " ")}


def test_the_limits_are_those_of_a_stock_loki(loki):
    limits = yaml.safe_load(loki.http.get(f"{loki.url('query')}/config").text)["limits_config"]
    rows = {row[0]: row[1] for row in table("Tempo and Loki") if row[0] in limits}
    assert len(rows) == 6
    assert {name: str(limits[name]) for name in rows} == rows
