"""A loop whose step fails in a way that nobody foresaw."""

from threading import Event

import pytest
from support.patience import PATIENCE

from fuse_otel.core.model.lane import LoopName
from fuse_otel.daemon import daemon
from fuse_otel.daemon.daemon import LONGEST_PAUSE, Loop, SupervisedStep
from fuse_otel.events import unheard

NOW = 1_000_000.0
NAME = LoopName("lane", destination="a", signal="logs")


def fails(_now):
    raise KeyError("8005550100")


def test_unexpected_errors_in_a_row_back_off_to_a_minute():
    supervised = SupervisedStep(NAME, fails, unheard, lambda: 0.0)
    pauses = [supervised(NOW) - NOW for _ in range(8)]
    assert all(pause <= LONGEST_PAUSE for pause in pauses)
    assert pauses[0] < LONGEST_PAUSE / 2 <= pauses[-1]


def test_a_step_that_works_ends_the_back_off():
    steps = iter([fails] * 6 + [lambda now: now] + [fails])

    def step(now):
        return next(steps)(now)

    supervised = SupervisedStep(NAME, step, unheard, lambda: 0.0)
    pauses = [supervised(NOW) - NOW for _ in range(8)]
    assert pauses[5] > pauses[7]


def test_a_pause_begins_at_the_error_however_long_the_step_took():
    passed = iter([0.0, 600.0])
    supervised = SupervisedStep(NAME, fails, unheard, lambda: next(passed))
    assert supervised(NOW) > NOW + 600


def test_the_event_says_where_and_holds_no_value():
    heard = []
    SupervisedStep(NAME, fails, heard.append)(NOW)
    (event,) = heard
    assert (event.loop, event.error_type) == (NAME, "KeyError")
    assert event.where.startswith("daemon/test_loop.py:")
    assert "8005550100" not in repr(event)


@pytest.mark.parametrize("reason", ["commit", "stop"])
def test_only_the_end_shortens_the_back_off(reason, monkeypatch):
    monkeypatch.setattr(daemon, "FIRST_PAUSE", LONGEST_PAUSE)
    stepped, times = Event(), []

    def step(now):
        times.append(now)
        stepped.set()
        return fails(now)

    loop = Loop(NAME, step, unheard, lambda: NOW)
    loop.start()
    assert stepped.wait(PATIENCE)
    if reason == "commit":
        loop.wake()
        assert not loop.join(0.2)
        assert times == [NOW]
    loop.stop()
    assert loop.join(PATIENCE)


def test_a_loop_says_when_it_steps_again():
    stepped = Event()

    def step(now):
        stepped.set()
        return now + 50

    loop = Loop(NAME, step, unheard, lambda: NOW)
    assert loop.next_step is None
    loop.start()
    assert stepped.wait(PATIENCE)
    loop.stop()
    assert loop.join(PATIENCE)
    assert loop.next_step == NOW + 50
