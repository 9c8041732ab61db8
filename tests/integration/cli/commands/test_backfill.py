"""``backfill`` beside a daemon and without one: real processes, killed where it hurts."""

import signal
import time

import pytest
from support.rigs.command_results import HOUR, calls, copies, open_jobs, status, waiting
from support.rigs.program import fuse_otel, running, started
from support.scale import scaled

pytestmark = pytest.mark.slow


def test_a_backfill_beside_a_daemon_reads_the_past_and_live_calls_go_on(
    api, receiver, env, tmp_path
):
    now = time.time()
    wanted = calls(api, now - 3 * HOUR + 600, now - HOUR - 60)
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
    assert len(wanted) > 80


def test_a_backfill_alone_works_off_what_it_reads(api, receiver, env):
    now = time.time()
    wanted = calls(api, now - 3 * HOUR + 600, now - HOUR - 60)
    told = fuse_otel("backfill", "--from", "3h", "--to", "1h", env=env)
    assert told.returncode == 0, told.stderr
    assert wanted <= receiver.sessions()
    assert not receiver.duplicates()
    assert told.stderr.startswith("reading the first window, ")
    assert (open_jobs(env), waiting(env)) == ((), 0)

    told = fuse_otel("backfill", "--from", "150m", "--to", "2h", "--again", env=env)
    assert told.returncode == 0, told.stderr
    assert "were read and sent once more." in told.stdout
    assert receiver.duplicates()
    assert {len(same) for same in copies(receiver).values()} == {1}


def test_a_backfill_that_is_interrupted_goes_on_with_the_next_run(api, receiver, env, tmp_path):
    now = time.time()
    wanted = calls(api, now - 4 * HOUR + 600, now - 60)
    # Seconds between two requests: far from its end when the first calls have come.
    env["FUSE_OTEL_MAX_REQUESTS_PER_SECOND"] = "0.4"
    with started("backfill", "--from", "4h", env=env, folder=tmp_path) as backfill:
        backfill.wait_for(receiver.sessions)
        code = backfill.end(signal.SIGINT)
    assert "Traceback" not in backfill.log
    # A machine may be so slow that there was nothing left to interrupt.
    assert code == 130 or "is read: " in backfill.log
    if code == 130:
        assert "Stopped. The job is kept" in backfill.log
        ((job, progress),) = open_jobs(env)
        assert (job.kind, progress.state) == ("backfill", "working")
        assert progress.left > 0

    del env["FUSE_OTEL_MAX_REQUESTS_PER_SECOND"]
    assert fuse_otel("once", env=env).returncode == 0
    assert wanted <= receiver.sessions()
    assert not receiver.duplicates()
    assert open_jobs(env) == ()


def test_a_backfill_beside_a_daemon_may_be_left_alone(api, receiver, env, tmp_path):
    now = time.time()
    wanted = calls(api, now - 4 * HOUR + 600, now - 60)
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
            assert "The daemon continues to read" in backfill.log
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
    wanted = calls(api, now - 4 * HOUR + 600, now - 60)
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
    assert open_jobs(env) == ()
