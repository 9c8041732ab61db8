"""What a paused lane means for readiness, and what the daemon does when it is resumed."""

import time

from support.builders.store_values import LOKI, NOW, TEMPO
from support.patience import PATIENCE

from fuse_otel.core.model.lane import Lane
from fuse_otel.daemon.daemon import Daemon
from fuse_otel.daemon.readiness import Readiness
from fuse_otel.events import LaneChanged, LanePaused, unheard


def readiness(*events):
    made = Readiness(["main"], [TEMPO, LOKI])
    for event in events:
        made(event)
    return made


def down(lane):
    return LaneChanged(lane, up=False, reason="HTTP status 503")


def test_a_daemon_whose_lanes_are_all_paused_is_ready():
    found = readiness(down(TEMPO), LanePaused(TEMPO, NOW), LanePaused(LOKI, NOW))
    assert found.unready() == []
    assert found.problems() == []
    assert found.lanes_down() == {}
    assert found.paused() == [f"lane {TEMPO} is paused.", f"lane {LOKI} is paused."]


def test_a_paused_lane_does_not_count_as_one_that_works():
    found = readiness(down(LOKI), LanePaused(TEMPO, NOW))
    assert found.unready() == [f"lane {LOKI}: HTTP status 503"]


def test_a_resumed_lane_counts_as_it_was():
    found = readiness(down(TEMPO), LanePaused(TEMPO, NOW), LanePaused(TEMPO, None))
    assert found.problems() == [f"lane {TEMPO}: HTTP status 503"]
    assert found.paused() == []


def test_a_lane_that_this_daemon_does_not_have_is_not_named():
    former = Lane("former", TEMPO.signal)
    assert readiness(LanePaused(former, NOW)).paused() == []


class Lazy:
    """A shipper that waits for an hour unless it is told to hurry."""

    idle = True

    def __init__(self, lane):
        self.lane = lane
        self.steps = 0
        self.hurried = 0

    def try_at_once(self):
        self.hurried += 1

    def step(self, now):
        self.steps += 1
        return now + 3600


class NoJobs:
    def call_when_announced(self, poll):
        pass

    def step(self, now):
        return now + 3600


def wait_until(condition):
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_a_lane_that_is_resumed_steps_at_once_and_the_others_do_not_hurry():
    tempo, loki = Lazy(TEMPO), Lazy(LOKI)
    daemon = Daemon([], [tempo, loki], NoJobs(), unheard, time.time)
    daemon.start()
    try:
        wait_until(lambda: tempo.steps == loki.steps == 1)
        daemon.notice(LanePaused(TEMPO, NOW))
        daemon.notice(LanePaused(TEMPO, None))
        wait_until(lambda: tempo.steps == 2)
    finally:
        assert daemon.stop(PATIENCE)
    assert (tempo.hurried, loki.hurried) == (1, 0)
