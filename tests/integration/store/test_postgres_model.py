"""The outbox in a PostgreSQL database against a model of it, under any order of events."""

import pytest
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test
from support.rigs.outbox_machine import OutboxMachine
from support.scale import scaled


@pytest.mark.slow
def test_the_outbox_is_as_its_model(postgres):
    machine = type("OnPostgres", (OutboxMachine,), {"new_store": staticmethod(postgres.store)})
    few = settings(max_examples=scaled(2, least=3), stateful_step_count=20, deadline=None)
    run_state_machine_as_test(machine, settings=few)
