"""A lane that an operator has paused: nothing is sent, nothing is lost, and it goes on at once."""

import pytest
from support.builders.ship_values import NOW, TRACES, new_body
from support.rigs.lane_rig import ACCEPTED, LaneRig

from fuse_otel.core.batching.export_result import Retry, Suspended
from fuse_otel.errors import Broken
from fuse_otel.events import LaneChanged, StoreFailed


def pause(rig):
    rig.store.control.pause([TRACES], NOW)


def resume(rig):
    rig.store.control.resume([TRACES])


def test_a_paused_lane_sends_nothing_and_keeps_its_calls():
    rig = LaneRig(new_body("a"), new_body("b"))
    pause(rig)
    rig.run_for(600)
    assert rig.sent == []
    assert rig.waiting == 2
    # The daemon can end, and `once` as well.
    assert rig.shipper.idle
    assert rig.seen(LaneChanged) == []


def test_a_resumed_lane_sends_what_waits_within_a_second():
    rig = LaneRig(new_body("a"))
    pause(rig)
    wait = rig.step()
    assert 0 < wait <= 1
    resume(rig)
    rig.now += wait
    rig.run()
    assert rig.sent == [["a"]]
    assert rig.waiting == 0


def test_a_lane_that_is_paused_between_two_requests_sends_the_rest_later():
    rig = LaneRig(new_body("a"))
    rig.step()
    pause(rig)
    rig.add(new_body("b"))
    rig.run_for(10)
    assert rig.sent == [["a"]]
    resume(rig)
    rig.run()
    assert rig.sent == [["a"], ["b"]]


def test_what_was_sent_before_the_pause_is_acknowledged_in_it():
    """Else it would be sent again after a restart."""

    class Unsure:
        failing = True

        def __init__(self, real):
            self._real = real

        def __getattr__(self, name):
            return getattr(self._real, name)

        def resolve(self, *args):
            if self.failing:
                raise Broken("The disk is gone.")
            self._real.resolve(*args)

    rig = LaneRig(new_body("a"), outbox=Unsure)
    rig.step()
    pause(rig)
    rig.outbox.failing = False
    rig.run_for(120)
    assert rig.sent == [["a"]]
    assert rig.waiting == 0


@pytest.mark.parametrize("result", [Retry("503", "starting"), Suspended("401", "a wrong token")])
def test_a_resumed_lane_does_not_wait_for_the_end_of_its_back_off(result):
    answers = [result] * 9
    rig = LaneRig(new_body("a"), decide=lambda _: answers.pop() if answers else ACCEPTED)
    while answers:
        wait = rig.step()
        rig.now += wait if answers else 0
    assert wait >= 60
    rig.shipper.try_at_once()
    rig.step()
    assert rig.waiting == 0
    assert rig.seen(LaneChanged)[-1].up


def test_a_store_that_cannot_be_read_is_read_again():
    class Failing:
        errors = 3

        def __init__(self, real):
            self._real = real

        def __getattr__(self, name):
            return getattr(self._real, name)

        def is_paused(self, lane):
            if self.errors:
                self.errors -= 1
                raise Broken("The disk is gone.")
            return self._real.is_paused(lane)

    rig = LaneRig(new_body("a"), outbox=Failing)
    rig.run()
    assert len(rig.seen(StoreFailed)) == 3
    assert rig.sent == [["a"]]
