"""A lane whose back end is down for a while, or fails on some calls alone."""

import pytest
from support.builders.ship_values import ITEMS, NOW, TRACES, new_body
from support.rigs.lane_rig import LaneRig, accept, refusing

from fuse_otel.core.batching.batch import SMALL
from fuse_otel.core.batching.export_result import Accepted, Retry, Suspended
from fuse_otel.events import ExportDone, LaneChanged
from fuse_otel.shipper import ShipperOptions

DOWN = Retry("503", "starting")
OK = Accepted("200")


def test_a_failure_is_retried_with_the_same_bytes_and_growing_waits():
    rig = LaneRig(new_body("a"), decide=lambda _: DOWN)
    waits = []
    for _ in range(12):
        waits.append(rig.step())
        rig.now += waits[-1]
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]
    assert rig.sent == [["a"]] * 12
    assert rig.waiting == 1


def test_nothing_is_sent_before_the_wait_is_over():
    rig = LaneRig(new_body("a"), decide=lambda _: DOWN)
    wait = rig.step()
    rig.now += wait / 2
    assert rig.step() == wait / 2
    assert len(rig.sent) == 1


def test_the_time_a_back_end_names_is_kept_from_its_answer_on():
    answers = [Retry("429", "slow down", 17.0), OK]
    rig = LaneRig(new_body("a"), decide=lambda _: answers.pop(0), seconds=2.0)
    assert rig.step() == 2.0 + 17.0
    rig.run()
    assert rig.waiting == 0


def test_a_back_end_that_asks_for_more_than_a_minute_takes_the_lane_down_at_once():
    answers = [Retry("429", "slow down", 61.0), OK]
    rig = LaneRig(new_body("a"), decide=lambda _: answers.pop(0))
    assert rig.step() == 61
    rig.run()
    assert rig.seen(LaneChanged) == [
        LaneChanged(TRACES, up=False, reason="slow down; it asks to wait 61 s"),
        LaneChanged(TRACES, up=True, reason=""),
    ]


def test_a_time_shorter_than_the_back_off_shortens_nothing():
    rig = LaneRig(new_body("a"), decide=lambda _: Retry("429", "slow down", 0.0))
    assert rig.step() == 1


def test_a_success_forgets_the_failures():
    answers = [DOWN, DOWN, OK, DOWN, OK]
    rig = LaneRig(new_body("a"), decide=lambda _: answers.pop(0))
    rig.run()
    rig.add(new_body("b"))
    rig.now += 1
    assert rig.step() == 1


def test_one_failure_is_no_news_but_three_are():
    rig = LaneRig(new_body("a"), decide=lambda _: DOWN)
    for told in (0, 0, 1, 1):
        rig.now += rig.step()
        assert len(rig.seen(LaneChanged)) == told
    assert rig.seen(LaneChanged) == [LaneChanged(TRACES, up=False, reason="starting")]
    rig.destination.decide = lambda _: OK
    rig.run()
    assert rig.seen(LaneChanged)[1:] == [LaneChanged(TRACES, up=True, reason="")]


def test_a_failed_request_delivers_nothing():
    rig = LaneRig(new_body("a"), decide=lambda _: DOWN)
    rig.step()
    batch = new_body("a")
    (done,) = rig.seen(ExportDone)
    assert (done.code, done.result, done.items, done.reason) == ("503", "retry", 0, "starting")
    assert (done.failed, done.size, done.sent) == (ITEMS, batch.size, len(batch.data))


def test_a_batch_that_fails_ten_times_lets_others_pass_and_is_taken_apart():
    rig = LaneRig(
        new_body("a", "poison", "b", "c", padding=SMALL // 4, end=NOW - 9000),
        new_body("d", padding=SMALL, end=NOW - 5000),
        decide=refusing("poison", result=Retry("500", "oops")),
    )
    rig.run_for(3600)
    assert rig.sent[:10] == [["a", "poison", "b", "c"]] * 10
    assert rig.sent[10] == ["d"]
    delivered = {call for request in rig.sent for call in request if "poison" not in request}
    assert delivered == {"a", "b", "c", "d"}
    assert rig.waiting == 1
    assert rig.parked == []


def test_a_call_that_fails_alone_delays_nobody_and_is_tried_for_ever():
    rig = LaneRig(
        new_body("poison", padding=SMALL),
        decide=refusing("poison", result=Retry("500", "oops")),
    )
    rig.add(new_body("a", end=NOW - 100))
    rig.run_for(3600)
    for number in range(3):
        rig.add(new_body(f"b{number}", end=int(rig.now)))
        rig.run_for(1200)
    assert rig.waiting == 1
    tried = rig.sent.count(["poison"])
    rig.run_for(3600)
    again = rig.sent.count(["poison"]) - tried
    assert 3600 / 300 - 1 <= again <= 3600 / 300 + 1
    assert rig.seen(LaneChanged)[-1].up
    rig.destination.decide = lambda _: OK
    rig.run()
    assert rig.waiting == 0


def test_an_outage_takes_nothing_apart_but_what_failed_so_often():
    rig = LaneRig(
        *(new_body(f"{name}1", f"{name}2", padding=SMALL // 2) for name in "abcdef"),
        decide=lambda _: DOWN,
    )
    rig.run_for(86_400)
    attempts = len(rig.sent)
    assert attempts < 300
    rig.destination.decide = lambda _: OK
    rig.run()
    assert rig.waiting == 0
    delivered = [call for request in rig.sent[attempts:] for call in request]
    assert sorted(delivered) == sorted(f"{name}{place}" for name in "abcdef" for place in "12")


def test_what_is_in_flight_is_bounded_however_long_the_outage():
    rig = LaneRig(
        *(new_body(f"call {number}", padding=400_000) for number in range(40)),
        decide=lambda _: DOWN,
    )
    rig.run_for(86_400)
    in_hand = {call for request in rig.sent for call in request}
    assert len(in_hand) * 800_000 <= ShipperOptions().most_bytes
    rig.destination.decide = lambda _: OK
    rig.run()
    assert rig.waiting == 0


@pytest.mark.slow
def test_too_many_calls_that_fail_alone_bring_the_lane_down_and_it_comes_back():
    bad = [f"bad {number}" for number in range(3)]
    rig = LaneRig(
        new_body(*bad, "good"),
        decide=refusing(*bad, result=Retry("500", "oops")),
        options=ShipperOptions(most_requests=3),
    )
    for number in range(10):
        rig.add(new_body(f"good {number}", end=int(rig.now)))
        rig.run_for(3600)
    assert not rig.seen(LaneChanged)[-1].up
    assert not rig.shipper.idle
    assert rig.waiting > len(bad)
    rig.destination.decide = lambda _: OK
    rig.run()
    assert rig.waiting == 0
    assert rig.seen(LaneChanged)[-1].up


def test_the_neighbours_of_a_call_that_fails_alone_need_no_long_wait():
    names = [f"call {number:02}" for number in range(32)]
    rig = LaneRig(new_body(*names), decide=refusing("call 13", result=Retry("500", "oops")))
    rig.run_for(3600)
    began = rig.now
    for number in range(8):
        rig.add(new_body(f"other {number}", end=int(rig.now)))
        rig.run_for(120)
    assert rig.waiting == 1
    assert rig.now - began < 1000
    assert rig.seen(LaneChanged)[-1].up


def test_a_call_set_aside_that_is_refused_holds_nobody_longer_than_a_minute():
    rig = LaneRig(
        new_body("poison"),
        decide=refusing("poison", result=Retry("500", "oops")),
        options=ShipperOptions(refusals=1),
    )
    rig.run_for(3600)
    rig.add(new_body("a", end=int(rig.now)))
    rig.run_for(600)
    rig.destination.decide = refusing("poison")
    rig.run_for(600)
    rig.add(new_body("b", end=int(rig.now)))
    rig.run_for(300)
    assert [request for request in rig.sent if request != ["poison"]] == [["a"], ["b"]]
    assert rig.parked == []


@pytest.mark.slow
def test_large_batches_in_a_row_that_each_hold_a_bad_call_stop_nobody_for_good():
    bad = {f"bad {number}" for number in range(6)}
    rig = LaneRig(
        *(
            new_body(f"bad {n}", f"a{n}", f"b{n}", padding=400_000, end=NOW - 9000 + n)
            for n in range(6)
        ),
        new_body("last", padding=SMALL, end=NOW - 5000),
        decide=refusing(*bad, result=Retry("500", "oops")),
    )
    rig.run_for(12 * 3600)
    assert rig.waiting == len(bad)
    assert rig.seen(LaneChanged)[-1].up


@pytest.mark.parametrize("place", range(8))
def test_the_neighbours_of_a_call_that_fails_alone_need_no_traffic_to_be_distinguished_from_it(
    place,
):
    names = [f"call {number}" for number in range(8)]
    bad = names[place]
    rig = LaneRig(
        new_body(*names),
        new_body("other", padding=SMALL, end=NOW - 5000),
        decide=refusing(bad, result=Retry("500", "oops")),
    )
    others = {*names, "other"} - {bad}

    def delivered():
        return {call for request in rig.sent if bad not in request for call in request}

    rig.run_until(lambda: delivered() == others, within=3600)
    assert rig.waiting == 1


@pytest.mark.parametrize("outcome", [Retry("503", "starting"), Suspended("401", "no")])
def test_a_clock_that_is_set_back_lengthens_no_wait(outcome):
    rig = LaneRig(new_body("a"), decide=lambda _: outcome)
    rig.now += 2 * 86_400
    rig.run_for(70)
    rig.destination.decide = accept
    rig.now -= 2 * 86_400
    rig.run_for(400)
    assert rig.waiting == 0


@pytest.mark.parametrize("patience", [10, 1], ids=["in its turn", "taken apart"])
def test_a_call_that_was_erased_meanwhile_is_not_sent_again(patience):
    answers = [DOWN] * 3
    rig = LaneRig(
        new_body("a", "b", "c"),
        decide=lambda _: answers.pop(0) if answers else OK,
        options=ShipperOptions(patience=patience),
    )
    rig.step()
    assert rig.sent == [["a", "b", "c"]]
    rig.store.control.erase("b", NOW)
    rig.run()
    assert {session_id for sent in rig.sent[1:] for session_id in sent} == {"a", "c"}
    assert rig.waiting == 0


def test_a_call_in_quarantine_that_was_erased_is_not_sent_again():
    rig = LaneRig(
        new_body("a"), new_body("b"), decide=refusing("a", Retry("503", "no")),
        options=ShipperOptions(patience=1),
    )  # fmt: skip
    rig.run_for(60)
    rig.store.control.erase("a", NOW)
    rig.run()
    assert rig.waiting == 0
    assert rig.parked == []
