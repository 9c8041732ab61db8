"""Whatever the API's documentation leaves open: the same calls come of it."""

from __future__ import annotations

import itertools

import pytest
from support.rigs.poller_rig import HOUR, START, PollerRig, busy_world
from support.scale import SCALE

from fuse_otel.simulator.quirks import Bounds, ListOrder, Quirks, TimeField

PAST = 2 * HOUR
LONGER = 1800  # a call that lasts so long is found by a rescan, which takes its time
WORLD = busy_world(PAST + 1800, rate=0.004)

PAGES = [{}, {"page_cap": 5}, {"page_cap": 1}]
TOTALS = [
    {},
    {"total_off_by": 2},
    {"total_off_by": -1},
    {"total_drifts": True},
    {"omit_total": True},
]
RECORDS = [{}, {"duplicate_every": 2}, {"split_every": 2}]
LISTS = [{}, {"late_arrivals": 2}, {"ignore_window": True}]


def call_sets() -> dict[bool, set[str]]:
    """The calls that ended in time: all since the floor, and those of the last hour, which is all
    that an API tells that ignores the window.
    """
    calls = [
        call for call in WORLD.ending(START - PAST, START - 120) if call.end - call.start < LONGER
    ]
    return {
        ignored: {call.session_id for call in calls if call.start > START - past + 60}
        for ignored, past in ((False, PAST), (True, HOUR))
    }


EXPECTED = call_sets()


# For each test; a small run takes a share of them, from scale 5 on it is the whole matrix.
CHOICES = tuple(itertools.product(TimeField, Bounds, ListOrder, TimeField, TOTALS))
STRIDE = max(1, min(50, round(25 / SCALE**2)))


@pytest.mark.proof
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("lists", LISTS, ids=str)
@pytest.mark.parametrize("records", RECORDS, ids=str)
@pytest.mark.parametrize("pages", PAGES, ids=str)
def test_every_reading_of_the_api_leads_to_the_same_calls(pages, records, lists):
    first = len(str((pages, records, lists))) % STRIDE
    for filter_by, bounds, order, order_by, totals in CHOICES[first::STRIDE]:
        quirks = Quirks(
            filter_by=filter_by, bounds=bounds, order=order, order_by=order_by,
            **pages, **records, **lists, **totals,
        )  # fmt: skip
        rig = PollerRig(world=WORLD, quirks=quirks, since=PAST, requests_per_second=20)
        # A rescan after ten minutes finds what was not there yet when its window was read.
        rig.run(1300 if quirks.late_arrivals else 65)
        stored = rig.stored()
        assert not EXPECTED[quirks.ignore_window] - set(stored), quirks
        assert len(stored) == len(set(stored)), quirks
