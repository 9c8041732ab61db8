"""When an account's reader lets other replicas help."""

from types import SimpleNamespace

import pytest

from fuse_otel.errors import Busy
from fuse_otel.poller.budget import Budget
from fuse_otel.poller.options import PollerOptions
from fuse_otel.poller.sharing import FAILURES, LOOK, REST, STANDBY, Sharing
from fuse_otel.ports import Gap, GapReason, Position

HISTORY = (Gap("", 0, 3600, GapReason.HISTORY, id=1),)
FAILED = (Gap("", 0, 60, GapReason.ERROR, id=1),)


class FakeLease:
    def __init__(self, *, helps=False):
        self.helps = helps
        self.shared = []

    def share(self, most):
        self.shared.append(most)


class FakeLedger:
    """``free``: nobody has the account. ``shared``: its holder wants help."""

    def __init__(self):
        self.free = False
        self.shared = False

    def lease(self, account):
        if not self.free:
            raise Busy(account)
        return FakeLease()

    def help(self, account):
        if not self.shared:
            raise Busy(account)
        return FakeLease(helps=True)


class Rig:
    def __init__(self, *, shared=True, **options):
        options = PollerOptions("a", shared=shared, share_after=60.0, **options)
        self.ledger = FakeLedger()
        self.made = 0
        self.budget = Budget(options.requests_per_second)
        self.health = SimpleNamespace(failures=0)
        api = SimpleNamespace(
            requests_made=lambda: self.made, budget=self.budget, health=self.health
        )
        self.sharing = Sharing(options, self.ledger, api)
        self.lease = FakeLease()

    def look(self, now, gaps=HISTORY, shares=1, made=0):
        self.made += made
        position = Position({}, gaps, (), None, 0, None, shares=shares)
        return self.sharing.look(self.lease, position, now)


def test_an_account_is_shared_once_it_was_behind_for_a_while():
    rig = Rig()
    assert not rig.look(1000.0)
    assert not rig.look(1059.0, made=50)
    assert rig.look(1060.0, made=50)
    assert rig.lease.shared == [5]


def test_an_account_that_uses_its_request_budget_is_not_shared():
    rig = Rig()
    rig.look(1000.0)
    assert not rig.look(1060.0, made=200)
    assert not rig.look(1119.0)
    assert rig.look(1120.0), "the next minute counts anew"


@pytest.mark.parametrize("gaps", [(), FAILED])
def test_without_gaps_to_read_an_account_is_not_behind(gaps):
    rig = Rig()
    rig.look(1000.0)
    rig.look(1030.0, gaps)
    assert not rig.look(1061.0)
    assert not rig.look(1120.0)
    assert rig.look(1121.0)


def test_the_shares_follow_the_replicas_until_there_is_nothing_to_read():
    rig = Rig(requests_per_second=2.5)
    assert rig.look(1000.0, shares=2)
    assert not rig.look(1000.0 + LOOK / 2, shares=2)
    assert rig.look(1000.0 + LOOK, shares=3, made=100)
    assert rig.look(1000.0 + 2 * LOOK, (), shares=3)
    assert not rig.look(1000.0 + 3 * LOOK, (), shares=1)
    assert rig.lease.shared == [2, 2, 1]


def test_a_replica_that_helps_divides_nothing():
    rig = Rig()
    rig.lease.helps = True
    assert not rig.look(1000.0, shares=3)
    assert rig.lease.shared == []


def test_a_replica_helps_while_another_one_has_the_account_and_takes_it_when_it_is_free():
    rig = Rig()
    with pytest.raises(Busy):
        rig.sharing.lease(None, 1000.0)
    rig.ledger.shared = True
    helping = rig.sharing.lease(None, 1000.0)
    assert helping.helps
    assert rig.budget.tokens == 0.0
    rig.ledger.free = True
    assert rig.sharing.lease(helping, 1000.0 + STANDBY / 2) is helping
    taken = rig.sharing.lease(helping, 1000.0 + STANDBY)
    assert not taken.helps
    assert rig.sharing.lease(taken, 2000.0) is taken


def test_a_replica_keeps_helping_while_the_account_is_not_free():
    rig = Rig()
    rig.ledger.shared = True
    helping = rig.sharing.lease(None, 1000.0)
    assert rig.sharing.lease(helping, 1000.0 + STANDBY) is helping


def test_one_process_alone_never_helps():
    rig = Rig(shared=False)
    rig.ledger.shared = True
    with pytest.raises(Busy):
        rig.sharing.lease(None, 1000.0)


def test_a_replica_whose_requests_fail_helps_no_more_for_a_while():
    rig = Rig()
    rig.ledger.shared = True
    rig.health.failures = 7  # as the holder
    helping = rig.sharing.lease(None, 1000.0)
    rig.health.failures = 7 + FAILURES - 1
    assert rig.sharing.lease(helping, 1010.0) is helping
    rig.health.failures = 7 + FAILURES
    for now in (1020.0, 1020.0 + REST - 1):
        with pytest.raises(Busy):
            rig.sharing.lease(helping if now == 1020.0 else None, now)
    assert rig.sharing.lease(None, 1020.0 + REST).helps


def test_failures_count_from_the_last_answer():
    rig = Rig()
    rig.ledger.shared = True
    rig.health.failures = 7
    helping = rig.sharing.lease(None, 1000.0)
    rig.health.failures = 0
    assert rig.sharing.lease(helping, 1010.0) is helping
    rig.health.failures = FAILURES
    with pytest.raises(Busy):
        rig.sharing.lease(helping, 1020.0)


def test_a_process_that_is_not_to_help_stands_by():
    rig = Rig(helps=False)
    rig.ledger.shared = True
    with pytest.raises(Busy):
        rig.sharing.lease(None, 1000.0)
