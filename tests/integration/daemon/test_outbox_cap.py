"""At the cap reading stops and nothing is dropped; it goes on by itself when a lane comes back."""

import sqlite3
from contextlib import closing

from support.rigs.disk_fault_rig import DiskFaultRig
from support.rigs.poller_rig import HOUR

from fuse_otel.events import OutboxCrossed, StoreFailed

# Several commits of a backlog, each of up to 4,000 entries.
ROOM = 480_000


def full(rig: DiskFaultRig) -> list[StoreFailed]:
    return [event for event in rig.of(StoreFailed) if event.error_type == "full"]


def test_a_full_outbox_stops_reading_until_a_lane_is_back(tmp_path):
    rig = DiskFaultRig(tmp_path, room=ROOM)
    rig.back_end.down = True
    rig.go_on_until(lambda: len(full(rig)) > 5)

    assert [event.filling for event in rig.of(OutboxCrossed)] == [True]
    crossed = rig.of(OutboxCrossed)[0]
    assert 0.8 * ROOM < crossed.used <= ROOM == crossed.capacity
    assert "The outbox is full" in full(rig)[0].message
    assert rig.back_end.taken == []
    rig.check()
    before = len(full(rig)), rig.now, rig.made
    # It looks for room once a minute and asks for nothing: the API is the buffer.
    rig.go_on_until(lambda: rig.now > before[1] + HOUR)
    assert rig.made == before[2]
    assert rig.store.control.status().used <= ROOM
    assert len(full(rig)) - before[0] <= 130
    assert [event.filling for event in rig.of(OutboxCrossed)] == [True]
    rig.check()

    rig.back_end.down = False
    rig.deliver_all()
    rig.check()
    # Up and down with what is read and sent: told once a crossing.
    told = [event.filling for event in rig.of(OutboxCrossed)]
    assert told == [place % 2 == 0 for place in range(len(told))]
    assert told[-1] is False
    copies = rig.copies()
    wanted = {call.session_id for call in rig.listed()} - {rig.poison}
    assert wanted <= {session for signal, session in copies if signal == "traces"}
    assert {key for key, found in copies.items() if len(found) > 1} == set()
    rig.end()
    with closing(sqlite3.connect(rig.path)) as store:
        assert store.execute("select count(*) from bodies").fetchone() == (0,)
