"""Tempo and Loki are asked for the simulator's calls, as Grafana would, whatever way they came."""

import time
from collections import Counter
from contextlib import contextmanager

import pytest
from support.peers import found_lines, found_spans
from support.peers.account import account
from support.peers.waiting import wait_for

ROUTES = ["straight", "traces over grpc", "collector", "collector over grpc"]
TWO_HOURS = 7200
DETECTED = {"DEBUG": "debug", "INFO": "info", "ERROR": "error"}


@contextmanager
def way_to(tempo, loki, collector, route, tenant):
    """The settings that lead to Tempo and Loki: each signal to its own, or all to a Collector with
    its queue on the disk.
    """
    scope = {"X-Scope-OrgID": tenant}
    if "collector" not in route:
        own = "grpc" if "grpc" in route else "http/protobuf"
        traces = tempo.url("grpc") if own == "grpc" else f"{tempo.url('http')}/v1/traces"
        yield {
            "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": traces,
            "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": own,
            "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT": f"{loki.otlp}/v1/logs",
            "OTEL_EXPORTER_OTLP_HEADERS": f"X-Scope-OrgID={tenant}",
        }
        return
    exporters = {
        "traces": {
            "type": "otlp",
            "endpoint": tempo.address("grpc"),
            "tls": {"insecure": True},
            "headers": scope,
        },
        "logs": {"type": "otlphttp", "endpoint": loki.otlp, "headers": scope},
    }
    with collector(exporters, queue=True) as between:
        port, protocol = ("grpc", "grpc") if "grpc" in route else ("http", "http/protobuf")
        yield {
            "OTEL_EXPORTER_OTLP_ENDPOINT": between.url(port),
            "OTEL_EXPORTER_OTLP_PROTOCOL": protocol,
        }


class Held:
    """What Tempo and Loki hold of one test's calls."""

    def __init__(self, tempo, loki, tenant):
        self.tempo, self.loki, self.tenant = tempo, loki, tenant
        self.start, self.end = time.time() - TWO_HOURS, time.time() + 60

    def lines(self, query='{service_namespace="plum-fuse"}'):
        return self.loki.lines(self.tenant, query, self.start, self.end)

    def traces(self, query="{}"):
        return self.tempo.search(self.tenant, query, self.start, self.end)


@pytest.fixture(scope="module", params=ROUTES)
def delivered(request, tempo, loki, collector, tmp_path_factory):
    tenant = request.param.replace(" ", "-")
    with (
        way_to(tempo, loki, collector, request.param, tenant) as settings,
        account(tenant, tmp_path_factory.mktemp("daemon"), 40) as calls,
    ):
        calls.deliver("", FUSE_OTEL_LOGS_FLAVOUR="loki", **settings)
        expected = calls.expected()
        held = Held(tempo, loki, tenant)
        records = sum(len(call.records) for call in expected.values())
        wait_for(lambda: all(tempo.trace(tenant, each) for each in expected), "every trace")
        wait_for(lambda: len(held.lines()) >= records, "every log record")
        wait_for(lambda: held.traces().keys() >= expected.keys(), "every trace by a search")
        yield held, expected


def test_every_call_is_found_and_is_as_it_was_meant(delivered):
    held, expected = delivered
    assert len(expected) > 25
    for trace_id, call in expected.items():
        found = held.tempo.trace(held.tenant, trace_id)
        assert found_spans.of_tempo(found) == found_spans.of_expected(call)
    assert held.traces().keys() == expected.keys()


def test_every_log_record_is_found_in_its_order(delivered):
    held, expected = delivered
    found = found_lines.by_trace(held.lines())
    assert found == {
        trace_id: found_lines.of_expected(call)
        for trace_id, call in expected.items()
        if call.records
    }


def test_a_person_searches_for_traces(delivered):
    held, expected = delivered

    def meant(condition):
        return {trace_id for trace_id, call in expected.items() if condition(call)}

    for call in expected.values():
        query = f'{{ span.session.id = "{call.call.session_id}" }}'
        assert held.traces(query).keys() == {call.trace_id}
    for service in {call.service for call in expected.values()}:
        query = f'{{ resource.service.name = "{service}" }}'
        assert held.traces(query).keys() == meant(lambda call, s=service: call.service == s)
    assert held.traces("{ status = error }").keys() == meant(lambda call: call.failed)
    assert held.traces('{ span.fuse.module.type = "rest" }').keys() == meant(
        lambda call: any(span.name.startswith("rest ") for span in call.spans)
    )
    assert held.traces('{ name =~ "call .*" && duration > 30s }').keys() == meant(
        lambda call: call.seconds > 30
    )


def test_a_person_searches_for_lines(delivered):
    held, expected = delivered
    texts = Counter(record.severity_text for call in expected.values() for record in call.records)
    assert set(texts) == set(DETECTED)
    for text, level in DETECTED.items():
        query = f'{{service_namespace="plum-fuse"}} | detected_level="{level}"'
        lines = held.lines(query)
        assert {line.labels["severity_text"] for line in lines} == {text}
        assert len(lines) == texts[text]
    for call in expected.values():
        query = f'{{service_name="{call.service}"}} | trace_id="{call.trace_id}"'
        assert len(held.lines(query)) == len(call.records)
