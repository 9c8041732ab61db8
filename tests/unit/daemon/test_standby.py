"""Readiness while other replicas read some accounts: only those of this one count."""

from __future__ import annotations

import pytest
from support.builders.store_values import TEMPO

from fuse_otel.daemon.readiness import Readiness
from fuse_otel.events import AccountMoved, AccountStandby
from fuse_otel.ports import ReportedState


@pytest.fixture
def readiness() -> Readiness:
    return Readiness(["main", "other"], [TEMPO])


def moved(account: str, reason: str = "") -> AccountMoved:
    return AccountMoved(account, not reason, None, None, 0, 0, reason=reason)


def test_a_replica_that_cannot_read_its_only_account_is_not_ready(readiness):
    readiness(moved("main", "The API cannot be reached."))
    assert readiness.unready() == []
    readiness(AccountStandby("other"))
    assert readiness.unready() == ["account main: The API cannot be reached."]
    readiness(moved("other"))
    assert readiness.unready() == []


def test_a_replica_without_an_account_is_ready_and_what_it_reported_before_is_forgotten(readiness):
    readiness(moved("main", "The API cannot be reached."))
    readiness(moved("other", "The API cannot be reached."))
    assert readiness.unready()
    for account in ("main", "other"):
        readiness(AccountStandby(account))
    assert readiness.unready() == []
    assert readiness.states()[0] == {
        "main": ReportedState("up"),
        "other": ReportedState("up"),
    }
