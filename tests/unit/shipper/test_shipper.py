"""A lane, step by step: every outcome, with a real store and time by hand."""

import pytest
from support.builders.ship_values import ITEMS, LOGS, NOW, TRACES, encoded, new_body
from support.rigs.lane_rig import LaneRig, refusing

from fuse_otel.core.batching.batch import MAX_INFLATED, SMALL
from fuse_otel.core.batching.export_result import (
    Accepted,
    PartialSuccess,
    PermanentFailure,
    RequestTooLarge,
    Retry,
    Suspended,
)
from fuse_otel.core.batching.gzip_member import inflate
from fuse_otel.core.model.telemetry import Signal
from fuse_otel.events import CallsDelivered, CallsParked, ExportDone, LaneChanged
from fuse_otel.shipper import ShipperOptions

DOWN = Retry("503", "starting")
OK = Accepted("200")
BAD = PermanentFailure("400", "bad span")


# --- accepted ---


def test_a_batch_is_sent_and_resolved():
    rig = LaneRig(new_body("a", "b", end=NOW - 50), seconds=0.25)
    assert rig.step() == 0
    assert rig.sent == [["a", "b"]]
    assert rig.waiting == 0
    batch = new_body("a", "b", end=NOW - 50)
    assert rig.events == [
        ExportDone(
            TRACES, "200", "accepted", 0.25, 2 * ITEMS, 0, "", 0, batch.size, len(batch.data)
        ),
        LaneChanged(TRACES, up=True, reason=""),
        CallsDelivered(TRACES, NOW + 0.25, (NOW - 50, NOW - 50)),
    ]


def test_a_lane_without_work_asks_again_soon():
    rig = LaneRig()
    assert rig.step() == ShipperOptions().idle
    assert rig.shipper.idle
    assert rig.shipper.suspended is None
    assert rig.events == []


def test_a_lane_is_not_idle_before_it_looked_nor_while_it_works():
    rig = LaneRig(new_body("a"))
    assert not rig.shipper.idle
    rig.step()
    assert not rig.shipper.idle
    rig.step()
    assert rig.shipper.idle


def test_small_batches_that_wait_go_together_oldest_first():
    bodies = [new_body(name, end=NOW - 9000 + place) for place, name in enumerate("bcad")]
    rig = LaneRig(*bodies)
    rig.run()
    assert rig.sent == [["b", "c", "a", "d"]]
    assert rig.waiting == 0


def test_no_request_is_larger_than_a_batch_may_be():
    names = [f"call {number}" for number in range(12)]
    bodies = [new_body(name, end=NOW - 9000, padding=SMALL // 2 - 500) for name in names]
    rig = LaneRig(*bodies)
    rig.run()
    assert [len(request) for request in rig.sent] == [4, 4, 4]
    assert [name for request in rig.sent for name in request] == names
    assert 4 * bodies[0].size <= MAX_INFLATED


def test_live_calls_go_before_old_ones():
    large = SMALL
    rig = LaneRig(*(new_body(f"old {number}", padding=large) for number in range(3)))
    rig.step()
    rig.add(new_body("live", end=NOW - 5))
    rig.run()
    assert rig.sent == [["old 0"], ["live"], ["old 1"], ["old 2"]]


def test_a_call_that_was_held_because_its_log_could_grow_goes_before_old_ones_too():
    rig = LaneRig(
        *(new_body(f"old {number}", padding=SMALL) for number in range(2)),
        new_body("held", end=NOW - 250),
        options=ShipperOptions(live=300),
    )
    rig.run()
    assert rig.sent == [["held"], ["old 0"], ["old 1"]]


def test_live_calls_are_not_merged_with_old_ones():
    rig = LaneRig(new_body("old"), new_body("live 1", end=NOW - 9), new_body("live 2", end=NOW))
    rig.run()
    assert rig.sent == [["live 1", "live 2"], ["old"]]


def test_calls_of_unknown_end_are_delivered_too():
    rig = LaneRig(new_body("a", end=None))
    rig.run()
    assert rig.sent == [["a"]]
    assert rig.seen(CallsDelivered) == [CallsDelivered(TRACES, NOW, ())]


def test_live_calls_are_those_that_were_stored_soon_after_their_end():
    """However long they waited for the destination."""
    rig = LaneRig(new_body("live", "also live", end=NOW - 30), new_body("history", end=NOW - 9000))
    rig.now += 86_400
    rig.run()
    delivered = rig.seen(CallsDelivered)
    assert [end for each in delivered for end in each.ends] == [NOW - 30, NOW - 30]
    assert [end for each in delivered for end in each.caught_up] == [NOW - 9000]


def test_the_lane_of_logs_sends_logs():
    rig = LaneRig(new_body("a", lane=LOGS))
    rig.run()
    assert rig.seen(CallsDelivered)[0].lane == LOGS


# --- too large ---


def test_a_request_too_large_is_sent_in_halves():
    rig = LaneRig(
        new_body(*"abcdefgh"),
        decide=lambda sessions: RequestTooLarge("413", "too large") if len(sessions) > 2 else OK,
    )
    rig.run()
    assert [request for request in rig.sent if len(request) <= 2] == [
        ["a", "b"],
        ["c", "d"],
        ["e", "f"],
        ["g", "h"],
    ]
    assert rig.parked == []


def test_a_single_call_too_large_is_parked():
    rig = LaneRig(
        new_body("a", "huge"), decide=refusing("huge", result=RequestTooLarge("413", "4 MB"))
    )
    rig.run()
    (parked,) = rig.parked
    assert (parked.call.session_id, parked.code, parked.reason) == ("huge", "413", "4 MB")


def test_if_no_call_is_small_enough_it_is_not_the_data():
    names = [f"call {number:02}" for number in range(20)]
    rig = LaneRig(new_body(*names), decide=lambda _: RequestTooLarge("413", "1 kB"))
    rig.run_for(7200)
    assert len(rig.parked) == 9
    assert rig.shipper.suspended is not None


# --- rejected ---


def test_a_partial_success_is_resolved_and_leaves_copies():
    rig = LaneRig(new_body("a", "b", "c"), decide=lambda _: PartialSuccess("200", 1, "one too old"))
    rig.run()
    assert rig.sent == [["a", "b", "c"]]
    assert rig.waiting == 0
    assert rig.parked_sessions == ["a", "b", "c"]
    assert [inflate(one.data) for one in rig.parked] == [encoded(Signal.TRACES, s) for s in "abc"]
    assert {(one.rejected, one.reason) for one in rig.parked} == {(1, "one too old")}
    (done,) = rig.seen(ExportDone)
    assert (done.result, done.items, done.rejected) == ("partial_success", 3 * ITEMS - 1, 1)
    assert rig.seen(CallsParked) == [CallsParked(TRACES, 3, "one too old")]
    assert rig.seen(LaneChanged) == [LaneChanged(TRACES, up=True, reason="")]


# --- held ---


def test_a_suspended_lane_tries_every_minute_and_resolves_nothing():
    held = Suspended("401", "check the credentials")
    rig = LaneRig(new_body("a"), decide=lambda _: held)
    for _ in range(5):
        wait = rig.step()
        assert wait == 60
        rig.now += wait
    assert rig.shipper.suspended == "check the credentials"
    assert rig.waiting == 1
    assert rig.seen(LaneChanged) == [
        LaneChanged(TRACES, up=False, reason="check the credentials", suspended=True)
    ]


def test_another_reason_to_be_suspended_is_reported_and_the_same_in_other_words_is_not():
    answers = [
        Suspended("401", "request 1: no"),
        Suspended("401", "request 2: no"),
        Suspended("404", "no such path"),
    ]
    rig = LaneRig(new_body("a"), decide=lambda _: answers.pop(0) if answers else OK)
    rig.run()
    told = [(change.up, change.reason) for change in rig.seen(LaneChanged)]
    assert told == [(False, "request 1: no"), (False, "no such path"), (True, "")]
    assert rig.shipper.suspended is None
    assert rig.waiting == 0


def test_a_back_end_that_is_down_holds_nobody():
    answers = [Suspended("401", "no"), DOWN]
    rig = LaneRig(new_body("a"), decide=lambda _: answers.pop(0) if answers else OK)
    rig.now += rig.step()
    assert rig.shipper.suspended == "no"
    rig.now += rig.step()
    assert rig.shipper.suspended is None


@pytest.mark.slow
@pytest.mark.parametrize(
    "outcome", [Suspended("401", "no"), DOWN, BAD, RequestTooLarge("413", "no")]
)
def test_a_back_end_that_takes_nothing_loses_nothing(outcome):
    names = [f"call {number:02}" for number in range(20)]
    rig = LaneRig(new_body(*names), decide=lambda _: outcome)
    rig.run_for(86_400)
    assert rig.waiting + len(rig.parked) == 20
    rig.destination.decide = lambda _: OK
    rig.run()
    delivered = {call for request in rig.sent for call in request}
    assert rig.waiting == 0
    assert delivered | set(rig.parked_sessions) == set(names)
