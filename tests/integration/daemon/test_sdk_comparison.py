"""Why calls do not go through the SDK: the decision's table, small."""

import pytest

from benchmarks.lost_on_the_way import FAULTS, SMALL, compare, compare_killed


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_the_sdk_loses_calls_where_the_shipper_loses_none(fault):
    row = compare(fault, SMALL)
    assert row.our_lost == 0
    assert row.sdk_lost > 0


def test_a_killed_process_loses_what_lies_in_the_sdks_queue_and_nothing_that_is_stored():
    row = compare_killed(SMALL)
    assert row.our_lost == 0
    assert row.sdk_lost > 0
