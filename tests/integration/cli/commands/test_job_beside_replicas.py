"""A command on a database that replicas share: one of them does the job, not the command."""

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
from support.builders.store_values import whole_step
from support.peers.waiting import wait_for

from fuse_otel.cli import main, run_job
from fuse_otel.ports import JobStatus
from fuse_otel.store import open_store


@pytest.fixture
def replica(postgres):
    """One that lives; the store holds a call."""
    with (
        postgres.store() as url,
        closing(open_store(url, capacity=1 << 20, clock=time.time)) as store,
    ):
        store.ledger.lease("main").commit(whole_step("1;1", at=int(time.time())))
        yield store, url


def finish(store):
    ((job_id, job),) = wait_for(store.control.open_jobs, "the job of the command")
    assert store.control.finish_job(JobStatus(job_id, "done", "Done by the replica."))
    return job.kind


def nobody(*_):
    raise AssertionError("the command does the job itself")


def test_a_job_is_left_to_a_replica_that_lives(replica, monkeypatch, capsys):
    store, url = replica
    monkeypatch.setattr(run_job, "_Here", nobody)
    with ThreadPoolExecutor(1) as pool:
        finished = pool.submit(finish, store)
        assert main(["erase", "1;1", "--state-url", url]) == 0
        assert finished.result() == "erase"
    assert "Done by the replica." in capsys.readouterr().out
    assert len(store.control.recent(9)) == 1


def test_a_command_does_the_job_where_no_replica_lives(replica, capsys):
    store, url = replica
    store.leave()
    assert main(["erase", "1;1", "--state-url", url]) == 0
    done = "Erased: 1 copy of the pages, 1 waiting copy for tempo/traces."
    assert done in capsys.readouterr().out
    assert store.control.recent(9) == ()
