"""The outbox against a model of it that fits in a dictionary, under any order of events, as the
rules of a Hypothesis state machine.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from fuse_otel.core.model.lane import Lane
from fuse_otel.errors import Full
from fuse_otel.ports import Acknowledgement
from fuse_otel.store import open_store
from support.builders.store_values import CALL_SIZE, JAEGER, LOKI, NOW, TEMPO, body, copy_of, step
from support.rigs.daemon_invariants import in_memory

LANES = [TEMPO, JAEGER]
CAPACITY = 4_000
FAR = 10**9


class OutboxMachine(RuleBasedStateMachine):
    """``new_store`` as in ``DaemonInvariants``."""

    new_store: Callable[[], AbstractContextManager[str]] = staticmethod(in_memory)

    def __init__(self) -> None:
        super().__init__()
        self.opened = ExitStack()
        url = self.opened.enter_context(self.new_store())
        self.store = open_store(url, capacity=CAPACITY, clock=lambda: float(NOW))
        self.lease = self.store.ledger.lease("main")
        self.made = 0
        self.waiting: dict[Lane, dict[str, int]] = {lane: {} for lane in LANES}
        self.parked: dict[Lane, list[str]] = {lane: [] for lane in LANES}
        self.bytes: dict[str, int] = {}
        self.parked_bytes = 0

    def teardown(self) -> None:
        self.store.close()
        self.opened.close()

    @rule(
        calls=st.lists(st.integers(0, 500), min_size=1, max_size=4),
        lanes=st.lists(st.sampled_from(LANES), min_size=1, unique=True),
        size=st.integers(1, 900),
    )
    def commit(self, calls: list[int], lanes: list[Lane], size: int) -> None:
        names = [f"{self.made}/{place}" for place in range(len(calls))]
        ends = [NOW - ago for ago in calls]
        new = body(*names, lanes=lanes, ends=ends, data=b"x" * size)
        used = self.used()
        try:
            self.lease.commit(step(new))
        except Full:
            assert used + size > CAPACITY
            return
        assert used + size <= CAPACITY
        self.bytes[str(self.made)] = size
        for lane in lanes:
            self.waiting[lane] |= dict(zip(names, ends, strict=True))
        self.made += 1

    @rule(
        lane=st.sampled_from(LANES),
        take=st.sets(st.integers(0, 12)),
        park=st.sets(st.integers(0, 12)),
    )
    def resolve(self, lane: Lane, take: set[int], park: set[int]) -> None:
        acknowledgements, gone, copies = [], [], []
        place = 0
        for found in self.store.outbox.due(lane, NOW, FAR):
            taken, kept = [], []
            for call in found.calls:
                if place in take:
                    taken.append(call)
                    kept += [call] if place in park else []
                place += 1
            acknowledgements.append(
                Acknowledgement(
                    found.id, tuple(c.offset for c in taken), tuple(copy_of(c) for c in kept)
                )
            )
            gone += [call.session_id for call in taken]
            copies += [call.session_id for call in kept]
        added = len(copies) * len(copy_of(None).data)
        try:
            self.store.outbox.resolve(lane, acknowledgements * 2, NOW)
        except Full:
            assert self.parked_bytes + added > CAPACITY // 5
            return
        self.parked_bytes += added
        self.parked[lane] += copies
        for name in gone:
            del self.waiting[lane][name]

    def used(self) -> int:
        alive = {name.partition("/")[0] for lane in LANES for name in self.waiting[lane]}
        return sum(self.bytes[one] for one in alive) + self.parked_bytes

    @invariant()
    def the_counters_are_right(self) -> None:
        status = self.store.control.status()
        assert status.used == self.used()
        for lane in status.lanes:
            waiting = self.waiting[lane.lane]
            assert lane.calls == len(waiting)
            assert lane.oldest == min(waiting.values(), default=None)
            assert lane.parked == len(self.parked[lane.lane])

    @invariant()
    def due_is_what_waits_in_order(self) -> None:
        for lane in LANES:
            bodies = self.store.outbox.due(lane, NOW, FAR)
            due = {call.session_id: call.end for found in bodies for call in found.calls}
            assert due == self.waiting[lane]
            assert all(call.length == CALL_SIZE for found in bodies for call in found.calls)
            order = [
                (not any(end >= NOW - 120 for end in ends), min(ends))
                for ends in ([call.end for call in found.calls] for found in bodies)
            ]
            assert order == sorted(order)
        assert self.store.outbox.due(LOKI, NOW, FAR) == ()
