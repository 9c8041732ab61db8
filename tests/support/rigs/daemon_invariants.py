"""What must hold whatever happened to the program: nothing lost, nothing doubled, on time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from tempfile import TemporaryDirectory

from hypothesis.stateful import RuleBasedStateMachine, invariant

from fuse_otel.core.batching.gzip_member import inflate
from fuse_otel.core.model.call_flow import CallFlow, read_path
from fuse_otel.core.model.ids import CallIds
from fuse_otel.core.model.telemetry import Signal
from fuse_otel.core.timing.windows import RETENTION
from fuse_otel.events import StoreFailed
from fuse_otel.ports import ParkedQuery
from support.builders.made_calls import MadeCall, MadeCalls
from support.fakes.unreliable_destination import Piece, read_pieces
from support.rigs.daemon_rig import CALM, LANES, ROOMY, START, DaemonRig, Wraps

TROUBLED, CALM_ACCOUNT = "troubled", "calm"
ACCOUNTS = (TROUBLED, CALM_ACCOUNT)
POLL, SETTLE, GROW = 60.0, 15.0, 120.0
NO_LOG = 900.0  # an empty log is given up so long after the call's end
SLACK = 2.0
INDEXED = 6 * 86_400  # a fast clock of the daemon may shorten the 7 days of the index


def in_memory() -> AbstractContextManager[str]:
    return nullcontext("sqlite://")


@contextmanager
def on_disk() -> Iterator[str]:
    with TemporaryDirectory() as folder:
        yield f"sqlite:///{folder}/store.db"


class DaemonInvariants(RuleBasedStateMachine):
    """``new_store``, the URL of an empty store while the context lasts, and ``wraps`` are for
    subclasses to set.
    """

    new_store: Callable[[], AbstractContextManager[str]] = staticmethod(in_memory)
    wraps = Wraps()
    poll_interval = POLL

    def __init__(self) -> None:
        super().__init__()
        self.opened = ExitStack()
        self.rig: DaemonRig | None = None
        self.contents: dict[str, MadeCalls] = {}
        self.upset_at = float(START)  # when something last happened that concerns everybody
        self.cursors: dict[str, int] = {}
        self.promised: dict[str, set[str]] = {name: set() for name in ACCOUNTS}
        self.store_errors = 0
        self.forgotten: set[str] = set()  # by the index, when the cap was lowered

    def check_cursors(self) -> None:
        """Up to the cursor everything is kept that stood in the list when it was read."""
        for name, account in self.rig.accounts().items():
            made, here = self.contents[name], account.numbers.get("")
            if here is None:
                continue
            promised, before = self.promised[name], self.cursors.get(name, here.cursor)
            self.cursors[name] = here.cursor
            for call in made.calls.values():
                if made.moment(call) > before and call.listed_at <= made.listed_for(call, before):
                    promised.add(call.session_id)
            passed = [one for one in promised if made.moment(made.calls[one]) <= here.cursor]
            outside = [
                one
                for one in passed
                if not any(g.start <= made.moment(made.calls[one]) <= g.end for g in account.gaps)
            ]
            lost = set(outside) - self.rig.kept(name, outside)
            assert not lost, f"the cursor of {name} passed {lost}"
            promised.difference_update(outside)

    @invariant()
    def what_is_sent_again_is_equal(self) -> None:
        if self.rig is not None:
            for destination in self.rig.destinations.values():
                assert not destination.unequal

    @invariant()
    def the_untroubled_are_on_time(self) -> None:
        """One account's, one lane's failure delays no other; nor does what is caught up with."""
        if self.rig is None:
            return
        taken = self.rig.destinations[CALM].first_at
        for call in self.contents[CALM_ACCOUNT].calls.values():
            if not call.usual or call.log_at > call.end or call.disturbed or call.end < START:
                continue
            due = max(call.end + hold_of(call), self.upset_at) + POLL + SETTLE + SLACK
            at = taken.get(root_of(call), self.rig.now)
            assert at <= max(due, self.upset_at), f"{at - due} s late: {call}"

    @invariant()
    def every_exported_call_is_in_the_index_once(self) -> None:
        """With the facts of the ledger. Calls are kept there for 7 days after their start."""
        if self.rig is None:
            return
        for name in self.rig.accounts():
            rows = self.rig.indexed(name)
            indexed = {row.session_id: row for row in rows}
            assert len(indexed) == len(rows)
            exported = self.rig.exported(name, [*self.contents[name].calls])
            assert set(indexed) <= set(exported)
            for session_id, seen in exported.items():
                call = self.contents[name].calls[session_id]
                recent = call.start > self.rig.now - INDEXED
                if recent and session_id not in indexed and session_id not in self.forgotten:
                    raise AssertionError(f"{call} of {name} is not in the index")
                row = indexed.get(session_id)
                assert row is None or (row.end, row.details) == (seen.end, seen.details), call

    def _not_indexed(self, name: str) -> set[str]:
        rows = {row.session_id for row in self.rig.indexed(name)}
        return {*self.rig.exported(name, [*self.contents[name].calls])} - rows

    @invariant()
    def every_indexed_call_counts_once_in_the_call_flows(self) -> None:
        """While the index has all calls of the ledger: it forgets them first."""
        if self.rig is None:
            return
        expected: dict[str, CallFlow] = {}
        for name in self.rig.accounts():
            rows = self.rig.indexed(name)
            known = self.rig.exported(name, [*self.contents[name].calls])
            if {row.session_id for row in rows} != set(known):
                return
            for row in rows:
                flow = expected.setdefault(row.application, CallFlow())
                flow.add(read_path(row.modules, row.path, lost=row.outcome == "hangup"))
        flows = self.rig.flows()
        for application, flow in expected.items():
            assert summed(flows.get(application, CallFlow())) == summed(flow), application

    def teardown(self) -> None:
        """All trouble ends, time runs on: everything is where it belongs."""
        try:
            if self.rig is not None:
                self._end_all_trouble()
                self._let_it_end()
                self._check_the_end()
        finally:
            if self.rig is not None:
                self.rig.close()
            self.opened.close()

    # --- the end ----------------------------------------------------------------------------------

    def _end_all_trouble(self) -> None:
        rig = self.rig
        rig.trap.left, rig.offset = 0, 0.0
        rig.set_capacity(ROOMY)
        for faults in rig.faults.values():
            faults.clear()
        for destination in rig.destinations.values():
            destination.behaviour = "accepts"

    def _let_it_end(self) -> None:
        """A last rescan, then whatever still waits: the last look for missing details above all."""
        late = max(
            (c.listed_at for m in self.contents.values() for c in m.calls.values()), default=0
        )
        self.rig.run(max(0.0, late - self.rig.now) + 1300)
        for _ in range(12):
            if not self._waiting():
                return
            self.rig.run(700)

    def _waiting(self) -> bool:
        accounts = self.rig.accounts().values()
        lanes = self.rig.store.control.status().lanes
        return any(a.waiting or a.gaps for a in accounts) or any(lane.calls for lane in lanes)

    def _check_the_end(self) -> None:
        rig = self.rig
        status = rig.store.control.status()
        assert {lane.lane: lane.calls for lane in status.lanes if lane.calls} == {}
        assert status.used >= 0
        for account in status.accounts:
            assert account.gaps == ()
            assert account.waiting == 0
            assert rig.headroom(account.account) > RETENTION - 200
            self._check_account(account.account, account.numbers[""].floor)
        store_failed = any(isinstance(event, StoreFailed) for event in rig.events)
        if not rig.crashes and not rig.takeovers and not store_failed:
            for destination in rig.destinations.values():
                assert set(destination.taken.values()) <= {1}

    def _check_account(self, name: str, floor: int) -> None:
        made = self.contents[name]
        expected = [c for c in made.calls.values() if min(c.start, made.moment(c)) >= floor + 2]
        kept = self.rig.kept(name, [call.session_id for call in expected])
        assert {call.session_id for call in expected} <= kept
        for lane in LANES:
            there = {*self.rig.destinations[lane].taken, *self._parked(lane)}
            for call in expected:
                assert pieces_of(call, lane.signal) <= there, (lane, call)

    def _parked(self, lane) -> set[Piece]:
        control = self.rig.store.control
        listed = control.parked(
            100_000, ParkedQuery(destination=lane.destination, signal=lane.signal)
        )
        whole = (control.parked_call(call.id) for call in listed)
        return {piece for one in whole for piece, _ in read_pieces(lane.signal, inflate(one.data))}


def summed(flow: CallFlow) -> tuple[int, dict[str, tuple[int, int]]]:
    """The calls, and of each module that ran its executions and lost calls."""
    nodes = zip(flow.places, flow.nodes, strict=True)
    return flow.calls, {
        " ".join(module): (node.executions, node.lost) for module, node in nodes if node.executions
    }


def hold_of(call: MadeCall) -> float:
    """How many seconds after its end a call that nothing disturbs waits for its log."""
    if call.exits or not call.logged:
        return 0.0
    return GROW if call.entries else NO_LOG


def root_of(call: MadeCall) -> Piece:
    ids = CallIds("", call.session_id)
    return ids.trace_id.hex(), f"{ids.span_id(0):016x}"


def pieces_of(call: MadeCall, signal: Signal) -> set[Piece]:
    """What must be there of a call: its root, and a record of every entry it ended up with."""
    if signal is Signal.TRACES:
        return {root_of(call)}
    if call.disturbed or not call.logged or call.log_at > call.end + 850:
        return set()
    ids = CallIds("", call.session_id)
    return {(ids.trace_id.hex(), ids.log_record_uid(i)) for i in range(len(call.entries))}
