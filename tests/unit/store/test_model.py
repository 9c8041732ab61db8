"""The outbox against a model of it, under any order of events."""

from hypothesis import settings
from support.rigs.outbox_machine import OutboxMachine
from support.scale import scaled

OutboxMachine.TestCase.settings = settings(
    max_examples=scaled(40), stateful_step_count=20, deadline=None
)
TestOutboxModel = OutboxMachine.TestCase
