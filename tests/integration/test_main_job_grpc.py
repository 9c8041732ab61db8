"""The main job over gRPC, as a user sees it: by the program itself."""

import signal
from pathlib import Path

import pytest
from support.grpc_answer import ACCEPTED, GrpcAnswer
from support.grpc_receiver import GrpcReceiver
from support.otlp_receiver import OtlpReceiver
from support.program import environment, fuse_otel, pointed_at, running

from fuse_otel.simulator import SamplesWorld, SimulatedApi, World

SAMPLES = Path(__file__).parents[1] / "data" / "samples"
CALL = "300060;001;1529552581"
GRPC = {"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}


@pytest.fixture
def samples():
    with SimulatedApi(SamplesWorld.from_folder(SAMPLES)) as api:
        yield api


def inflated(receiver):
    return {request.path: request.inflated for request in receiver.requests}


def test_the_same_bytes_arrive_as_over_http(samples, tmp_path):
    by_http, by_grpc = tmp_path / "http", tmp_path / "grpc"
    by_http.mkdir()
    by_grpc.mkdir()
    with OtlpReceiver() as http, GrpcReceiver() as grpc:
        assert fuse_otel("once", env=pointed_at(samples, by_http, http.url)).returncode == 0
        ended = fuse_otel("once", env=pointed_at(samples, by_grpc, grpc.url, **GRPC))
        assert (ended.returncode, ended.stdout.count("Traceback")) == (0, 0), ended.stderr
        assert CALL in grpc.sessions()
        assert inflated(http) == inflated(grpc)


def test_traces_go_over_grpc_and_logs_over_http(samples, tmp_path):
    """As Tempo and Loki want it."""
    with GrpcReceiver() as tempo, OtlpReceiver() as loki:
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


def test_check_asks_over_grpc(samples, tmp_path):
    with GrpcReceiver() as receiver:
        env = pointed_at(samples, tmp_path, receiver.url, **GRPC)
        works = fuse_otel("check", "--online", env=env)
        assert works.returncode == 0, works.stdout + works.stderr
        assert {request.inflated for request in receiver.requests} == {b""}
        assert {request.path for request in receiver.requests} == {"/v1/traces", "/v1/logs"}
        receiver.then(GrpcAnswer("UNAUTHENTICATED", "no token"))
        fails = fuse_otel("check", "--online", env=env)
    assert fails.returncode == 1
    assert "UNAUTHENTICATED; check the credentials in the headers: no token" in (
        fails.stdout + fails.stderr
    )


def test_a_lane_that_is_held_ends_once_with_the_reason(samples, tmp_path):
    with GrpcReceiver(decide=lambda _: GrpcAnswer("UNIMPLEMENTED", "unknown service")) as receiver:
        ended = fuse_otel("once", env=pointed_at(samples, tmp_path, receiver.url, **GRPC))
    assert ended.returncode == 1
    assert "unknown service" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_daemon_whose_back_end_is_silent_ends_in_order(tmp_path):
    """A request is in the middle of gRPC's library when the process ends."""
    silent = ACCEPTED.but(delay=600, keep=False)
    with (
        SimulatedApi(World(seed=3, rate=1 / 20, past=3600)) as api,
        GrpcReceiver(decide=lambda _: silent) as receiver,
    ):
        env = pointed_at(
            api,
            tmp_path,
            receiver.url,
            OTEL_EXPORTER_OTLP_TIMEOUT="60000",
            FUSE_OTEL_SHUTDOWN_GRACE="500ms",
            **GRPC,
        )
        with running(env=env, folder=tmp_path) as daemon:
            daemon.wait_for(lambda: len(receiver.requests) == 2)
            assert daemon.end(signal.SIGTERM) == 0
            assert "Traceback" not in daemon.log
            assert all(line.startswith("ts=") for line in daemon.log.splitlines()), daemon.log
        receiver.decide = lambda _: None
        receiver.stopping.set()  # the silent ones give their answers up
        assert fuse_otel("once", env=env).returncode == 0
        assert receiver.sessions()


def test_without_grpc_the_library_is_not_loaded(tmp_path, shut_port):
    """It takes a while, and threads."""
    env = environment(
        FUSE_OTEL_API_URL=f"http://127.0.0.1:{shut_port}/api",
        FUSE_OTEL_EMAIL="owner@example.com",
        FUSE_OTEL_DEVELOPER_KEY="key",
        FUSE_OTEL_STATE_URL=f"sqlite:///{tmp_path / 'state.db'}",
        PYTHONPROFILEIMPORTTIME="1",
    )
    ended = fuse_otel("once", env=env)
    assert "httpx" in ended.stderr
    assert "cygrpc" not in ended.stderr
