"""The page about back ends: every block of environment lines is run."""

import re

import pytest
from support.fakes.grpc_receiver import GrpcReceiver
from support.fakes.otlp_receiver import OtlpReceiver
from support.peers.account import account
from support.peers.page import blocks
from support.peers.waiting import wait_for

from fuse_otel import config

ENVIRONMENT = blocks("sh")
REAL = [block for block in ENVIRONMENT if block.section in {"Jaeger", "OpenTelemetry Collector"}]
ELSEWHERE = [block for block in ENVIRONMENT if block not in REAL]
_HOST = re.compile(r"https?://[a-z0-9.-]+(:\d+)?")


@pytest.fixture(scope="module")
def log_store():
    with OtlpReceiver() as receiver:
        yield receiver


@pytest.fixture(scope="module")
def collector_before_both(collector, jaeger, log_store):
    direct = {"sending_queue": {"enabled": False}}
    exporters = {
        "traces": {
            "type": "otlp",
            "endpoint": jaeger.address("grpc"),
            "tls": {"insecure": True},
            **direct,
        },
        "logs": {"type": "otlphttp", "endpoint": log_store.url, **direct},
    }
    with collector(exporters) as running:
        yield running


def on_this_machine(settings, block, request):
    """The settings with the addresses of the programs that run here."""
    name = "jaeger" if block.section == "Jaeger" else "collector_before_both"
    running = request.getfixturevalue(name)
    urls = {"4318": running.url("http"), "4317": running.url("grpc")}
    return {
        key: re.sub(r"http://\w+:(\d+)", lambda found: urls[found[1]], value)
        for key, value in settings.items()
    }


@pytest.mark.parametrize("block", REAL, ids=lambda block: block.name)
def test_the_settings_deliver_to_the_program(block, jaeger, log_store, request, tenant, tmp_path):
    settings = on_this_machine(block.settings, block, request)
    before = len(log_store.records())
    with account(tenant, tmp_path, 12) as calls:
        env = calls.settings(settings.pop("OTEL_EXPORTER_OTLP_ENDPOINT"), **settings)
        calls.deliver_with(env)
        expected = calls.expected()
        assert len(expected) > 5
        wait_for(lambda: all(map(jaeger.trace, expected)), "every trace")
        if block.settings.get("OTEL_LOGS_EXPORTER") != "none":
            records = sum(len(call.records) for call in expected.values())
            assert len(log_store.records()) - before == records


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
