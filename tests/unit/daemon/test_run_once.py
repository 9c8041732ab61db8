"""``run_once`` in simulated time: what it does where history takes longer than its time limit."""

from support.builders.loaded_settings import ACCOUNT
from support.rigs.job_rig import JobRig
from support.rigs.poller_rig import DAY, HOUR, START, PollerRig

from fuse_otel.cli import main
from fuse_otel.daemon.run_once import RunOnceResult, WorkerGroup, run_once
from fuse_otel.events import unheard
from fuse_otel.ports import PendingReason
from fuse_otel.simulator.world import World

REQUEST = 1.0  # seconds


def run(rig, timeout):
    """Every look at the clock costs as much as a request."""
    workers = WorkerGroup(JobRig(rig.store, accounts={"a": ()}).worker, [rig.poller], [], unheard)

    def clock():
        rig.now += REQUEST / 4
        return rig.now

    def sleep(seconds):
        rig.now += seconds

    return run_once(workers, timeout=timeout, clock=clock, sleep=sleep)


def rig_of(past):
    world = World(seed=7, rate=0.003, past=past, start=START)
    return PollerRig(world=world, since=past, list_limit=20, bulk_limit=5)


def test_at_the_time_limit_with_only_history_left_nothing_is_wrong():
    rig = rig_of(DAY)
    result = run(rig, timeout=60.0)
    assert result.history
    assert result.problems == ()
    gaps = rig.position.gaps
    assert gaps
    assert max(gap.end for gap in gaps) < START - HOUR // 2

    later = run(rig, timeout=float(DAY))
    assert not later.history
    assert later.problems == ()
    assert rig.position.gaps == ()


def test_at_the_time_limit_with_the_live_window_unread_that_is_a_problem():
    rig = rig_of(HOUR)
    result = run(rig, timeout=0.5)
    assert not result.history
    assert result.problems == ("Not all was done within 0.5 s; the next run continues from there.",)


def test_once_exits_with_0_at_its_time_limit_if_only_history_is_left(monkeypatch, tmp_path, capsys):
    ended = RunOnceResult((), {PendingReason.GROWING: 2}, history=True)
    monkeypatch.setattr("fuse_otel.daemon.run_once.run_once", lambda *_args, **_options: ended)
    for name, text in {**ACCOUNT, "FUSE_OTEL_STATE_URL": f"sqlite:///{tmp_path}/s.db"}.items():
        monkeypatch.setenv(name, text)
    assert main(["once", "--timeout", "1s"]) == 0
    assert capsys.readouterr().err.splitlines() == [
        "Nothing to deliver.",
        "2 calls are held: their logs may still grow.",
        "Only history is still to be read; the next run continues from there.",
    ]
