"""The workers of two replicas on one job: it counts what both have done, and ends once."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from support.builders.store_values import JAEGER, NOW, TEMPO, step
from support.rigs.job_rig import LANES, JobRig, due, park

from fuse_otel.jobs.job import Backfill, Drop, Erase, Replay
from fuse_otel.ports import ParkedQuery, Store
from fuse_otel.store import MemoryStore

EVERY = ParkedQuery()
CALLS = [f"3000{number:02};001;1" for number in range(5)]
WANTED = pytest.mark.parametrize("wanted", [Replay(EVERY), Drop(EVERY)])


class Overtaken:
    """A control beside which something happens before each call of one method."""

    def __init__(self, store: Store, method: str, before: Callable[[], object]) -> None:
        self._control = store.control
        self._method = method
        self._before = before

    def __getattr__(self, name: str) -> object:
        if name == self._method:
            self._before()
        return getattr(self._control, name)


@pytest.fixture
def store() -> Iterator[Store]:
    made = MemoryStore(10**9)
    yield made
    made.close()


def overtaken(store: Store, method: str, faster: JobRig, **options: object) -> JobRig:
    """A worker that the other one overtakes before each call of the method."""
    control = Overtaken(store, method, lambda: faster.worker.step(NOW))
    return JobRig(store, control, **options)


@WANTED
@pytest.mark.parametrize("method", ["job_status", "parked_part", "commit_job_step", "finish_job"])
def test_each_call_is_counted_once_and_one_end_is_reported(store, monkeypatch, wanted, method):
    monkeypatch.setattr("fuse_otel.jobs.worker.MAX_INFLATED", 10_000)
    park(store, TEMPO, CALLS)
    faster = JobRig(store)
    slower = overtaken(store, method, faster)
    job_id = slower.job(wanted)
    slower.run()
    status = slower.status(job_id)
    assert (status.state, status.calls) == ("done", len(CALLS))
    assert status.result.startswith("5 parked calls are ")
    assert [event.state for event in (*faster.events, *slower.events)] == ["done"]
    assert len(due(store, TEMPO)) == (len(CALLS) if isinstance(wanted, Replay) else 0)


def test_calls_that_stay_parked_are_counted_once(store):
    profiles = {lane: profile for lane, profile in LANES.items() if lane != JAEGER}
    park(store, TEMPO, CALLS[:2])
    park(store, JAEGER, CALLS[2:])
    faster = JobRig(store, profiles=profiles)
    slower = overtaken(store, "commit_job_step", faster, profiles=profiles)
    job_id = slower.job(Replay(EVERY))
    slower.run()
    assert slower.status(job_id).result == (
        "2 parked calls are on the way again."
        " 3 stay parked: the destination is not configured any more."
    )


@pytest.mark.parametrize("method", ["job_status", "status", "erase_by_job"])
def test_an_erasure_has_the_result_of_the_worker_that_did_it(store, method):
    park(store, TEMPO, CALLS[:2])
    faster = JobRig(store)
    slower = overtaken(store, method, faster)
    job_id = slower.job(Erase(CALLS[0]))
    slower.run()
    status = slower.status(job_id)
    assert (status.state, status.result[:23]) == ("done", "Erased: 1 parked copy f")
    assert [event.state for event in (*faster.events, *slower.events)] == ["done"]


@pytest.mark.parametrize("method", ["job_status", "status"])
def test_a_backfill_that_is_read_to_its_end_between_two_looks_of_a_worker_is_done(store, method):
    job_id = JobRig(store).job(Backfill(NOW - 86_400, NOW))
    JobRig(store).run()
    rig = JobRig(store, Overtaken(store, method, lambda: read_all(store)))
    rig.run()
    rig.run()
    assert rig.status(job_id).result.endswith("is read: 0 calls with 0 entries were new.")
    assert [event.state for event in rig.events] == ["done"]


def read_all(store: Store) -> None:
    """As the reader of the account."""
    gaps = [gap.id for account in store.control.status().accounts for gap in account.gaps]
    store.ledger.lease("main").commit(step(closed=gaps))
