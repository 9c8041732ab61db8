"""The main job, as a user sees it: from the API to a back end, by the program itself."""

import time
from pathlib import Path

import pytest
from support.otlp_answer import Answer
from support.otlp_receiver import OtlpReceiver
from support.program import environment, fuse_otel, pointed_at

from fuse_otel.simulator import Fault, Faults, SamplesWorld, SimulatedApi, World

SAMPLES = Path(__file__).parents[1] / "data" / "samples"
CALL = "300060;001;1529552581"
PRIVATE = (b"tests@plumgroup.com", b"This is the subject", b"This is the body", b"2125551234")
THREE_HOURS = 3 * 3600


@pytest.fixture
def samples():
    with SimulatedApi(SamplesWorld.from_folder(SAMPLES)) as api:
        yield api


def attributes(thing):
    return {pair.key: pair.value.string_value for pair in thing.attributes}


def test_the_documented_call_becomes_one_trace(samples, tmp_path):
    with OtlpReceiver() as receiver:
        ended = fuse_otel("once", env=pointed_at(samples, tmp_path, receiver.url))
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


def test_what_was_sent_is_not_sent_again(samples, tmp_path):
    with OtlpReceiver() as receiver:
        env = pointed_at(samples, tmp_path, receiver.url)
        fuse_otel("once", env=env)
        before = len(receiver.requests)
        assert fuse_otel("once", env=env).returncode == 0
        assert len(receiver.requests) == before


def test_three_hours_of_calls_cost_few_requests(tmp_path):
    now = time.time()
    world = World(seed=11, rate=300 / THREE_HOURS, past=THREE_HOURS, start=now)
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
        since = now - THREE_HOURS + 60
        listed = {c.session_id for c in api.truth(since, now - 30) if c.start > since}
        assert len(listed) > 200
        assert listed <= receiver.sessions()
        assert not {k: n for k, n in receiver.duplicates().items() if n > 1}
        assert sum(api.requests.values()) < 200


def test_a_back_end_that_dribbles_is_given_up_and_the_calls_are_kept(samples, tmp_path):
    with OtlpReceiver(decide=lambda _: Answer(body=b"\n\0" * 500, dribble=1.0)) as receiver:
        env = pointed_at(samples, tmp_path, receiver.url, OTEL_EXPORTER_OTLP_TIMEOUT="500")
        began = time.monotonic()
        ended = fuse_otel("once", "--timeout", "20", env=env)
        assert ended.returncode == 1
        assert time.monotonic() - began < 40
        assert "lane default/" in ended.stderr
    with OtlpReceiver() as receiver:
        env["OTEL_EXPORTER_OTLP_ENDPOINT"] = receiver.url
        assert fuse_otel("once", env=env).returncode == 0
        assert CALL in receiver.sessions()


def test_a_wrong_key_is_one_sentence(tmp_path):
    with SimulatedApi(World(seed=1), developer_key="another") as api, OtlpReceiver() as receiver:
        env = pointed_at(api, tmp_path, receiver.url, FUSE_OTEL_DEVELOPER_KEY="wrong")
        ended = fuse_otel("once", env=env)
    assert ended.returncode == 1
    said = [line for line in ended.stderr.splitlines() if line.startswith("fuse-otel:")]
    assert len(said) == 1
    assert "account default" in said[0]
    assert "Traceback" not in ended.stderr


def test_an_api_that_cannot_be_reached_is_one_sentence(tmp_path, shut_port):
    env = environment(
        FUSE_OTEL_API_URL=f"http://127.0.0.1:{shut_port}/api",
        FUSE_OTEL_EMAIL="owner@example.com",
        FUSE_OTEL_DEVELOPER_KEY="key",
        FUSE_OTEL_STATE_URL=f"sqlite:///{tmp_path / 'state.db'}",
    )
    ended = fuse_otel("once", env=env)
    assert ended.returncode == 1
    assert len([x for x in ended.stderr.splitlines() if x.startswith("fuse-otel:")]) == 1
    assert "Traceback" not in ended.stderr


def test_an_api_that_fails_is_given_up_by_once(tmp_path):
    with (
        SimulatedApi(World(seed=1), faults=Faults([Fault("error")])) as api,
        OtlpReceiver() as receiver,
    ):
        ended = fuse_otel("once", env=pointed_at(api, tmp_path, receiver.url))
    assert ended.returncode == 1


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"FUSE_OTEL_EMAIL": ""}, "FUSE_OTEL_EMAIL"),
        ({"FUSE_OTEL_POL_INTERVAL": "30s"}, "Did you mean FUSE_OTEL_POLL_INTERVAL?"),
        ({"FUSE_OTEL_GROW": "soon"}, "FUSE_OTEL_GROW"),
    ],
)
def test_a_bad_configuration_is_one_sentence_and_78(settings, sentence):
    env = environment(FUSE_OTEL_EMAIL="owner@example.com", FUSE_OTEL_DEVELOPER_KEY="key")
    ended = fuse_otel("once", env={**env, **settings})
    assert ended.returncode == 78
    (line,) = ended.stderr.splitlines()
    assert sentence in line
