"""Whatever the API is like and does, and whenever the process dies: every call, each entry once."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

import pytest
from support.fakes.in_process_source import PASSING_FAULTS
from support.fakes.unsafe_ledger import Crashed, UnsafeLedger
from support.rigs.poller_rig import LOGS, START, TRACES, PollerRig
from support.scale import scaled

from fuse_otel.core.model.ids import CallIds, trace_id
from fuse_otel.simulator.faults import Fault, FaultKind
from fuse_otel.simulator.quirks import (
    Bounds,
    ListOrder,
    MissingDetail,
    MissingLog,
    Quirks,
    TimeField,
)
from fuse_otel.simulator.world import World

HOUR = 3600
BAD_WEATHER = 2400  # seconds


@dataclass(slots=True)
class Weather:
    """The chances that a use of the store fails, and that the process dies at a commit."""

    failing: float = 0.0
    crashing: float = 0.0


def quirks_of(dice: Random) -> Quirks:
    order_by = dice.choice(list(TimeField))
    # By end, a long call would be the newest, and so missing, in every window for hours.
    late_arrivals = dice.choice([0, 0, 2]) if order_by is TimeField.START else 0
    return Quirks(
        filter_by=dice.choice(list(TimeField)),
        bounds=dice.choice(list(Bounds)),
        order=dice.choice(list(ListOrder)),
        order_by=order_by,
        page_cap=dice.choice([0, 0, 5, 50]),
        total_off_by=dice.choice([0, 0, 0, 1, 3]),
        total_drifts=dice.random() < 0.1,
        late_arrivals=late_arrivals,
        duplicate_every=dice.choice([0, 0, 3]),
        string_numbers=dice.random() < 0.3,
        empty_data_as_list=dice.random() < 0.3,
        missing_detail=dice.choice(list(MissingDetail)),
        missing_log=dice.choice(list(MissingLog)),
        log_delay=dice.choice([0, 0, 60, 600]),
        entry_delay=dice.choice([0, 0, 40, 300]),
        lost_logs=dice.choice([0, 0, 0.1]),
    )


def fault_of(dice: Random) -> Fault:
    kind = dice.choice(PASSING_FAULTS)
    # A single call that is too large is sent without its entries, for good.
    endpoints = [None, "calls", "all_logs", "call"] if kind is not FaultKind.FLOOD else ["all_logs"]
    since = START - dice.randrange(3 * HOUR) if dice.random() < 0.4 else None
    return Fault(
        kind,
        endpoint=dice.choice(endpoints),
        since=since,
        until=None if since is None else since + dice.choice([0, 1, 30]),
        probability=dice.choice([0.05, 0.3, 1.0]),
        count=dice.choice([1, 5, 40]),
        retry_after=dice.choice([None, 0, 20]),
    )


@pytest.mark.proof
@pytest.mark.parametrize("seed", range(scaled(5, least=2)))
def test_no_api_behaviour_loses_or_doubles_anything(seed):
    dice = Random(f"weather/{seed}")
    weather = Weather(failing=dice.choice([0, 0.02, 0.1]), crashing=dice.choice([0, 0.02, 0.05]))
    rig = PollerRig(
        world=World(seed=seed + 1, rate=0.012, past=5 * HOUR, start=START),
        quirks=quirks_of(dice),
        faults=[fault_of(dice) for _ in range(dice.randrange(4))],
        since=dice.choice([600, HOUR, 3 * HOUR]),
        seed=seed,
        renderings=(TRACES, LOGS),
        wrap=lambda ledger: UnsafeLedger(
            ledger, dice, lambda: weather.failing, lambda: weather.crashing
        ),
    )
    _endure(rig, dice)
    weather.failing = weather.crashing = 0.0
    rig.faults.clear()
    # An error gap's longest wait, and the last look for missing details.
    rig.run(2 * HOUR + 600)
    _check(rig)


def _endure(rig: PollerRig, dice: Random) -> None:
    end = START + BAD_WEATHER
    while rig.now < end:
        if dice.random() < 0.02:
            rig.faults.add(fault_of(dice))
        if dice.random() < 0.01:
            rig.now += dice.choice([-30, 40, 900])
        try:
            wake = rig.step()
        except Crashed:
            rig.restart()
        else:
            rig.now = max(rig.now, min(wake, end))


def _check(rig: PollerRig) -> None:
    calls = rig.settled(held=1000)
    assert len(calls) > 30
    rig.assert_each_once(calls, grown=True)
    assert rig.position.gaps == ()
    spans, records, details = rig.spans(), rig.records(), rig.details()
    assert set(spans.values()) == {1}
    for call in calls:
        root = (trace_id("", call.session_id).hex(), CallIds("", call.session_id).span_id(0))
        assert (root[0], f"{root[1]:016x}") in spans
        shown = details[call.session_id] in {"full", "open"}
        # An `exit` entry makes a log whole, even if the entry after it is still to come.
        early = 1 if call.exited and rig.quirks.entry_delay else 0
        assert call.entries - early <= records[call.session_id] <= call.entries or not shown
        assert shown or records[call.session_id] == 0
        assert shown or details[call.session_id] == "none" or rig.quirks.lost_logs
