"""Whatever happens to the API, the back ends, the store, the clock and the process: nothing is
lost, nothing is doubled, and who is not concerned is on time.
"""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test
from msgspec.structs import replace
from support.rigs.daemon_invariants import POLL, in_memory, on_disk
from support.rigs.daemon_machine import DaemonMachine
from support.rigs.daemon_rig import Wraps
from support.rigs.replica_machine import ReplicaMachine
from support.scale import scaled

from fuse_otel.ports import Acknowledgement, NumberPosition, Step
from fuse_otel.simulator.quirks import Quirks

pytestmark = pytest.mark.proof

RULES = 30
WHOLE = settings(
    max_examples=scaled(12, least=4),
    stateful_step_count=RULES,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


def variant(**attributes):
    return type("Variant", (DaemonMachine,), attributes)


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("new_store", [in_memory, on_disk])
def test_nothing_is_lost_or_doubled_and_nobody_delays_another(new_store):
    run_state_machine_as_test(variant(new_store=staticmethod(new_store)), settings=WHOLE)


@pytest.mark.timeout(3600)
def test_nothing_is_lost_or_doubled_on_postgresql(postgres):
    machine = type("OnPostgres", (ReplicaMachine,), {"new_store": staticmethod(postgres.store)})
    fewer = settings(WHOLE, max_examples=scaled(0.6, least=2))
    run_state_machine_as_test(machine, settings=fewer)


class Passed:
    """Hands everything on to the real one."""

    def __init__(self, real):
        self._real = real

    def __getattr__(self, name):
        return getattr(self._real, name)


class HastyCursor(Passed):
    """A lease that moves the cursor before what lies below it is kept."""

    def commit(self, step):
        if step.pending or step.batches:
            here = self._real.position(step.at, 1).numbers[""]
            early = NumberPosition(max(here.cursor, step.at - 16), here.floor)
            self._real.commit(Step(at=step.at, positions={"": early}))
        self._real.commit(step)


class ForgottenBatch(Passed):
    """A lease that remembers calls and does not keep them for the lanes."""

    def commit(self, step):
        self._real.commit(replace(step, batches=step.batches[1:]))


class ForgottenRow(Passed):
    """A lease that leaves the first call of a step out of the index."""

    def commit(self, step):
        self._real.commit(replace(step, indexed=step.indexed[1:]))


def leasing(lease):
    """The real ledger, with another lease."""

    class Leasing(Passed):
        def lease(self, account):
            return lease(self._real.lease(account))

    return Leasing


class EagerOutbox(Passed):
    """Acknowledges the batches that it gives to a lane, before they were sent."""

    def due(self, lane, now, *limits):
        batches = self._real.due(lane, now, *limits)
        done = [Acknowledgement(each.id, tuple(c.offset for c in each.calls)) for each in batches]
        self._real.resolve(lane, done, now)
        return batches


class SlowPoll(DaemonMachine):
    poll_interval = POLL + 40


def mutant(**wraps):
    return variant(wraps=Wraps(**wraps))


@pytest.mark.parametrize(
    "machine",
    [
        mutant(ledger=leasing(HastyCursor)),
        mutant(ledger=leasing(ForgottenBatch)),
        mutant(ledger=leasing(ForgottenRow)),
        mutant(outbox=EagerOutbox),
    ],
    ids=["cursor first", "no batch", "no row", "acknowledged first"],
)
def test_the_proof_can_fail(machine):
    # As many examples as the first failure takes; nobody wants it shrunk.
    patient = settings(
        WHOLE, max_examples=60, phases=[Phase.generate], derandomize=True, database=None
    )
    with pytest.raises(AssertionError):
        run_state_machine_as_test(machine, settings=patient)


def some_quiet_minutes(machine):
    """Returns whether every call was on time."""
    machine.begin(Quirks(), Quirks(), seed=1, history=20)
    try:
        for _ in range(40):
            machine.calls_end("calm", 60, late=0, exits=True, entries=4, log_late=0, count=1)
            machine.time_passes(7)
            machine.the_untroubled_are_on_time()
    except AssertionError:
        return False
    finally:
        machine.teardown()
    return True


def test_the_proof_knows_what_late_is():
    assert some_quiet_minutes(DaemonMachine())
    assert not some_quiet_minutes(SlowPoll())
