"""Whatever back ends and stores do, every call is delivered or parked, and resolved once."""

from __future__ import annotations

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st
from support.builders.ship_values import NOW, new_body
from support.rigs.lane_rig import LaneRig
from support.scale import scaled

from fuse_otel.core.batching.export_result import (
    Accepted,
    PartialSuccess,
    PermanentFailure,
    RequestTooLarge,
    Retry,
    Suspended,
)
from fuse_otel.errors import Broken
from fuse_otel.events import CallsDelivered, CallsParked

OK = Accepted("200")
OUTCOMES = st.sampled_from(
    [
        OK,
        PartialSuccess("200", 1, "one is too old"),
        Retry("503", "starting"),
        Retry("429", "slow down", 7.0),
        PermanentFailure("400", "bad"),
        PermanentFailure("400", "entry too far behind", one_record=True),
        RequestTooLarge("413", "4 MB"),
        Suspended("401", "no"),
    ]
)
BODIES = st.lists(
    st.tuples(st.integers(1, 6), st.integers(0, 9000), st.sampled_from([0, 0, 300_000])),
    min_size=1,
    max_size=6,
)


class UnsteadyOutbox:
    """The real one, but each call fails first as often as ``faults`` says."""

    def __init__(self, real, faults):
        self._real = real
        self._faults = iter(faults)

    def due(self, *asked):
        self._fail()
        return self._real.due(*asked)

    def is_paused(self, lane):
        self._fail()
        return self._real.is_paused(lane)

    def open_offsets(self, lane, batch):
        self._fail()
        return self._real.open_offsets(lane, batch)

    def resolve(self, *told):
        self._fail()
        self._real.resolve(*told)

    def _fail(self):
        if next(self._faults, False):
            raise Broken("for now")


@settings(max_examples=scaled(150))
@given(BODIES, st.lists(OUTCOMES, max_size=60), st.lists(st.booleans(), max_size=20))
def test_every_call_is_delivered_or_parked(sizes, script, faults):
    bodies, names = [], []
    for number, (count, age, padding) in enumerate(sizes):
        calls = [f"{number}/{place}" for place in range(count)]
        names += calls
        bodies.append(new_body(*calls, end=NOW - age, padding=padding // count))
    answers = iter(script)
    taken: Counter[str] = Counter()

    def decide(sessions):
        outcome = next(answers, OK)
        if isinstance(outcome, Accepted | PartialSuccess):
            taken.update(sessions)
        return outcome

    rig = LaneRig(*bodies, decide=decide, outbox=lambda real: UnsteadyOutbox(real, faults))
    rig.run()

    parked = Counter(rig.parked_sessions)
    assert set(taken) | set(parked) == set(names)
    assert max(taken.values(), default=1) == 1
    assert max(parked.values(), default=1) == 1
    resolved = sum(len(event.ends + event.caught_up) for event in rig.seen(CallsDelivered))
    resolved += sum(event.count for event in rig.seen(CallsParked))
    assert resolved == len(names)
    assert rig.waiting == 0
    assert rig.shipper.suspended is None
