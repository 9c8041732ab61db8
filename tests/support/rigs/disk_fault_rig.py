"""Reading and sending over a store whose disk fails, in simulated time, and what must hold then."""

from __future__ import annotations

import shutil
import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

from fuse_otel.core.batching.export_result import Accepted, ExportResult, PermanentFailure, Retry
from fuse_otel.core.batching.gzip_member import inflate
from fuse_otel.core.model.telemetry import Signal
from fuse_otel.errors import StoreError
from fuse_otel.ports import Store
from fuse_otel.shipper import Shipper
from fuse_otel.simulator.call import SimulatedCall
from fuse_otel.simulator.world import World
from fuse_otel.store import open_store
from support.fakes.faulty_disk import FaultyDisk
from support.rigs.poller_rig import HOUR, LANE, LOGS, LOGS_LANE, START, TRACES, PollerRig

WORLD = World(seed=12, rate=16 / HOUR, past=3 * HOUR, start=START)
# What triggers keep, and what there is to count.
_COUNTERS = (
    (
        "select value from meta where name = 'used'",
        "select (select coalesce(sum(bytes), 0) from bodies) + coalesce(sum(bytes), 0) from parked",
    ),
    (
        "select value from meta where name = 'parked'",
        "select coalesce(sum(bytes), 0) from parked",
    ),
    (
        "select value from meta where name = 'indexed'",
        "select coalesce(sum(bytes), 0) from calls",
    ),
    (
        "select value from meta where name = 'flows'",
        "select coalesce(sum(bytes), 0) from flows",
    ),
    # A row counts its texts, once for each index that holds them, and a share of its pages.
    (
        "select value from meta where name = 'kept'",
        """select (select coalesce(sum(bytes), 0) from calls)
        + (select coalesce(sum(bytes), 0) from flows)
        + (select 40 * count(*) from samples)
        + (select coalesce(sum(2 * octets(session_id) + 100), 0) from ledger)
        + (select coalesce(sum(3 * octets(session_id) + octets(type) + 300), 0) from pending)
        + (select coalesce(sum(2 * octets(session_id) + 300), 0) from recent)
        + (select coalesce(sum(2 * octets(session_id) + 2 * octets(caller) + 100), 0)
           from callers)""",
    ),
    (
        "select value from meta where name in ('recent_bytes', 'recent_calls') order by name",
        "select coalesce(sum(bytes), 0) from recent union all select count(*) from recent",
    ),
    (
        "select calls, parked from lanes order by id",
        """select (select coalesce(sum(calls), 0) from deliveries where lane = lanes.id),
        (select count(*) from parked where lane = lanes.id) from lanes order by id""",
    ),
    (
        "select calls from accounts order by id",
        """select (select count(*) from ledger where account = accounts.id)
        from accounts order by id""",
    ),
)


class BackEnd:
    """Takes every request but one with ``bad`` in it, unless it is ``down``; keeps each request
    that it took.
    """

    name = "back end"

    def __init__(self, bad: str) -> None:
        self._bad = bad.encode()
        self.down = False
        self.taken: list[tuple[Signal, bytes]] = []

    def send(self, signal: Signal, data: bytes, items: int) -> ExportResult:
        if self.down:
            return Retry("503", "down", None)
        inflated = inflate(data)
        if signal is Signal.TRACES and self._bad in inflated:
            return PermanentFailure("400", "bad span")
        self.taken.append((signal, inflated))
        return Accepted("200")

    def close(self) -> None:
        """There is no connection."""


class DiskFaultRig(PollerRig):
    """A poller and both its lanes over a real file on ``disk``. What fails is tried again when the
    parts say so; with ``fragile`` the process dies where the disk failed, and another goes on.
    """

    def __init__(
        self,
        folder: Path,
        disk: FaultyDisk | None = None,
        *,
        fragile: bool = False,
        room: int = 1 << 30,
    ) -> None:
        self._folder = folder
        self._disk = disk or FaultyDisk()
        self._room = room
        self._fragile = fragile
        self.deaths = 0
        settled = sorted(WORLD.ending(START - HOUR, START - 600), key=lambda call: call.end)
        self.poison = next(call.session_id for call in settled if call.start > START - HOUR)
        self.back_end = BackEnd(self.poison)
        super().__init__(
            world=WORLD, renderings=(TRACES, LOGS), grow=0, since=2 * HOUR, bulk_limit=6
        )
        self.store.close()
        self._begin()

    # --- one process after the other ---

    @property
    def path(self) -> Path:
        return self._folder / str(self.deaths) / "store.db"

    def _begin(self) -> None:
        """As a supervisor does it: again until the store can be opened."""
        self.path.parent.mkdir(exist_ok=True)
        for _ in range(100):
            try:
                self.store: Store = self._opened()
            except StoreError:
                self.now += 5
                continue
            self.restart()
            return
        raise AssertionError("the store cannot be opened any more")

    def _opened(self) -> Store:
        return open_store(
            f"sqlite:///{self.path}",
            capacity=self._room,
            clock=lambda: self.now,
            emit=self.events.append,
        )

    def restart(self) -> None:
        super().restart()
        self.shippers = [
            Shipper(
                lane,
                self.store.outbox,
                self.back_end,
                self.events.append,
                self._random.random,
                timer=lambda: self.now,
            )
            for lane in (LANE, LOGS_LANE)
        ]

    def _die(self) -> None:
        """``kill -9``: the next process finds the files as they are now."""
        dead, here = self.store, self.path.parent
        self.deaths += 1
        shutil.copytree(here, self.path.parent)
        dead.close()
        self._begin()

    # --- time ---

    def deliver_all(self) -> None:
        """Until nothing is due and nothing waits."""
        self.go_on_until(
            lambda: self.poller.state().idle and all(shipper.idle for shipper in self.shippers)
        )

    def go_on_until(self, holds: Callable[[], bool]) -> None:
        struck = self._disk.struck.total()
        for _ in range(5_000):
            wake = min(self.step(), *(shipper.step(self.now) for shipper in self.shippers))
            if self._disk.struck.total() > struck:
                struck = self._disk.struck.total()
                if self._fragile:
                    self._die()
                self.check()
            if holds():
                return
            self.now = max(self.now, wake)
        raise AssertionError("it does not come to an end")

    def end(self) -> None:
        self.store.close()

    # --- what must hold ---

    def listed(self) -> list[SimulatedCall]:
        """What was to be read, as far as it had ended when all began."""
        floor = self.position.numbers[""].floor + 2
        return [call for call in self.ended(floor, START - 60) if call.start > floor]

    def check(self) -> None:
        """At any time: counters are true, and nothing up to the cursor is unaccounted for."""
        with closing(sqlite3.connect(f"{self.path.as_uri()}?vfs=unix", uri=True)) as store:
            assert store.execute("pragma integrity_check").fetchall() == [("ok",)]
            assert store.execute("pragma foreign_key_check").fetchall() == []
            if not store.execute("select 1 from sqlite_master where name = 'meta'").fetchone():
                return
            store.create_function("octets", 1, lambda text: len(text.encode()), deterministic=True)
            for kept, counted in _COUNTERS:
                assert store.execute(kept).fetchall() == store.execute(counted).fetchall(), kept
            assert self._lost(store) == []

    def _lost(self, store: sqlite3.Connection) -> list[SimulatedCall]:
        position = store.execute("select cursor, floor from positions").fetchone()
        if position is None:
            return []
        cursor, floor = position
        known = {row[0] for row in store.execute("select session_id from ledger")}
        known |= {row[0] for row in store.execute("select session_id from pending")}
        gaps = store.execute("select start, stop from gaps").fetchall()
        return [
            call
            for call in self.ended(floor + 1, cursor - 1)
            if call.start > floor
            and call.session_id not in known
            and not any(start <= call.end and call.start <= stop for start, stop in gaps)
        ]

    def copies(self) -> dict[tuple[Signal, str], list[bytes]]:
        """Signal and call → each copy of its part that the back end took."""
        found: dict[tuple[Signal, str], list[bytes]] = defaultdict(list)
        for signal, data in self.back_end.taken:
            for part in _messages(data):
                session = _session(part)
                found[signal, session].append(part)
        return found


def _messages(data: bytes) -> Iterator[bytes]:
    """The top-level fields of a message: one call's spans or log records each."""
    at = 0
    while at < len(data):
        assert data[at] == 0x0A  # field 1, by length
        size, shift, begin = 0, 0, at + 1
        while True:
            byte = data[begin]
            size |= (byte & 0x7F) << shift
            begin, shift = begin + 1, shift + 7
            if byte < 0x80:
                break
        yield data[at : begin + size]
        at = begin + size


def _session(part: bytes) -> str:
    key = b"\n\x0asession.id\x12"
    at = part.index(key) + len(key)
    # AnyValue {string_value}: its length, the tag, the string's length.
    size = part[at + 2]
    return part[at + 3 : at + 3 + size].decode()
