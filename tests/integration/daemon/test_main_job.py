"""The main job, as a user sees it: from the API to a back end, by the program itself."""

import time

import pytest
from support.builders.call_values import SAMPLES
from support.builders.call_values import SESSION as CALL
from support.builders.recent_world import recent_world
from support.fakes.otlp_protocols import BOTH, GRPC
from support.fakes.otlp_receiver import OtlpReceiver
from support.rigs.program import fuse_otel, pointed_at

from fuse_otel.simulator.samples import SamplesWorld
from fuse_otel.simulator.simulated_api import SimulatedApi

pytestmark = pytest.mark.slow

PRIVATE = (b"tests@plumgroup.com", b"This is the subject", b"This is the body", b"2125551234")
THREE_HOURS = 3 * 3600


@pytest.fixture
def samples():
    with SimulatedApi(SamplesWorld.from_folder(SAMPLES)) as api:
        yield api


def attributes(thing):
    return {pair.key: pair.value.string_value for pair in thing.attributes}


def inflated(receiver):
    return {request.path: request.inflated for request in receiver.requests}


@pytest.mark.parametrize("protocol", BOTH.values(), ids=BOTH)
def test_the_documented_call_becomes_one_trace(samples, tmp_path, protocol):
    with protocol.receiver() as receiver:
        env = pointed_at(samples, tmp_path, receiver.url, **protocol.settings)
        ended = fuse_otel("once", env=env)
        assert ended.returncode == 0, ended.stderr
        spans = [span for span in receiver.spans() if attributes(span)["session.id"] == CALL]
        records = [r for r in receiver.records() if attributes(r)["session.id"] == CALL]
        (resource,) = {
            tuple(sorted(attributes(group.resource).items()))
            for request in receiver.requests
            if request.path == "/v1/traces"
            for group in request.message.resource_spans
            if attributes(group.scope_spans[0].spans[0])["session.id"] == CALL
        }
        everything = b"".join(request.inflated for request in receiver.requests)
    assert [span.name for span in spans] == [
        "call email test",
        "start start",
        "prompt var_0",
        "email var_1",
        "prompt var_2",
        "exit hangup",
    ]
    assert len({span.trace_id for span in spans}) == 1
    assert len(records) == 7
    assert dict(resource)["service.name"] == "email test"
    assert dict(resource)["service.version"] == "0.2"
    assert not [secret for secret in PRIVATE if secret in everything]


def test_a_listed_call_whose_log_is_not_there_is_sent_as_missing(samples, tmp_path):
    with OtlpReceiver() as receiver:
        assert fuse_otel("once", env=pointed_at(samples, tmp_path, receiver.url)).returncode == 0
        (root,) = [s for s in receiver.spans() if attributes(s)["session.id"] != CALL]
    assert attributes(root)["fuse.details"] == "missing"


def test_another_store_sends_the_same_bytes(samples, tmp_path):
    sent = []
    for name in ("first", "second"):
        folder = tmp_path / name
        folder.mkdir()
        with OtlpReceiver() as receiver:
            fuse_otel("once", env=pointed_at(samples, folder, receiver.url))
            sent.append({request.path: request.inflated for request in receiver.requests})
    assert sent[0] == sent[1]
    assert set(sent[0]) == {"/v1/traces", "/v1/logs"}


def test_the_same_bytes_arrive_as_over_http(samples, tmp_path):
    by_http, by_grpc = tmp_path / "http", tmp_path / "grpc"
    by_http.mkdir()
    by_grpc.mkdir()
    with OtlpReceiver() as http, GRPC.receiver() as grpc:
        assert fuse_otel("once", env=pointed_at(samples, by_http, http.url)).returncode == 0
        ended = fuse_otel("once", env=pointed_at(samples, by_grpc, grpc.url, **GRPC.settings))
        assert (ended.returncode, ended.stdout.count("Traceback")) == (0, 0), ended.stderr
        assert CALL in grpc.sessions()
        assert inflated(http) == inflated(grpc)


def test_traces_go_over_grpc_and_logs_over_http(samples, tmp_path):
    """As Tempo and Loki want it."""
    with GRPC.receiver() as tempo, OtlpReceiver() as loki:
        env = pointed_at(
            samples,
            tmp_path,
            "",
            OTEL_EXPORTER_OTLP_TRACES_PROTOCOL="grpc",
            OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=tempo.url,
            OTEL_EXPORTER_OTLP_LOGS_ENDPOINT=f"{loki.url}/otlp/v1/logs",
            OTEL_EXPORTER_OTLP_HEADERS="X-Scope-OrgID=acme",
            FUSE_OTEL_LOGS_FLAVOUR="loki",
        )
        assert fuse_otel("once", env=env).returncode == 0
        assert {request.path for request in tempo.requests} == {"/v1/traces"}
        assert {request.path for request in loki.requests} == {"/otlp/v1/logs"}
        for request in (*tempo.requests, *loki.requests):
            assert request.headers["x-scope-orgid"] == "acme"
        assert b"service.instance.id" in loki.requests[0].inflated
        assert b"service.instance.id" not in tempo.requests[0].inflated


def test_what_was_sent_is_not_sent_again(samples, tmp_path):
    with OtlpReceiver() as receiver:
        env = pointed_at(samples, tmp_path, receiver.url)
        fuse_otel("once", env=env)
        before = len(receiver.requests)
        assert fuse_otel("once", env=env).returncode == 0
        assert len(receiver.requests) == before


def test_three_hours_of_calls_cost_few_requests(tmp_path):
    now = time.time()
    world = recent_world(seed=11, rate=300 / THREE_HOURS, past=THREE_HOURS, start=now)
    with SimulatedApi(world) as api, OtlpReceiver() as receiver:
        env = pointed_at(
            api,
            tmp_path,
            receiver.url,
            FUSE_OTEL_SINCE="3h",
            FUSE_OTEL_SETTLE="0",
            FUSE_OTEL_GROW="0",
        )
        ended = fuse_otel("once", env=env)
        assert ended.returncode == 0, ended.stderr
        since = now - THREE_HOURS + 600
        listed = {c.session_id for c in api.truth(since, now - 30) if c.start > since}
        assert len(listed) > 200
        assert listed <= receiver.sessions()
        assert not {k: n for k, n in receiver.duplicates().items() if n > 1}
        assert sum(api.requests.values()) < 200
