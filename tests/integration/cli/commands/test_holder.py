"""One store, one holder: whoever comes second is told, and a dead one tells nothing."""

import pytest
from support.fakes.otlp_answer import Answer
from support.patience import PATIENCE
from support.rigs.command_results import lane_states, status
from support.rigs.program import fuse_otel, running


@pytest.mark.slow
def test_whoever_comes_second_learns_who_holds_the_store(api, receiver, env, tmp_path):
    with running(env=env, folder=tmp_path) as daemon:
        daemon.wait_for(lambda: "poll done" in daemon.log)
        for words in (["run"], ["once"]):
            second = fuse_otel(*words, env=env)
            assert second.returncode == 1
            (line,) = second.stderr.splitlines()
            assert line.startswith(f"fuse-otel: Another fuse-otel (process {daemon.process.pid},")
        assert daemon.end() == 0


@pytest.mark.slow
def test_a_lane_that_is_suspended_is_reported_by_status_and_not_by_a_dead_daemon(
    api, receiver, env, tmp_path
):
    env["FUSE_OTEL_SINCE"] = "1h"
    receiver.decide = lambda _: Answer(401)
    with running(env=env, folder=tmp_path) as daemon:
        daemon.wait_for(lambda: "lane down" in daemon.log and lane_states(env) == {"held"})
        told = status(env)
        assert any("lane default/traces is held: 401" in one for one in told["problems"])
        assert told["accounts"][0]["state"] == "up"
        page = fuse_otel("status", env=env).stdout
        assert f"Running: process {daemon.process.pid}, since" in page
        daemon.process.kill()
        daemon.process.wait(PATIENCE)
    assert "No daemon runs." in fuse_otel("status", env=env).stdout
