"""Everything that can happen to the program, as the rules of a Hypothesis state machine."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule

from fuse_otel.poller import PollerOptions
from fuse_otel.simulator.faults import Fault, FaultKind
from fuse_otel.simulator.quirks import Bounds, ListOrder, Quirks, TimeField
from fuse_otel.store import is_shared
from support.builders.made_calls import MadeCall, MadeCalls
from support.fakes.in_process_source import PASSING_FAULTS
from support.fakes.unreliable_destination import BEHAVIOURS
from support.rigs.daemon_invariants import (
    ACCOUNTS,
    CALM_ACCOUNT,
    GROW,
    SETTLE,
    TROUBLED,
    DaemonInvariants,
)
from support.rigs.daemon_rig import ROOMY, START, UNRELIABLE, UNRELIABLE_LOGS, DaemonRig

HOUR = 3600
GROWS_UNTIL = 850  # the last look at a log is 900 s after the call's end
RECOVERY = 70.0  # a back-off of the store ends a minute after its trouble at the latest

FAULT_KINDS = [kind for kind in PASSING_FAULTS if kind is not FaultKind.FLOOD]
QUIRKS = st.builds(
    Quirks,
    filter_by=st.sampled_from(TimeField),
    bounds=st.sampled_from(Bounds),
    order=st.sampled_from(ListOrder),
    page_cap=st.sampled_from([0, 0, 3, 10]),
)
accounts = st.sampled_from(ACCOUNTS)
LANES = st.sampled_from([UNRELIABLE, UNRELIABLE_LOGS])
LASTING = st.sampled_from([5, 70, 400])


class DaemonMachine(DaemonInvariants):
    made = 0  # calls

    @initialize(troubled=QUIRKS, calm=QUIRKS, seed=st.integers(0, 1000), history=st.integers(0, 30))
    def begin(self, troubled: Quirks, calm: Quirks, seed: int, history: int) -> None:
        self.contents = {TROUBLED: MadeCalls(troubled), CALM_ACCOUNT: MadeCalls(calm)}
        url = self.opened.enter_context(self.new_store())
        options = {
            name: PollerOptions(
                name,
                poll_interval=self.poll_interval,
                settle=SETTLE,
                grow=GROW,
                since=6 * HOUR,
                shared=is_shared(url),
            )
            for name in ACCOUNTS
        }
        for place in range(history):
            self._make(CALM_ACCOUNT, 40, ago=1800 + place * 600)
            self._make(TROUBLED, 40, ago=1800 + place * 600)
        self.rig = DaemonRig(self.contents, options, url, seed, self.wraps)
        self.rig.checks.append(self.check_cursors)

    # --- calls ------------------------------------------------------------------------------------

    @rule(
        account=accounts,
        seconds=st.sampled_from([0, 7, 60, 300, 1100, 2 * HOUR]),
        late=st.sampled_from([0, 0, 0, 5, 40, 700, 5000]),
        exits=st.booleans(),
        entries=st.sampled_from([0, 1, 4, 9]),
        log_late=st.sampled_from([0, 0, 0, 60, 800, 2000]),
        count=st.sampled_from([1, 1, 1, 3, 12]),
    )
    def calls_end(
        self, account: str, seconds: int, late: int, exits: bool, entries: int, log_late: int,
        count: int,
    ) -> None:  # fmt: skip
        for _ in range(count):
            self._make(account, seconds, late=late, exits=exits, entries=entries, log_late=log_late)

    @rule(pick=st.randoms(use_true_random=False), more=st.integers(1, 3), longer=st.booleans())
    def a_call_grows(self, pick, more: int, longer: bool) -> None:
        """New entries in the log of a hang-up, at times with a later end in the list."""
        made = self.contents[pick.choice(ACCOUNTS)]
        young = [
            call
            for call in made.calls.values()
            if not call.exits and self.rig.now < call.end + GROWS_UNTIL and call.entries
        ]
        if young:
            call = pick.choice(young)
            for _ in range(more):
                made.write(call, "menu", int(self.rig.now))
            if longer and made.quirks.filter_by is TimeField.START:
                call.end = max(call.end, int(self.rig.now))

    @rule(pick=st.randoms(use_true_random=False))
    def a_log_expires(self, pick) -> None:
        made = self.contents[pick.choice(ACCOUNTS)]
        if made.calls:
            call = pick.choice(list(made.calls.values()))
            call.expires_at = min(call.expires_at, self.rig.now)
            call.disturbed = True

    # --- the API ----------------------------------------------------------------------------------

    @rule(
        kind=st.sampled_from(FAULT_KINDS),
        endpoint=st.sampled_from([None, "calls", "all_logs", "call"]),
        ago=st.sampled_from([None, None, 60, 2000, 9000]),
        width=st.sampled_from([0, 3, 500]),
        share=st.sampled_from([0.3, 1.0]),
        count=st.sampled_from([1, 6, None]),
        retry_after=st.sampled_from([None, 0.0, 50.0]),
    )
    def the_api_fails(
        self, kind: FaultKind, endpoint: str | None, ago: int | None, width: int, share: float,
        count: int | None, retry_after: float | None,
    ) -> None:  # fmt: skip
        since = None if ago is None else int(self.rig.now) - ago
        self.rig.faults[TROUBLED].add(
            Fault(
                kind,
                endpoint=endpoint,
                since=since,
                until=None if since is None else since + width,
                probability=share,
                count=count,
                retry_after=retry_after,
            )
        )

    @rule()
    def a_bulk_page_is_too_large(self) -> None:
        self.rig.faults[TROUBLED].add(Fault(FaultKind.FLOOD, endpoint="all_logs", count=3))

    @rule(account=accounts, pick=st.randoms(use_true_random=False))
    def the_details_of_a_call_fail(self, account: str, pick) -> None:
        """Also those of an account that has no other trouble: its other calls are not held up."""
        calls = self.contents[account].calls
        if calls:
            call = pick.choice(list(calls.values())[-3:])
            call.disturbed = True
            fault = Fault(FaultKind.ERROR, endpoint="call", session=call.session_id)
            self.rig.faults[account].add(fault)

    @rule()
    def the_api_recovers(self) -> None:
        self.rig.faults[TROUBLED].clear()

    # --- the back ends ----------------------------------------------------------------------------

    @rule(
        lane=st.sampled_from([UNRELIABLE, UNRELIABLE_LOGS]),
        behaviour=st.sampled_from(sorted(BEHAVIOURS)),
    )
    def a_back_end_changes_its_behaviour(self, lane, behaviour: str) -> None:
        self.rig.destinations[lane].behaviour = behaviour

    @rule(
        lane=st.sampled_from([UNRELIABLE, UNRELIABLE_LOGS]), pick=st.randoms(use_true_random=False)
    )
    def a_back_end_dislikes_a_call(self, lane, pick) -> None:
        calls = list(self.contents[pick.choice(ACCOUNTS)].calls)
        destination = self.rig.destinations[lane]
        destination.behaviour = "refuses the poisonous"
        if calls:
            destination.poison.add(pick.choice(calls))

    # --- the process, its store and its clock -----------------------------------------------------

    @rule(seconds=st.sampled_from([1, 5, 20, 65, 130, 400, 1300]))
    def time_passes(self, seconds: int) -> None:
        self.rig.run(seconds)

    @rule()
    def the_process_dies(self) -> None:
        self.rig.crash()
        self._upset()

    @rule(statement=st.integers(1, 60), after=st.booleans(), seconds=st.sampled_from([5, 70]))
    def the_process_dies_at_a_statement(self, statement: int, after: bool, seconds: int) -> None:
        self.rig.trap.set(statement, crash=True, after=after)
        self.rig.run(seconds)
        self.rig.trap.left = 0
        self._upset()

    @rule(statement=st.integers(1, 60), seconds=st.sampled_from([5, 70]))
    def the_disk_fails_at_a_statement(self, statement: int, seconds: int) -> None:
        self.rig.trap.set(statement, crash=False)
        self.rig.run(seconds)
        self.rig.trap.left = 0
        self._upset(RECOVERY)

    @rule(lasting=LASTING, dies=st.booleans())
    def the_outbox_is_full(self, lasting: int, dies: bool) -> None:
        self.rig.set_capacity(1)
        self._endure(lasting, dies=dies)
        # A lowered cap lowers the share of the index.
        self.forgotten |= {one for name in self.rig.accounts() for one in self._not_indexed(name)}
        self.rig.set_capacity(ROOMY)
        self._upset(RECOVERY)

    @rule(
        seconds=st.sampled_from([-2 * 86_400, -HOUR, -20, 20, HOUR, 2 * 86_400]),
        lasting=LASTING,
        dies=st.booleans(),
    )
    def the_clock_is_wrong(self, seconds: int, lasting: int, dies: bool) -> None:
        self.rig.offset = float(seconds)
        self._disturb()
        self._endure(lasting, dies=dies)
        self.rig.offset = 0.0
        self._disturb()
        self._upset(RECOVERY)

    # --- how it is done ---------------------------------------------------------------------------

    def _make(
        self, account: str, seconds: int, *, ago: int = 0, late: int = 0, exits: bool = True,
        entries: int = 4, log_late: int = 0,
    ) -> None:  # fmt: skip
        self.made += 1
        end = int(self.rig.now if self.rig else START) - ago
        call = MadeCall(
            f"made;{account};{self.made}.",
            end - seconds,
            end,
            listed_at=end + late,
            exits=exits and entries > 0,
            logged=self.made % 7 > 0,
            log_at=end + log_late,
        )
        self.contents[account].add(call, entries)

    def _endure(self, seconds: int, *, dies: bool) -> None:
        self.rig.run(seconds / 2)
        if dies:
            self.rig.crash()
        self.rig.run(seconds / 2)

    def _upset(self, seconds: float = 0.0) -> None:
        self.upset_at = self.rig.now + seconds

    def _disturb(self) -> None:
        """By a wrong clock the last look at a log comes too early."""
        for made in self.contents.values():
            for call in made.calls.values():
                call.disturbed |= call.end > self.rig.now - 2 * HOUR
