"""Commands beside a daemon and without one: real processes on one store, killed where it hurts."""

import json
import signal
import time
from contextlib import closing, contextmanager

import pytest
from support.otlp_answer import Answer
from support.otlp_receiver import OtlpReceiver
from support.patience import PATIENCE
from support.program import fuse_otel, pointed_at, running, started
from support.scale import scaled

from fuse_otel.orders import Backfill, order_of
from fuse_otel.ports import ParkedQuery
from fuse_otel.simulator import SimulatedApi, World
from fuse_otel.store import open_store

HOUR = 3600
QUICK = {
    "FUSE_OTEL_POLL_INTERVAL": "1s",
    "FUSE_OTEL_SETTLE": "1s",
    "FUSE_OTEL_GROW": "0",
    "FUSE_OTEL_SINCE": "5m",
}
REFUSED = Answer(400, {"Content-Type": "text/plain"}, b"no such tenant")


@pytest.fixture
def api():
    with SimulatedApi(World(seed=5, rate=0.02, past=5 * HOUR, start=time.time())) as api:
        yield api


@pytest.fixture
def receiver():
    with OtlpReceiver() as receiver:
        yield receiver


@pytest.fixture
def env(api, receiver, tmp_path):
    return pointed_at(api, tmp_path, receiver.url, **QUICK)


def calls(api, start, end):
    """Those that certainly lie in the interval, whichever of their times the API filters by."""
    return {call.session_id for call in api.truth(start, end) if start <= call.start <= end}


def status(env):
    told = fuse_otel("status", "--json", env=env)
    assert told.returncode == 0, told.stderr
    return json.loads(told.stdout)


@contextmanager
def looking(env):
    """What is in the store, beside whoever works on it."""
    url = env["FUSE_OTEL_STATE_URL"]
    with closing(open_store(url, capacity=1, read_only=True, clock=time.time)) as store:
        yield store.control


def open_orders(env):
    with looking(env) as control:
        return control.status().orders


def waiting(env):
    """The calls that wait for some lane."""
    with looking(env) as control:
        return sum(lane.calls for lane in control.status().lanes)


def lane_states(env):
    with looking(env) as control:
        return {lane.told.state for lane in control.status().lanes}


def parked_count(env):
    with looking(env) as control:
        return control.parked_count(ParkedQuery())[0]


def copies(receiver):
    """Span id or log record → its different serialisations, of all that was kept."""
    found = {}
    for request in receiver.requests:
        if request.kept:
            for each in (*request.spans, *request.records):
                key = (each.trace_id, each.span_id, getattr(each, "time_unix_nano", None))
                found.setdefault(key, set()).add(each.SerializeToString(deterministic=True))
    return found


def test_a_backfill_beside_a_daemon_reads_the_past_and_live_calls_go_on(
    api, receiver, env, tmp_path
):
    now = time.time()
    wanted = calls(api, now - 3 * HOUR + 60, now - HOUR - 60)
    with running(env=env, folder=tmp_path) as daemon:
        daemon.wait_for(lambda: "poll done" in daemon.log)
        assert not wanted & receiver.sessions()
        interval = ("--from", str(int(now - 3 * HOUR)), "--to", str(int(now - HOUR)))
        told = fuse_otel("backfill", *interval, env=env)
        assert told.returncode == 0, told.stderr
        assert " were new." in told.stdout
        assert "The daemon delivers them" in told.stdout
        daemon.wait_for(lambda: wanted <= receiver.sessions())
        polls = daemon.log.count("poll done")
        daemon.wait_for(lambda: daemon.log.count("poll done") > polls)
        assert status(env)["daemon"].startswith(f"process {daemon.process.pid}, since ")
        assert fuse_otel("backfill", *interval, env=env).returncode == 0
        assert daemon.end() == 0
    assert not receiver.duplicates()
    assert len(wanted) > 50


def test_a_backfill_alone_works_off_what_it_reads(api, receiver, env):
    now = time.time()
    wanted = calls(api, now - 3 * HOUR + 60, now - HOUR - 60)
    told = fuse_otel("backfill", "--from", "3h", "--to", "1h", env=env)
    assert told.returncode == 0, told.stderr
    assert wanted <= receiver.sessions()
    assert not receiver.duplicates()
    assert told.stderr.startswith("reading the first window, ")
    assert (open_orders(env), waiting(env)) == ((), 0)

    told = fuse_otel("backfill", "--from", "150m", "--to", "2h", "--again", env=env)
    assert told.returncode == 0, told.stderr
    assert "were read and sent once more." in told.stdout
    assert receiver.duplicates()
    assert {len(same) for same in copies(receiver).values()} == {1}


def test_a_backfill_that_is_interrupted_goes_on_with_the_next_run(api, receiver, env, tmp_path):
    now = time.time()
    wanted = calls(api, now - 4 * HOUR + 60, now - 60)
    # Seconds between two requests: far from its end when the first calls have come.
    env["FUSE_OTEL_MAX_REQUESTS_PER_SECOND"] = "0.4"
    with started("backfill", "--from", "4h", env=env, folder=tmp_path) as backfill:
        backfill.wait_for(receiver.sessions)
        code = backfill.end(signal.SIGINT)
    assert "Traceback" not in backfill.log
    # A machine may be so slow that there was nothing left to interrupt.
    assert code == 130 or "is read: " in backfill.log
    if code == 130:
        assert "Stopped. The order is kept" in backfill.log
        ((order, receipt),) = open_orders(env)
        assert (order.kind, receipt.state) == ("backfill", "working")
        assert receipt.left > 0

    del env["FUSE_OTEL_MAX_REQUESTS_PER_SECOND"]
    assert fuse_otel("once", env=env).returncode == 0
    assert wanted <= receiver.sessions()
    assert not receiver.duplicates()
    assert open_orders(env) == ()


def test_a_backfill_beside_a_daemon_may_be_left_alone(api, receiver, env, tmp_path):
    now = time.time()
    wanted = calls(api, now - 4 * HOUR + 60, now - 60)
    env |= {"FUSE_OTEL_MAX_REQUESTS_PER_SECOND": "2", "FUSE_OTEL_POLL_INTERVAL": "5s"}
    other = tmp_path / "other"
    other.mkdir()
    with running(env=env, folder=tmp_path) as daemon:
        daemon.wait_for(lambda: "poll done" in daemon.log)
        with started("backfill", "--from", "4h", env=env, folder=other) as backfill:
            backfill.wait_for(lambda: " call" in backfill.log)
            code = backfill.end(signal.SIGINT)
        # A machine may be so slow that there was nothing left to interrupt but the very end.
        if "is read: " not in backfill.log:
            assert code == 130
            assert "The daemon goes on reading" in backfill.log
        daemon.wait_for(lambda: wanted <= receiver.sessions())
        assert daemon.end() == 0
    assert not receiver.duplicates()


def test_bad_times_are_one_sentence_and_2(env):
    for words, sentence in (
        (["--from", "6d"], "--from: "),
        (["--from", "1h", "--account", "nobody"], "--account: nobody is not configured"),
    ):
        told = fuse_otel("backfill", *words, env=env)
        assert told.returncode == 2
        (line,) = told.stderr.splitlines()
        assert line.startswith(f"fuse-otel: {sentence}")


def test_killed_at_random_moments_a_backfill_is_done_once(api, receiver, env, tmp_path):
    now = time.time()
    wanted = calls(api, now - 4 * HOUR + 60, now - 60)
    for kill in range(scaled(3)):
        with started("backfill", "--from", "4h", env=env, folder=tmp_path) as backfill:
            reached = len(receiver.requests) + 1 + 3 * (kill % 4)
            backfill.wait_for(
                lambda reached=reached: (
                    len(receiver.requests) >= reached or backfill.log.count("were new.") > 0
                )
            )
            backfill.process.kill()
    assert fuse_otel("once", env=env).returncode == 0
    assert wanted <= receiver.sessions()
    assert {len(same) for same in copies(receiver).values()} == {1}
    assert open_orders(env) == ()


# --- parked calls ---


@pytest.fixture
def victims(api, receiver, env):
    """Two calls that the back end refuses."""
    env["FUSE_OTEL_SINCE"] = "1h"
    now = time.time()
    found = sorted(calls(api, now - HOUR + 120, now - 120))[:2]
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
        assert daemon.log.count("order done") == 3
        assert daemon.end() == 0
    assert not receiver.duplicates()


def test_a_replay_that_is_refused_again_is_parked_again_and_may_be_dropped(victims, receiver, env):
    assert fuse_otel("once", env=env).returncode == 0
    first = parked(env)
    assert len(first) == 4

    told = fuse_otel("parked", "replay", "--all", env=env)
    assert told.returncode == 1
    assert "4 calls were refused and parked once more" in told.stderr
    second = parked(env)
    assert {one["session_id"] for one in second} == set(victims)
    assert not {one["id"] for one in second} & {one["id"] for one in first}

    told = fuse_otel("parked", "drop", "--all", "--destination", "default", env=env)
    assert (told.returncode, told.stdout) == (0, "4 parked calls are dropped.\n")
    assert parked_count(env) == 0
    assert not receiver.sessions() & set(victims)


def test_parked_calls_do_not_wait_for_a_backfill_that_was_left(victims, receiver, env):
    assert fuse_otel("once", env=env).returncode == 0
    now = int(time.time())
    url = env["FUSE_OTEL_STATE_URL"]
    with closing(open_store(url, capacity=10**9, clock=time.time)) as store:
        store.control.order(order_of(Backfill(now - 4 * HOUR, now)), now)
    mend(receiver)
    told = fuse_otel("parked", "replay", "--all", env=env)
    assert (told.returncode, told.stdout) == (0, "4 parked calls are on the way again.\n")
    assert set(victims) <= receiver.sessions()
    ((order, receipt),) = open_orders(env)
    assert (order.kind, receipt.calls) == ("backfill", 0)


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
                lambda: open_orders(env) or parked_count(env) == 0 or "parked" in replay.log
            )
            replay.process.kill()
    mend(receiver)
    assert fuse_otel("once", env=env).returncode == 0
    assert set(victims) <= receiver.sessions()
    assert not receiver.duplicates()
    assert (parked_count(env), open_orders(env)) == (0, ())


# --- one store, one holder ---


def test_whoever_comes_second_is_told_who_holds_the_store(api, receiver, env, tmp_path):
    with running(env=env, folder=tmp_path) as daemon:
        daemon.wait_for(lambda: "poll done" in daemon.log)
        for words in (["run"], ["once"]):
            second = fuse_otel(*words, env=env)
            assert second.returncode == 1
            (line,) = second.stderr.splitlines()
            assert line.startswith(f"fuse-otel: Another fuse-otel (process {daemon.process.pid},")
        assert daemon.end() == 0


def test_a_lane_that_is_held_is_told_by_status_and_not_by_a_dead_daemon(
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
