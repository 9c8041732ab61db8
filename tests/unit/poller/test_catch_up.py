"""Which gap continues another one."""

import pytest
from msgspec.structs import replace

from fuse_otel.poller.catch_up import Present, catch_up
from fuse_otel.ports import Gap, GapReason, NumberPosition

NOW = 1_800_000_000
HOUR = 3600
PRESENT = Present(end=NOW, live_span=HOUR, floor=NOW - 10 * HOUR, may_give_up=True)
STORED = NumberPosition(cursor=NOW - 2 * HOUR, floor=NOW - 10 * HOUR)
BEFORE = Gap("", NOW - 3 * HOUR, NOW - 2 * HOUR, GapReason.DOWNTIME, id=7)


@pytest.mark.parametrize(
    ("taken", "start", "closed"), [(False, BEFORE.start, [7]), (True, STORED.cursor, [])]
)
def test_a_gap_is_extended_unless_another_replica_reads_it(taken, start, closed):
    found = catch_up("", STORED, [replace(BEFORE, taken=taken)], PRESENT)
    assert [(gap.start, gap.end) for gap in found.opened] == [(start, NOW - HOUR)]
    assert found.closed == closed
