"""``erase`` beside a daemon and without one: the erased call does not leave any more."""

import time

import pytest
from support.fakes.otlp_answer import Answer
from support.rigs.command_results import HOUR, parked_count, waiting
from support.rigs.program import fuse_otel, running

pytestmark = pytest.mark.slow

DOWN = Answer(503, {"Content-Type": "text/plain"}, b"starting")


@pytest.fixture
def calls(api, env):
    """Two calls with a log that ended a while ago."""
    env["FUSE_OTEL_SINCE"] = "1h"
    since, until = time.time() - HOUR + 900, time.time() - 120
    ended = [call for call in api.truth(since, until) if call.log and call.start > since]
    found = [call.session_id for call in ended][:2]
    assert len(found) == 2
    return found


def test_a_call_that_waits_for_a_back_end_is_erased_beside_the_daemon(
    calls, receiver, env, tmp_path
):
    receiver.decide = lambda _: DOWN
    with running(env=env, folder=tmp_path) as daemon:
        daemon.wait_for(lambda: fuse_otel("show", calls[0], env=env).returncode == 0)
        erased = fuse_otel("erase", calls[0], env=env)
        assert erased.returncode == 0, erased.stderr
        assert (
            "1 copy of the pages, 1 row of the index of calls, 1 waiting copy for default/traces"
            in erased.stdout
        )
        assert "Not erased: what was delivered to default" in erased.stdout
        assert fuse_otel("show", calls[0], env=env).returncode == 1
        receiver.decide = lambda _: None
        daemon.wait_for(lambda: calls[1] in receiver.sessions() and waiting(env) == 0)
        assert calls[0] not in receiver.sessions()
        assert daemon.end() == 0
    again = fuse_otel("erase", calls[0], env=env)
    assert (again.returncode, "held no copy" in again.stdout) == (0, True)


def test_a_parked_call_is_erased_without_a_daemon_and_not_read_again(calls, receiver, env):
    refused = Answer(400, {"Content-Type": "text/plain"}, b"no such tenant")
    receiver.decide = lambda request: refused if calls[0] in request.sessions else None
    fuse_otel("once", env=env)
    assert parked_count(env) == 2
    erased = fuse_otel("erase", calls[0], env=env)
    assert erased.returncode == 0, erased.stderr
    assert "1 parked copy for default/logs" in erased.stdout
    assert parked_count(env) == 0
    receiver.decide = lambda _: None
    backfill = fuse_otel("backfill", "--from", "1h", "--to", "30s", "--again", env=env)
    assert backfill.returncode == 0, backfill.stderr
    assert calls[1] in receiver.sessions()
    assert calls[0] not in receiver.sessions()
    unknown = fuse_otel("erase", "1;2;3", env=env)
    assert unknown.returncode == 1
    assert "The store holds nothing of this call" in unknown.stderr
