"""What ``once`` and ``check`` say, and how they end, when something does not work."""

import pytest
from support.builders.call_values import SAMPLES
from support.builders.recent_world import recent_world
from support.fakes.otlp_answer import Answer
from support.fakes.otlp_protocols import BOTH
from support.fakes.otlp_receiver import OtlpReceiver
from support.rigs.program import environment, fuse_otel, pointed_at

from fuse_otel.simulator.faults import Fault, FaultKind, Faults
from fuse_otel.simulator.samples import SamplesWorld
from fuse_otel.simulator.simulated_api import SimulatedApi

pytestmark = pytest.mark.slow


@pytest.fixture
def api():
    with SimulatedApi(SamplesWorld.from_folder(SAMPLES)) as api:
        yield api


def unreachable(folder, port):
    return environment(
        FUSE_OTEL_API_URL=f"http://127.0.0.1:{port}/api",
        FUSE_OTEL_EMAIL="owner@example.com",
        FUSE_OTEL_DEVELOPER_KEY="key",
        FUSE_OTEL_STATE_URL=f"sqlite:///{folder / 'state.db'}",
    )


@pytest.mark.parametrize("protocol", BOTH.values(), ids=BOTH)
def test_check_asks_the_back_end(api, tmp_path, protocol):
    with protocol.receiver() as receiver:
        env = pointed_at(api, tmp_path, receiver.url, **protocol.settings)
        works = fuse_otel("check", "--online", env=env)
        assert works.returncode == 0, works.stdout + works.stderr
        assert {request.inflated for request in receiver.requests} == {b""}
        assert {request.path for request in receiver.requests} == {"/v1/traces", "/v1/logs"}
        receiver.then(protocol.unauthorised)
        fails = fuse_otel("check", "--online", env=env)
    assert fails.returncode == 1
    assert "; check the credentials in the headers: no token" in fails.stdout + fails.stderr


@pytest.mark.parametrize("protocol", BOTH.values(), ids=BOTH)
def test_a_lane_that_is_suspended_ends_once_with_the_reason(api, tmp_path, protocol):
    with protocol.receiver(decide=lambda _: protocol.unauthorised) as receiver:
        ended = fuse_otel("once", env=pointed_at(api, tmp_path, receiver.url, **protocol.settings))
    assert ended.returncode == 1
    assert "no token" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_back_end_that_dribbles_is_given_up_and_the_calls_are_kept(api, tmp_path):
    for_long = Answer(body=b"\n\0" * 500, dribble=1.0)  # a thousand seconds
    with OtlpReceiver(decide=lambda _: for_long) as receiver:
        env = pointed_at(api, tmp_path, receiver.url, OTEL_EXPORTER_OTLP_TIMEOUT="500")
        ended = fuse_otel("once", "--timeout", "20", env=env)
        assert ended.returncode == 1
        assert "lane default/" in ended.stderr
    with OtlpReceiver() as receiver:
        env = pointed_at(api, tmp_path, receiver.url)
        assert fuse_otel("once", env=env).returncode == 0
        assert receiver.sessions()


def test_a_wrong_key_is_one_sentence(tmp_path):
    with (
        SimulatedApi(recent_world(seed=1, rate=0.1), developer_key="another") as api,
        OtlpReceiver() as receiver,
    ):
        env = pointed_at(api, tmp_path, receiver.url, FUSE_OTEL_DEVELOPER_KEY="wrong")
        ended = fuse_otel("once", env=env)
    assert ended.returncode == 1
    said = [line for line in ended.stderr.splitlines() if line.startswith("fuse-otel:")]
    assert len(said) == 1
    assert "account default" in said[0]
    assert "Traceback" not in ended.stderr


def test_an_api_that_cannot_be_reached_is_one_sentence(tmp_path, shut_port):
    ended = fuse_otel("once", env=unreachable(tmp_path, shut_port))
    assert ended.returncode == 1
    assert len([x for x in ended.stderr.splitlines() if x.startswith("fuse-otel:")]) == 1
    assert "Traceback" not in ended.stderr


def test_without_grpc_the_library_is_not_loaded(tmp_path, shut_port):
    """It takes a while, and threads."""
    env = unreachable(tmp_path, shut_port) | {"PYTHONPROFILEIMPORTTIME": "1"}
    ended = fuse_otel("once", env=env)
    assert "httpx" in ended.stderr
    assert "cygrpc" not in ended.stderr


def test_an_api_that_fails_is_given_up_by_once(tmp_path):
    with (
        SimulatedApi(
            recent_world(seed=1, rate=0.1), faults=Faults([Fault(FaultKind.ERROR)])
        ) as api,
        OtlpReceiver() as receiver,
    ):
        ended = fuse_otel("once", env=pointed_at(api, tmp_path, receiver.url))
    assert ended.returncode == 1


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"FUSE_OTEL_EMAIL": ""}, "FUSE_OTEL_EMAIL"),
        ({"FUSE_OTEL_POL_INTERVAL": "30s"}, "Did you mean `FUSE_OTEL_POLL_INTERVAL`?"),
        ({"FUSE_OTEL_GROW": "soon"}, "FUSE_OTEL_GROW"),
    ],
)
def test_a_bad_configuration_is_one_sentence_and_78(settings, sentence):
    env = environment(FUSE_OTEL_EMAIL="owner@example.com", FUSE_OTEL_DEVELOPER_KEY="key")
    ended = fuse_otel("once", env={**env, **settings})
    assert ended.returncode == 78
    (line,) = ended.stderr.splitlines()
    assert sentence in line


@pytest.mark.parametrize("endpoint", ["calls", "call"])
def test_an_api_that_never_answers_does_not_outlast_the_time_limit(api, tmp_path, endpoint):
    api.faults.add(Fault(FaultKind.LATENCY, endpoint=endpoint, seconds=1000))
    with OtlpReceiver() as receiver:
        env = pointed_at(api, tmp_path, receiver.url)
        # A request of its own would be given up after a minute.
        ended = fuse_otel("once", "--timeout", "2s", env=env, patience=50)
    assert ended.returncode == 1
    assert "Not all was done within 2 s; the next run continues from there." in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("protocol", BOTH.values(), ids=BOTH)
def test_a_back_end_that_never_answers_does_not_outlast_the_time_limit(api, tmp_path, protocol):
    silent = protocol.troubles["silence"].but(delay=1000)
    with protocol.receiver(decide=lambda _: silent) as receiver:
        patient = {"OTEL_EXPORTER_OTLP_TIMEOUT": "600000"}
        env = pointed_at(api, tmp_path, receiver.url, **protocol.settings, **patient)
        ended = fuse_otel("once", "--timeout", "2s", env=env, patience=50)
    assert ended.returncode == 1
    assert "Not all was done within 2 s; the next run continues from there." in ended.stderr
    assert "Traceback" not in ended.stderr
