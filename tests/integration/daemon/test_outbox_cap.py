"""At the cap reading stops and nothing is dropped; it goes on by itself when a lane comes back."""

import sqlite3
from contextlib import closing

from support.rigs.disk_bench import DiskBench
from support.rigs.poller_bench import HOUR

from fuse_otel.events import OutboxCrossed, StoreFailed

ROOM = 120_000


def full(bench: DiskBench) -> list[StoreFailed]:
    return [event for event in bench.of(StoreFailed) if event.error_type == "full"]


def test_a_full_outbox_stops_reading_until_a_lane_is_back(tmp_path):
    bench = DiskBench(tmp_path, room=ROOM)
    bench.back_end.down = True
    bench.go_on_until(lambda: len(full(bench)) > 5)

    assert [event.filling for event in bench.of(OutboxCrossed)] == [True]
    crossed = bench.of(OutboxCrossed)[0]
    assert 0.8 * ROOM < crossed.used <= ROOM == crossed.capacity
    assert "The outbox is full" in full(bench)[0].message
    assert bench.back_end.taken == []
    bench.check()
    before = len(full(bench)), bench.now, bench.made
    # It looks for room once a minute and asks for nothing: the API is the buffer.
    bench.go_on_until(lambda: bench.now > before[1] + HOUR)
    assert bench.made == before[2]
    assert bench.store.control.status().used <= ROOM
    assert len(full(bench)) - before[0] <= 130
    assert [event.filling for event in bench.of(OutboxCrossed)] == [True]
    bench.check()

    bench.back_end.down = False
    bench.deliver_all()
    bench.check()
    # Up and down with what is read and sent: told once a crossing.
    told = [event.filling for event in bench.of(OutboxCrossed)]
    assert told == [place % 2 == 0 for place in range(len(told))]
    assert told[-1] is False
    copies = bench.copies()
    wanted = {call.session_id for call in bench.listed()} - {bench.poison}
    assert wanted <= {session for signal, session in copies if signal == "traces"}
    assert {key for key, found in copies.items() if len(found) > 1} == set()
    bench.end()
    with closing(sqlite3.connect(bench.path)) as store:
        assert store.execute("select count(*) from bodies").fetchone() == (0,)
