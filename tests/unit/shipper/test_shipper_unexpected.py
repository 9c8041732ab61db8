"""A lane that meets an exception which nobody foresaw."""

import pytest
from support.builders.ship_values import NOW, TRACES, new_body
from support.rigs.lane_rig import LaneRig, accept

from fuse_otel.core.batching.batch import SMALL
from fuse_otel.events import LaneChanged, LoopFailed
from fuse_otel.shipper import shipper


def raises(*bad):
    """A destination that breaks its word never to raise, on these calls."""

    def decide(sessions):
        if set(sessions) & set(bad):
            raise OverflowError("8005550100")
        return accept(sessions)

    return decide


def names(count, prefix="call"):
    return [f"{prefix} {number:02}" for number in range(count)]


def delivered(rig):
    return {call for request in rig.sent for call in request}


def test_a_call_that_breaks_the_step_is_isolated_and_all_others_are_delivered_once():
    rig = LaneRig(new_body(*names(16)), new_body("other", padding=SMALL), decide=raises("call 11"))
    rig.run_for(3600)
    assert rig.waiting == 1
    passed = [request for request in rig.sent if "call 11" not in request]
    assert sorted(call for request in passed for call in request) == sorted(
        {*names(16), "other"} - {"call 11"}
    )
    rig.destination.decide = accept
    rig.run()
    assert rig.waiting == 0
    assert rig.parked == []


def test_the_same_request_is_repeated_with_growing_waits_only():
    rig = LaneRig(new_body("bad"), decide=raises("bad"))
    rig.run_for(7200)
    assert 7200 / 300 <= len(rig.sent) <= 7200 / 300 + 10


def test_three_in_a_row_take_the_lane_down_until_a_call_is_accepted():
    rig = LaneRig(*(new_body(name, padding=SMALL) for name in names(6)), decide=raises(*names(6)))
    rig.run_for(60)
    (change,) = rig.seen(LaneChanged)
    assert not change.up
    assert change.reason.startswith(
        "unexpected OverflowError at shipper/test_shipper_unexpected.py"
    )
    rig.destination.decide = accept
    rig.run()
    assert [change.up for change in rig.seen(LaneChanged)] == [False, True]
    assert rig.waiting == 0


def test_one_bad_request_among_others_does_not_take_the_lane_down():
    rig = LaneRig(new_body("bad"), decide=raises("bad"))
    rig.step()
    for number in range(20):
        rig.add(new_body(f"good {number}", end=int(rig.now)))
        rig.run_for(30)
    assert {f"good {number}" for number in range(20)} <= delivered(rig)
    assert [change.up for change in rig.seen(LaneChanged)] == [True]


def test_the_log_names_type_and_place_and_no_value():
    rig = LaneRig(new_body("bad"), decide=raises("bad"))
    rig.step()
    (failure,) = rig.seen(LoopFailed)
    assert (str(failure.loop), failure.error_type) == ("lane tempo/traces", "OverflowError")
    assert failure.where.startswith("shipper/test_shipper_unexpected.py:")
    assert "8005550100" not in repr(rig.events)


class BrokenOutbox:
    """The real one, but the method ``breaks`` raises what no store should."""

    def __init__(self, real, breaks):
        self._real, self.breaks, self.calls = real, breaks, 0

    def __getattr__(self, name):
        if name != self.breaks:
            return getattr(self._real, name)
        self.calls += 1
        raise TypeError("a row of another shape")


@pytest.mark.parametrize("method", ["due", "resolve"])
def test_an_outbox_that_breaks_is_read_again_at_most_once_a_minute_and_nothing_is_sent_twice(
    method,
):
    rig = LaneRig(new_body("a"), outbox=lambda real: BrokenOutbox(real, method))
    rig.run_for(7200)
    assert 7200 / 60 <= rig.outbox.calls <= 7200 / 60 + 10
    assert len(rig.sent) == (method == "resolve")
    assert not rig.seen(LaneChanged)[-1].up
    rig.outbox.breaks = ""
    rig.run()
    assert rig.sent == [["a"]]
    assert rig.waiting == 0


def test_a_lane_without_calls_is_up_again_as_soon_as_the_outbox_can_be_read():
    rig = LaneRig(outbox=lambda real: BrokenOutbox(real, "due"))
    rig.run_for(600)
    rig.outbox.breaks = ""
    rig.run_for(120)
    assert [change.up for change in rig.seen(LaneChanged)] == [False, True]


def test_a_request_that_cannot_be_halved_stays_whole_and_the_others_go_on(monkeypatch):
    def breaks(_request):
        raise ValueError("no halves")

    monkeypatch.setattr(shipper, "halve", breaks)
    rig = LaneRig(new_body("bad 1", "bad 2"), decide=raises("bad 1"))
    for number in range(20):
        rig.add(new_body(f"good {number}", end=int(rig.now)))
        rig.run_for(120)
    assert {f"good {number}" for number in range(20)} <= delivered(rig)
    assert rig.waiting == 2


def test_a_lane_starts_up_again_after_the_unexpected():
    """A daemon that is restarted begins with what the store holds."""
    rig = LaneRig(new_body("a", "bad", end=NOW - 50), decide=raises("bad"))
    rig.run_for(600)
    again = LaneRig(outbox=lambda _: rig.store.outbox)
    again.run()
    assert again.lane == TRACES
    assert rig.waiting == 0
