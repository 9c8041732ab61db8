"""Every write, sync and open of the store fails once: nothing is lost, nothing is doubled."""

from collections import Counter
from itertools import count

import pytest
from support.fakes.faulty_disk import FaultyDisk
from support.rigs.disk_fault_rig import DiskFaultRig
from support.scale import scaled

from fuse_otel.core.model.telemetry import Signal


@pytest.fixture
def disk():
    with FaultyDisk().installed() as installed:
        yield installed


@pytest.fixture
def folders(tmp_path):
    numbers = count()

    def make():
        folder = tmp_path / str(next(numbers))
        folder.mkdir()
        return folder

    return make


def delivered(rig: DiskFaultRig) -> dict[tuple[Signal, str], list[bytes]]:
    """Run it to the end and check what holds then; the copies of every call."""
    rig.deliver_all()
    rig.check()
    listed = {call.session_id for call in rig.listed()}
    copies = rig.copies()
    assert len(listed) > 20
    assert listed - {rig.poison} <= {session for signal, session in copies if signal == "traces"}
    assert {key: len(found) for key, found in copies.items() if len(set(found)) > 1} == {}
    assert (Signal.TRACES, rig.poison) not in copies
    parked = rig.store.control.parked(10)
    assert [call.call.session_id for call in parked] == [rig.poison]
    assert [lane.calls for lane in rig.store.control.status().lanes] == [0, 0]
    rig.end()
    return copies


def spread(total: int, wanted: int) -> list[int]:
    """So many numbers below ``total``, or all."""
    step = max(1.0, total / wanted)
    return sorted({int(place * step) for place in range(wanted)} & set(range(total)))


@pytest.mark.proof
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("fragile", [False, True], ids=["goes on", "dies"])
@pytest.mark.parametrize("length", [1, 12], ids=["once", "for a while"])
def test_a_disk_that_fails_anywhere_loses_and_doubles_nothing(disk, folders, fragile, length):
    disk.fail(-1, 0)
    whole = delivered(DiskFaultRig(folders(), disk))
    operations = disk.operations
    assert operations > 500
    struck = Counter[str]()
    for at in spread(operations, scaled(12, least=6)):
        disk.fail(at, length)
        copies = delivered(DiskFaultRig(folders(), disk, fragile=fragile))
        assert disk.struck
        struck += disk.struck
        # What the store did not take was not sent; what was sent is told again, not sent again.
        twice = {key: len(found) for key, found in copies.items() if len(found) > 1}
        assert fragile or twice == {}
        # A store that could not be made for a while has a later floor: the rest is the same.
        both = copies.keys() & whole.keys()
        assert {key: copies[key][0] for key in both} == {key: whole[key][0] for key in both}
    print(f"{operations} operations, faults: {dict(struck)}")  # noqa: T201 - shown with -rP
    assert struck["write"] > 0
