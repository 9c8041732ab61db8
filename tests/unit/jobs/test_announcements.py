"""A call that was announced to one replica: all replicas poll their accounts."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.builders.store_values import NOW
from support.rigs.job_rig import JobRig

from fuse_otel.errors import Broken
from fuse_otel.ports import Store
from fuse_otel.store import MemoryStore


@pytest.fixture
def store() -> Iterator[Store]:
    made = MemoryStore(10**9)
    yield made
    made.close()


class Replica:
    """``polls`` counts how often its accounts were to be polled."""

    def __init__(self, store: Store, *, shared: bool = True) -> None:
        self.rig = JobRig(store, shared=shared)
        self.worker = self.rig.worker
        self.worker.call_when_announced(self._poll)
        self.polls = 0
        self.step()

    def step(self, at: float = NOW) -> float:
        return self.worker.step(at)

    def _poll(self) -> None:
        self.polls += 1


def test_all_replicas_poll_once_for_the_calls_that_one_of_them_announces(store):
    first, second, third = Replica(store), Replica(store), Replica(store)
    for _ in range(5):
        first.worker.announce()
    for each in (first, second, third, first, second, third):
        each.step()
    assert (second.polls, third.polls) == (1, 1)
    assert store.control.announcements() == 1
    third.worker.announce()
    for each in (third, second, first):
        each.step()
    assert (second.polls, first.polls) == (2, 2)


def test_a_replica_that_starts_later_polls_for_no_old_announcement(store):
    first = Replica(store)
    first.worker.announce()
    first.step()
    later = Replica(store)
    later.step()
    assert later.polls == 0


def test_an_announcement_that_was_not_stored_is_tried_again(store, monkeypatch):
    first, second = Replica(store), Replica(store)
    announce = store.control.announce

    def fails() -> None:
        raise Broken("The database cannot be reached.")

    monkeypatch.setattr(store.control, "announce", fails)
    first.worker.announce()
    again = first.step()
    second.step()
    assert second.polls == 0
    monkeypatch.setattr(store.control, "announce", announce)
    first.step(again)
    second.step()
    assert second.polls == 1


def test_the_only_process_of_a_store_writes_no_announcement(store):
    alone = Replica(store, shared=False)
    alone.worker.announce()
    alone.step()
    assert store.control.announcements() == 0
    assert alone.polls == 0
