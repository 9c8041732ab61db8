"""What can happen to a replica besides all that can happen to any daemon."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import rule

from support.rigs.daemon_machine import LANES, LASTING, RECOVERY, DaemonMachine, accounts


class ReplicaMachine(DaemonMachine):
    @rule(statement=st.integers(1, 60), seconds=st.sampled_from([5, 70]))
    def the_answer_to_a_statement_is_lost(self, statement: int, seconds: int) -> None:
        """The server has done it, and a commit is durable. The daemon cannot know."""
        self.rig.trap.set(statement, crash=False, after=True)
        self.rig.run(seconds)
        self.rig.trap.left = 0
        self._upset(RECOVERY)

    @rule(account=accounts, lane=LANES, lasting=LASTING)
    def it_hangs_and_another_replica_takes_over(self, account: str, lane, lasting: int) -> None:
        """The other one ends after a while, without a commit. This one continues meanwhile, as if
        it had not been stopped.
        """
        with self.rig.taken_over(account, lane):
            self.rig.run(lasting)
        self._upset(RECOVERY)
