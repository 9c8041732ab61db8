"""``fuse-otel once`` where a part of the world does not work: the rest is worked off."""

import json
import signal
import time
from pathlib import Path

import pytest
from support.builders.recent_world import recent_world
from support.fakes.otlp_answer import Answer
from support.fakes.otlp_receiver import OtlpReceiver
from support.fakes.otlp_request import string
from support.rigs.program import fuse_otel, pointed_at, started

from fuse_otel.simulator.faults import Fault, FaultKind
from fuse_otel.simulator.samples import SamplesWorld
from fuse_otel.simulator.simulated_api import SimulatedApi

SAMPLES = Path(__file__).parents[2] / "data" / "samples"
HOUR = 3600
LISTED = 2  # calls of the samples
NO_SUCH_TENANT = Answer(404, {"Content-Type": "text/plain"}, b"no such tenant")


@pytest.fixture
def samples():
    with SimulatedApi(SamplesWorld.from_folder(SAMPLES)) as api:
        yield api


def problems(ended):
    return [line for line in ended.stderr.splitlines() if line.startswith("fuse-otel:")]


def test_an_account_with_a_wrong_key_keeps_no_other_from_being_read(samples, tmp_path):
    file = tmp_path / "accounts.toml"
    file.write_text(
        f"""
        [[accounts]]
        name = "locked"
        email = "locked@example.com"
        developer_key = "wrong"
        [[accounts]]
        name = "open"
        email = "{samples.email}"
        developer_key = "{samples.developer_key}"
        """
    )
    nobody = {"FUSE_OTEL_EMAIL": "", "FUSE_OTEL_DEVELOPER_KEY": ""}
    with OtlpReceiver() as receiver:
        env = pointed_at(samples, tmp_path, receiver.url, **nobody)
        ended = fuse_otel("once", "--config", str(file), env=env)
        delivered = receiver.sessions()
        resources = [resource for each in receiver.requests for resource in each.resources]
    assert ended.returncode == 1
    (problem,) = problems(ended)
    assert "account locked" in problem
    assert {string(each.attributes, "fuse.account") for each in resources} == {"open"}
    assert {each.path for each in receiver.requests} == {"/v1/traces", "/v1/logs"}
    assert len(delivered) == LISTED


@pytest.mark.slow
def test_a_lane_that_is_suspended_keeps_no_other_from_delivering(tmp_path):
    with (
        SimulatedApi(recent_world(seed=4, rate=1 / 20, past=2 * HOUR)) as api,
        OtlpReceiver() as tempo,
        OtlpReceiver(decide=lambda _: NO_SUCH_TENANT) as loki,
    ):
        logs = f"{loki.url}/v1/logs"
        env = pointed_at(
            api,
            tmp_path,
            tempo.url,
            OTEL_EXPORTER_OTLP_LOGS_ENDPOINT=logs,
            FUSE_OTEL_SINCE="2h",
        )
        ended = fuse_otel("once", env=env)
        told = json.loads(fuse_otel("status", "--json", env=env).stdout)
        delivered = {span.trace_id for span in tempo.spans()}
    assert ended.returncode == 1
    (problem,) = problems(ended)
    assert "lane default/logs" in problem
    assert "no such tenant" in problem
    (account,) = told["accounts"]
    assert account["gaps"] == []
    assert len(delivered) == account["calls"] > 100
    assert {lane["signal"] for lane in told["lanes"] if lane["calls"]} == {"logs"}


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_when_stopped_it_reports_that_and_a_later_run_goes_on(samples, tmp_path, number):
    samples.faults.add(Fault(FaultKind.THROTTLED, retry_after=600))
    with OtlpReceiver() as receiver:
        env = pointed_at(samples, tmp_path, receiver.url)
        with started("once", env=env, folder=tmp_path) as first:
            first.wait_for(lambda: "throttled" in first.log)
            assert first.end(number) == 130
            assert "Stopped. The next run continues from there." in first.log
            assert "Traceback" not in first.log
        samples.faults.clear()
        assert fuse_otel("once", env=env).returncode == 0
        assert len(receiver.sessions()) == LISTED


@pytest.mark.slow
def test_a_time_limit_is_written_like_every_duration(samples, tmp_path):
    with OtlpReceiver() as receiver:
        env = pointed_at(samples, tmp_path, receiver.url)
        assert fuse_otel("once", "--timeout", "5m", env=env).returncode == 0
        for wrong in ("-1", "nan", "soon"):
            ended = fuse_otel("once", "--timeout", wrong, env=env)
            assert ended.returncode == 2
            assert "is not a duration" in ended.stderr


@pytest.mark.slow
def test_a_call_that_the_api_does_not_answer_for_is_named_and_fails(tmp_path):
    world = recent_world(seed=4, rate=1 / 60, past=HOUR)
    with SimulatedApi(world) as api, OtlpReceiver() as receiver:
        now = time.time()
        victim = next(c for c in api.truth(now - 3000, now - 600) if c.log and c.exited)
        api.faults.add(Fault(FaultKind.ERROR, endpoint="call", session=victim.session_id))
        api.faults.add(Fault(FaultKind.ERROR, endpoint="all_logs"))
        env = pointed_at(
            api, tmp_path, receiver.url, FUSE_OTEL_SINCE="1h", FUSE_OTEL_GROW="0",
            FUSE_OTEL_MAX_REQUESTS_PER_SECOND="100",
        )  # fmt: skip
        ended = fuse_otel("once", env=env)
        delivered = receiver.sessions()
    assert ended.returncode == 1
    assert any("does not answer for the log of 1 call;" in line for line in problems(ended))
    assert victim.session_id not in delivered
    assert len(delivered) > 10


def test_the_summary_names_parked_calls(samples, tmp_path):
    refused = Answer(400, {"Content-Type": "text/plain"}, b"no such field")
    with OtlpReceiver(decide=lambda _: refused) as receiver:
        env = pointed_at(samples, tmp_path, receiver.url)
        ended = fuse_otel("once", env=env)
    assert "calls are parked; see `fuse-otel parked list`." in ended.stderr
