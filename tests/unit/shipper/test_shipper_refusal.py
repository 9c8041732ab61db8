"""A lane whose back end refuses calls: some, one, or all of them."""

import math

import pytest
from support.builders.ship_values import ITEMS, NOW, TRACES, encoded, new_body
from support.rigs.lane_rig import LaneRig, refusing

from fuse_otel.core.batching.batch import SMALL
from fuse_otel.core.batching.export_result import Accepted, PermanentFailure
from fuse_otel.core.batching.gzip_member import inflate
from fuse_otel.core.model.telemetry import Signal
from fuse_otel.events import CallsParked, ExportDone, LaneChanged
from fuse_otel.shipper import ShipperOptions

OK = Accepted("200")
BAD = PermanentFailure("400", "bad span")
OLD = PermanentFailure("400", "entry too far behind", one_record=True)
DOUBTED = ShipperOptions(doubted=True)


def test_the_offending_call_is_found_and_parked_and_all_others_are_delivered():
    names = [f"call {number}" for number in range(16)]
    rig = LaneRig(new_body(*names), decide=refusing("call 11"))
    rig.run()
    assert rig.waiting == 0
    (parked,) = rig.parked
    assert parked.call.session_id == "call 11"
    assert (parked.code, parked.reason, parked.rejected) == ("400", "bad span", ITEMS)
    assert inflate(parked.data) == encoded(Signal.TRACES, "call 11")
    delivered = [call for request in rig.sent if "call 11" not in request for call in request]
    assert sorted(delivered) == sorted(set(names) - {"call 11"})
    assert len(rig.sent) <= 2 * math.log2(16) + 1
    assert rig.seen(CallsParked) == [CallsParked(TRACES, 1, "bad span")]


def test_a_refusal_in_merged_batches_is_parked_in_its_own_batch():
    rig = LaneRig(new_body("a"), new_body("b", "bad"), new_body("c"), decide=refusing("bad"))
    rig.run()
    assert rig.sent[0] == ["a", "b", "bad", "c"]
    assert rig.parked_sessions == ["bad"]
    assert rig.waiting == 0


def test_only_the_request_that_was_given_up_counts_as_rejected():
    rig = LaneRig(new_body("a", "bad"), decide=refusing("bad"))
    rig.run()
    counted = [(done.result, done.items, done.rejected) for done in rig.seen(ExportDone)]
    assert counted == [
        ("permanent_failure", 0, 0),
        ("accepted", ITEMS, 0),
        ("permanent_failure", 0, ITEMS),
    ]


def test_live_calls_pass_while_a_refused_batch_is_taken_apart():
    rig = LaneRig(new_body("a", "b", "bad", "c"), decide=refusing("bad"))
    rig.step()
    rig.add(new_body("live", end=NOW))
    rig.run()
    assert rig.sent[:3] == [["a", "b", "bad", "c"], ["live"], ["a", "b"]]
    assert rig.parked_sessions == ["bad"]


def test_ten_single_calls_refused_in_a_row_are_not_the_data():
    names = [f"call {number:02}" for number in range(24)]
    rig = LaneRig(new_body(*names), decide=lambda _: BAD)
    rig.run_for(86_400)
    assert len(rig.parked) == 9
    assert rig.waiting == 24 - 9
    assert rig.shipper.suspended == "call after call is refused, none was parked since: bad span"
    assert [change.up for change in rig.seen(LaneChanged)] == [False]


@pytest.mark.slow
def test_a_lane_that_was_suspended_when_its_daemon_ended_parks_nothing_more_after_a_restart():
    names = [f"call {number:02}" for number in range(24)]
    rig = LaneRig(new_body(*names), decide=lambda _: BAD, options=DOUBTED)
    rig.run_for(86_400)
    assert (rig.waiting, rig.parked) == (24, [])
    assert rig.shipper.suspended == "call after call is refused, none was parked since: bad span"
    rig.destination.decide = refusing("call 03")
    rig.run()
    assert (rig.waiting, rig.parked_sessions) == (0, ["call 03"])


def test_a_lane_that_was_suspended_may_meet_a_bad_call_first():
    rig = LaneRig(new_body("bad"), decide=refusing("bad"), options=DOUBTED)
    rig.run_for(600)
    assert rig.shipper.suspended is not None
    rig.add(new_body("good"))
    rig.run()
    assert (rig.waiting, rig.parked_sessions) == (0, ["bad"])
    assert rig.shipper.suspended is None


def test_when_the_refusals_end_everything_is_delivered():
    names = [f"call {number:02}" for number in range(24)]
    rig = LaneRig(new_body(*names), decide=lambda _: BAD)
    rig.run_for(7200)
    rig.destination.decide = lambda _: OK
    rig.run()
    assert rig.waiting == 0
    assert len(rig.parked) == 9
    assert rig.shipper.suspended is None
    assert rig.seen(LaneChanged)[-1].up


@pytest.mark.slow
def test_ten_bad_calls_in_a_row_do_not_stop_a_lane_that_takes_others():
    bad = [f"bad {number:02}" for number in range(30)]
    rig = LaneRig(
        new_body(*bad),
        new_body("good 1", padding=SMALL, end=NOW - 5000),
        new_body("good 2", padding=SMALL, end=NOW - 4000),
        decide=refusing(*bad),
    )
    rig.run_for(3600)
    assert {"good 1", "good 2"} <= {call for request in rig.sent for call in request}
    for number in range(10):
        rig.add(new_body(f"more {number}", end=int(rig.now), padding=SMALL))
        rig.run_for(900)
    assert rig.waiting == 0
    assert sorted(rig.parked_sessions) == bad


def test_an_accepted_call_between_starts_the_count_anew():
    names = [f"{kind} {number:02}" for number in range(20) for kind in ("bad", "good")]
    rig = LaneRig(
        new_body(*names), decide=refusing(*(name for name in names if name.startswith("bad")))
    )
    rig.run()
    assert len(rig.parked) == 20
    assert rig.shipper.suspended is None


def test_with_lokis_profile_records_that_are_too_old_are_parked_however_many():
    names = [f"call {number:02}" for number in range(40)]
    rig = LaneRig(
        new_body(*names), decide=lambda _: OLD, options=ShipperOptions(parks_old_records=True)
    )
    rig.run()
    assert rig.parked_sessions == names
    assert rig.shipper.suspended is None


@pytest.mark.slow
def test_without_it_ten_in_a_row_suspend_the_lane_and_name_the_setting():
    names = [f"call {number:02}" for number in range(40)]
    rig = LaneRig(new_body(*names), decide=lambda _: OLD)
    rig.run_for(86_400)
    assert len(rig.parked) == 9
    assert rig.waiting == 31
    assert "FUSE_OTEL_LOGS_FLAVOUR=loki" in rig.shipper.suspended
    assert rig.shipper.suspended.endswith("entry too far behind")
    assert [change.suspended for change in rig.seen(LaneChanged)] == [True]
    rig.destination.decide = lambda _: OK
    rig.run()
    assert (rig.waiting, len(rig.parked)) == (0, 9)


def test_live_calls_that_are_accepted_between_do_not_let_the_backlog_be_parked():
    names = [f"old {number:02}" for number in range(40)]
    rig = LaneRig(new_body(*names), decide=refusing(*names, result=OLD))
    for number in range(60):
        rig.add(new_body(f"live {number}", end=int(rig.now)))
        rig.run_for(30)
    assert len(rig.parked) == 9
    assert "FUSE_OTEL_LOGS_FLAVOUR=loki" in rig.shipper.suspended


def test_a_record_that_is_too_old_now_and_then_is_parked():
    rig = LaneRig(decide=lambda sessions: OLD if sessions[0].startswith("old") else OK)
    for number in range(25):
        rig.add(new_body(f"old {number}", padding=SMALL), new_body(f"new {number}", padding=SMALL))
        rig.run()
    assert len(rig.parked) == 25
    assert rig.shipper.suspended is None
