"""One daemon, several back ends, each with its own flavour; by the program itself."""

import sqlite3
from contextlib import closing

import pytest
from support.builders.recent_world import recent_world
from support.fakes.grpc_answer import GrpcAnswer
from support.fakes.grpc_receiver import GrpcReceiver
from support.fakes.otlp_answer import text
from support.fakes.otlp_receiver import OtlpReceiver
from support.rigs.program import fuse_otel, pointed_at, running

from fuse_otel.simulator.simulated_api import SimulatedApi

HOUR = b"service.instance.id"


def file_of(folder, tempo, jaeger, loki, logs_flavour):
    """One that feeds all three, and an archive with the logs as they are."""
    path = folder / "fuse-otel.toml"
    path.write_text(
        f"""
        [[destinations]]
        name = "tempo"
        signals = ["traces"]
        flavour = "tempo"
        protocol = "grpc"
        endpoint = "{tempo.url}"

        [[destinations]]
        name = "jaeger"
        signals = ["traces"]
        flavour = "jaeger"
        endpoint = "{jaeger.url}"

        [[destinations]]
        name = "loki"
        signals = ["logs"]
        logs_flavour = "{logs_flavour}"
        endpoint = "{loki.url}"

        [[destinations]]
        name = "archive"
        type = "file"
        path = "{folder}/calls.jsonl"
        signals = ["logs"]
        """
    )
    return str(path)


@pytest.fixture
def api():
    with SimulatedApi(recent_world(seed=5, rate=1 / 30, past=3600)) as running:
        yield running


def stored(folder):
    with closing(sqlite3.connect(f"file:{folder}/state.db?mode=ro", uri=True)) as connection:
        counted = "select rendering, count(distinct lane) from bodies join deliveries"
        return dict(connection.execute(f"{counted} on body = id group by rendering").fetchall())


def inflated(receiver):
    return b"".join(request.inflated for request in receiver.requests if request.kept)


@pytest.mark.slow
def test_each_gets_its_own_and_a_change_leaves_what_is_stored_alone(api, tmp_path):
    with GrpcReceiver() as tempo, OtlpReceiver() as jaeger, OtlpReceiver() as loki:
        tempo.decide = lambda _: GrpcAnswer("UNAUTHENTICATED")
        jaeger.decide = loki.decide = lambda _: text(401)
        env = pointed_at(
            api,
            tmp_path,
            "",
            FUSE_OTEL_CONFIG=file_of(tmp_path, tempo, jaeger, loki, "loki"),
            FUSE_OTEL_SHUTDOWN_GRACE="0",
        )
        with running(env=env, folder=tmp_path) as daemon:
            # The archive takes its own at once.
            left = {"traces/strict/generic": 2, "logs/strict/loki": 1}
            daemon.wait_for(lambda: "poll done" in daemon.log and stored(tmp_path) == left)
            assert daemon.end() == 0

        file_of(tmp_path, tempo, jaeger, loki, "generic")
        tempo.decide = jaeger.decide = loki.decide = lambda _: None
        ended = fuse_otel("once", env=env)
        assert ended.returncode == 0, ended.stderr
        assert stored(tmp_path) == {}
        assert tempo.sessions() == jaeger.sessions()
        assert set() < loki.sessions() <= tempo.sessions()  # a call may have no log
        assert HOUR not in inflated(tempo)
        assert HOUR in inflated(loki)
        assert HOUR.decode() not in (tmp_path / "calls.jsonl").read_text()
        for receiver in (tempo, jaeger, loki):
            assert receiver.duplicates() == {}
