"""A lane whose store fails, is full, or gives back damaged bytes."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from msgspec.structs import replace
from support.builders.ship_values import NOW, TRACES, new_body
from support.rigs.lane_rig import LaneRig

from fuse_otel.core.batching.batch import StoredBatch
from fuse_otel.core.batching.export_result import Accepted, PermanentFailure, Retry
from fuse_otel.core.batching.gzip_member import inflate
from fuse_otel.core.model.lane import Lane
from fuse_otel.errors import Broken, Full, LeaseLost, StoreError
from fuse_otel.events import BatchReadAgain, CallsDelivered, LaneChanged, StoreFailed
from fuse_otel.ports import Acknowledgement, Outbox, Reread

OK = Accepted("200")
BAD = PermanentFailure("400", "bad span")
BROKEN = Broken("the store cannot be used")


class FailingOutbox:
    """The real one, after the errors in ``due_errors`` and ``resolve_errors`` are used up.
    ``spoil`` damages bodies on their way out.
    """

    def __init__(
        self,
        real: Outbox,
        due_errors: Sequence[StoreError] = (),
        resolve_errors: Sequence[StoreError] = (),
        spoil: Sequence[str] = (),
    ) -> None:
        self._real = real
        self._due_errors = list(due_errors)
        self._resolve_errors = list(resolve_errors)
        self._spoil = set(spoil)
        self.told: list[Sequence[Acknowledgement]] = []

    def due(self, lane: Lane, now: float, max_bytes: int, live: float) -> Sequence[StoredBatch]:
        if self._due_errors:
            raise self._due_errors.pop(0)
        return [self._spoiled(body) for body in self._real.due(lane, now, max_bytes, live)]

    def resolve(self, lane: Lane, acknowledgements: Sequence[Acknowledgement], now: float) -> None:
        self.told.append(acknowledgements)
        if self._resolve_errors:
            raise self._resolve_errors.pop(0)
        self._real.resolve(lane, acknowledgements, now)

    def is_paused(self, lane: Lane) -> bool:
        return self._real.is_paused(lane)

    def open_offsets(self, lane: Lane, body: int) -> frozenset[int]:
        return self._real.open_offsets(lane, body)

    def reread(self, body: int, now: float) -> Reread:
        if self._resolve_errors:
            raise self._resolve_errors.pop(0)
        return self._real.reread(body, now)

    def _spoiled(self, body: StoredBatch) -> StoredBatch:
        damaged = self._spoil & {call.session_id for call in body.calls}
        return replace(body, data=body.data[:-4]) if damaged else body


def failing(**errors):
    return lambda real: FailingOutbox(real, **errors)


def test_a_store_that_cannot_be_read_is_tried_again():
    rig = LaneRig(new_body("a"), outbox=failing(due_errors=[BROKEN, BROKEN]))
    assert [rig.step(), rig.step()] == [1, 1]
    assert not rig.shipper.idle
    rig.run()
    assert rig.waiting == 0
    failed = StoreFailed("broken", "the store cannot be used")
    assert rig.seen(StoreFailed) == [failed, failed]


def test_the_wait_for_a_store_grows_to_a_minute():
    rig = LaneRig(new_body("a"), outbox=failing(due_errors=[BROKEN] * 10))
    waits = []
    for _ in range(10):
        waits.append(rig.step())
        rig.now += waits[-1]
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60, 60, 60]


def test_a_store_that_fails_to_resolve_gets_the_same_again_and_nothing_is_sent_twice():
    rig = LaneRig(
        new_body("a"),
        new_body("b"),
        outbox=failing(resolve_errors=[BROKEN, LeaseLost("another replica")]),
    )
    rig.run()
    assert rig.sent == [["a", "b"]]
    assert rig.waiting == 0
    assert len(rig.seen(CallsDelivered)) == 1
    assert [event.error_type for event in rig.seen(StoreFailed)] == ["broken", "lease_lost"]
    told = rig.outbox.told
    assert told == [told[0]] * 3


def test_while_a_store_does_not_take_what_became_of_calls_nothing_else_is_sent():
    rig = LaneRig(new_body("a"), outbox=failing(resolve_errors=[BROKEN] * 3))
    rig.step()
    rig.add(new_body("b"))
    rig.now += 0.5
    assert rig.step() == 0.5
    rig.run()
    assert rig.sent == [["a"], ["b"]]


def test_no_room_for_parked_copies_holds_the_lane_until_there_is():
    full = Full("parked calls take all that is theirs")
    rig = LaneRig(
        new_body("bad"), decide=lambda _: BAD, outbox=failing(resolve_errors=[full, full])
    )
    rig.now += rig.step()
    assert rig.shipper.suspended == "parked calls take all that is theirs"
    rig.now += rig.step()
    assert rig.waiting == 1
    rig.run()
    assert rig.parked_sessions == ["bad"]
    assert rig.shipper.suspended is None
    changes = [(change.up, change.reason) for change in rig.seen(LaneChanged)]
    assert changes == [(False, "parked calls take all that is theirs")]
    rig.destination.decide = lambda _: OK
    rig.add(new_body("a"))
    rig.now += 1
    rig.run()
    assert rig.seen(LaneChanged)[-1] == LaneChanged(TRACES, up=True, reason="")


def test_the_real_store_holds_a_lane_that_parks_too_much():
    rig = LaneRig(
        *(new_body(f"call {number}") for number in range(8)),
        decide=lambda _: BAD,
        capacity=2000,
    )
    rig.run_for(600)
    assert rig.shipper.suspended is not None
    assert "replay or drop" in rig.shipper.suspended
    assert 0 < len(rig.parked) < 8
    assert rig.waiting + len(rig.parked) == 8


@pytest.mark.parametrize("others", [[], ["b"]], ids=["alone", "merged"])
def test_a_damaged_batch_is_never_sent_and_its_calls_are_read_again(others):
    rig = LaneRig(
        new_body("spoiled 1", "spoiled 2"),
        *(new_body(name) for name in others),
        outbox=failing(spoil=["spoiled 1"]),
    )
    rig.run()
    assert rig.sent == [[name] for name in others]
    assert (rig.waiting, rig.parked) == (0, [])
    assert rig.seen(BatchReadAgain) == [BatchReadAgain(TRACES, calls=2, parked=0)]


@pytest.mark.parametrize("end", [NOW - 6 * 86_400, None], ids=["too old", "of unknown time"])
def test_calls_of_a_damaged_batch_that_plum_has_no_longer_are_parked_in_sight(end):
    rig = LaneRig(new_body("spoiled", end=end), outbox=failing(spoil=["spoiled"]))
    rig.run()
    assert rig.seen(BatchReadAgain) == [BatchReadAgain(TRACES, calls=0, parked=1)]
    assert [(one.call.session_id, one.code, one.reason) for one in rig.parked] == [
        ("spoiled", "damaged", "the stored batch is damaged")
    ]
    assert [inflate(one.data) for one in rig.parked] == [b""]


def test_a_store_that_fails_while_damage_is_reported_gets_the_report_again():
    rig = LaneRig(
        new_body("spoiled"), outbox=failing(spoil=["spoiled"], resolve_errors=[BROKEN, BROKEN])
    )
    rig.run()
    assert rig.sent == []
    assert len(rig.seen(StoreFailed)) == 2
    assert len(rig.seen(BatchReadAgain)) == 1
    assert rig.waiting == 0


def test_what_was_resolved_before_a_crash_is_not_sent_again():
    rig = LaneRig(new_body("a", "b", "bad", "c"), decide=lambda _: OK)
    rig.destination.decide = lambda sessions: BAD if "bad" in sessions else OK
    for _ in range(2):  # the whole, then the first half
        rig.step()
    again = LaneRig(outbox=lambda _: rig.store.outbox, decide=rig.destination.decide)
    again.run()
    assert again.sent[0] == ["bad", "c"]
    assert rig.parked_sessions == ["bad"]
    assert rig.waiting == 0


class SlowOutbox(FailingOutbox):
    """Takes ``seconds`` of the lane's time for every answer."""

    seconds = 5.0
    rig: LaneRig

    def due(self, lane: Lane, now: float, max_bytes: int, live: float) -> Sequence[StoredBatch]:
        self.rig.passed += self.seconds
        return super().due(lane, now, max_bytes, live)


@pytest.mark.parametrize(
    ("errors", "answer"), [([], Retry("503", "starting")), ([BROKEN], OK)], ids=["peer", "store"]
)
def test_a_wait_begins_at_the_failure_however_slow_the_store_is(errors, answer):
    slow = []
    rig = LaneRig(
        new_body("a"),
        decide=lambda _: answer,
        outbox=lambda real: slow.append(SlowOutbox(real, errors)) or slow[0],
    )
    slow[0].rig = rig
    assert rig.step() == 5 + 1
