"""``parked`` beside a daemon and without one: what was refused leaves once, or is refused again."""

import json
import time
from contextlib import closing

import pytest
from support.fakes.otlp_answer import Answer
from support.rigs.command_results import HOUR, open_jobs, parked_count, waiting
from support.rigs.program import fuse_otel, running, started
from support.scale import scaled

from fuse_otel.jobs.job import Backfill, encode_request
from fuse_otel.store import open_store

pytestmark = pytest.mark.slow

REFUSED = Answer(400, {"Content-Type": "text/plain"}, b"no such tenant")


@pytest.fixture
def victims(api, receiver, env):
    """Two calls with a log, so with a part in both lanes, that the back end refuses."""
    env["FUSE_OTEL_SINCE"] = "1h"
    since, until = time.time() - HOUR + 900, time.time() - 120
    ended = [call for call in api.truth(since, until) if call.log and call.start > since]
    found = [call.session_id for call in ended][:2]
    assert len(found) == 2
    receiver.decide = lambda request: REFUSED if {*found} & {*request.sessions} else None
    return found


def mend(receiver):
    receiver.decide = lambda _: None


def parked(env, *words):
    told = fuse_otel("parked", "list", "--json", *words, env=env)
    assert told.returncode == 0, told.stderr
    return json.loads(told.stdout)


def test_what_was_refused_is_mended_and_replayed_beside_the_daemon(
    victims, receiver, env, tmp_path
):
    with running(env=env, folder=tmp_path) as daemon:
        daemon.wait_for(lambda: "calls parked" in daemon.log and parked_count(env) == 4)
        kept = parked(env)
        assert {one["session_id"] for one in kept} == set(victims)
        assert {one["reason"] for one in kept} == {"400 Bad Request: no such tenant"}
        assert not receiver.sessions() & set(victims)
        shown = fuse_otel("parked", "show", str(kept[0]["id"]), env=env).stdout
        assert "no such tenant" in shown
        assert f"session  {kept[0]['session_id']}" in shown

        mend(receiver)
        told = fuse_otel("parked", "replay", "--all", "--signal", "logs", env=env)
        assert (told.returncode, told.stdout) == (0, "2 parked calls are on the way again.\n")
        first = min(one["id"] for one in kept if one["signal"] == "traces")
        told = fuse_otel("parked", "replay", str(first), env=env)
        assert (told.returncode, told.stdout) == (0, "1 parked call is on the way again.\n")
        told = fuse_otel("parked", "replay", "--all", env=env)
        assert told.returncode == 0, told.stderr
        daemon.wait_for(lambda: set(victims) <= receiver.sessions() and waiting(env) == 0)
        assert parked_count(env) == 0
        # The command may read that the job is done before the daemon writes its log.
        daemon.wait_for(lambda: daemon.log.count("job done") >= 3)
        assert daemon.log.count("job done") == 3
        assert daemon.end() == 0
    assert not receiver.duplicates()


def test_a_replay_that_is_refused_again_is_parked_again_and_may_be_dropped(victims, receiver, env):
    assert fuse_otel("once", env=env).returncode == 0
    first = parked(env)
    assert len(first) == 4

    told = fuse_otel("parked", "replay", "--all", env=env)
    assert told.returncode == 1
    assert "4 calls were refused and parked again" in told.stderr
    second = parked(env)
    assert {one["session_id"] for one in second} == set(victims)
    assert not {one["id"] for one in second} & {one["id"] for one in first}

    told = fuse_otel("parked", "drop", "--all", "--yes", "--destination", "default", env=env)
    assert (told.returncode, told.stdout) == (0, "4 parked calls are dropped.\n")
    assert parked_count(env) == 0
    assert not receiver.sessions() & set(victims)


def test_parked_calls_do_not_wait_for_a_backfill_that_was_left(victims, receiver, env):
    assert fuse_otel("once", env=env).returncode == 0
    now = int(time.time())
    url = env["FUSE_OTEL_STATE_URL"]
    with closing(open_store(url, capacity=10**9, clock=time.time)) as store:
        store.control.add_job(encode_request(Backfill(now - 4 * HOUR, now)), now)
    mend(receiver)
    told = fuse_otel("parked", "replay", "--all", env=env)
    assert (told.returncode, told.stdout) == (0, "4 parked calls are on the way again.\n")
    assert set(victims) <= receiver.sessions()
    ((job, progress),) = open_jobs(env)
    assert (job.kind, progress.calls) == ("backfill", 0)


def test_killed_while_it_replays_each_call_leaves_once(victims, receiver, env, tmp_path):
    assert fuse_otel("once", env=env).returncode == 0
    assert parked_count(env) == 4
    receiver.decide = lambda _: Answer(503)
    for kill in range(scaled(2)):
        folder = tmp_path / str(kill)
        folder.mkdir()
        with started("parked", "replay", "--all", env=env, folder=folder) as replay:
            # Sometimes it is about to be carried out, sometimes it just was.
            replay.wait_for(
                lambda: open_jobs(env) or parked_count(env) == 0 or "parked" in replay.log
            )
            replay.process.kill()
    mend(receiver)
    assert fuse_otel("once", env=env).returncode == 0
    assert set(victims) <= receiver.sessions()
    assert not receiver.duplicates()
    assert (parked_count(env), open_jobs(env)) == (0, ())
