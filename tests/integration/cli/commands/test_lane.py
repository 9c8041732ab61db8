"""A back end is maintained while the daemon runs: nothing goes to it, and nothing is lost."""

import time
from contextlib import closing

import pytest
from support import http_client
from support.rigs.command_results import HOUR, looking, status
from support.rigs.program import fuse_otel, running

from fuse_otel.core.model.lane import Lane
from fuse_otel.core.model.telemetry import Signal
from fuse_otel.store import open_store

LANE = Lane("default", Signal.LOGS)
LOGS, TRACES = "/v1/logs", "/v1/traces"
GAUGE = 'fuse_otel_lane_paused_timestamp_seconds{destination="default",signal="logs"}'


@pytest.fixture
def env(api, env):
    """The last hour is read, in which a call with a log has ended."""
    env["FUSE_OTEL_SINCE"] = "1h"
    since, until = time.time() - HOUR + 900, time.time() - 120
    assert [call for call in api.truth(since, until) if call.log and call.start > since]
    return env


def paths(receiver):
    return {request.path for request in receiver.requests}


def lane(env, action):
    """What the command does, without the time that a process takes to start."""
    url = env["FUSE_OTEL_STATE_URL"]
    with closing(open_store(url, capacity=10**9, clock=time.time)) as store:
        if action == "pause":
            store.control.pause([LANE], int(time.time()))
        else:
            store.control.resume([LANE])


def waiting(env):
    with looking(env) as control:
        return {each.lane.signal.value: each.calls for each in control.status().lanes}


def answer(daemon, path):
    return http_client.get(f"{daemon.url}{path}")


def test_a_paused_lane_waits_and_does_not_keep_the_daemon_from_ending(receiver, env, tmp_path):
    lane(env, "pause")  # before there is anything
    with running(env=env, folder=tmp_path) as daemon:
        daemon.wait_for(lambda: TRACES in paths(receiver) and waiting(env)["logs"])
        daemon.wait_for(lambda: "lane paused" in daemon.log)
        assert GAUGE in answer(daemon, "/metrics").text
        ready = answer(daemon, "/-/ready")
        assert (ready.status_code, ready.text) == (200, "Ready.\nlane default/logs is paused.\n")
        assert daemon.end() == 0
    assert LOGS not in paths(receiver)
    assert waiting(env)["logs"]


@pytest.mark.slow
def test_a_running_daemon_notices_the_end_and_the_beginning_of_a_pause(receiver, env, tmp_path):
    lane(env, "pause")
    with running(env=env, folder=tmp_path) as daemon:
        daemon.wait_for(lambda: TRACES in paths(receiver) and waiting(env)["logs"])
        lane(env, "resume")
        daemon.wait_for(lambda: "lane resumed" in daemon.log and not waiting(env)["logs"])
        assert LOGS in paths(receiver)
        assert GAUGE not in answer(daemon, "/metrics").text
        lane(env, "pause")
        daemon.wait_for(lambda: daemon.log.count("lane paused") == 2)
        (paused,) = (each for each in status(env)["lanes"] if each["signal"] == "logs")
        assert paused["paused_since"]
        assert daemon.end() == 0


@pytest.mark.slow
def test_once_delivers_to_the_other_lanes_and_names_what_waits(receiver, env):
    refused = fuse_otel("lane", "pause", "default/logs", env=env)
    assert (refused.returncode, "There is no store at" in refused.stderr) == (1, True)
    lane(env, "resume")  # makes the store
    done = fuse_otel("lane", "pause", "default/logs", env=env)
    assert done.returncode == 0, done.stderr
    done = fuse_otel("once", env=env)
    assert done.returncode == 0, done.stderr
    assert "default/logs: paused, " in done.stderr
    assert paths(receiver) == {TRACES}
    lane(env, "resume")
    done = fuse_otel("once", env=env)
    assert done.returncode == 0, done.stderr
    assert "paused" not in done.stderr
    assert paths(receiver) == {TRACES, LOGS}
    assert not any(waiting(env).values())
