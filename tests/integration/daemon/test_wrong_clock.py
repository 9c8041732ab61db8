"""Replicas whose own clocks are an hour wrong."""

import time
from contextlib import closing

import psycopg
import pytest
from support.builders.loaded_settings import settings
from support.builders.store_values import pending, step
from support.rigs.everything_once import check_everything_is_there_once
from support.rigs.replica_rig import ReplicaRig

from fuse_otel.assembly.workers import Workers
from fuse_otel.events import unheard

HOUR = 3_600
PROGRAM = ("-m", "support.rigs.wrong_clock_replica")
NOW = "select extract(epoch from clock_timestamp())::bigint"


@pytest.mark.parametrize("ahead", [HOUR, -HOUR])
def test_what_is_due_follows_the_clock_of_the_database(postgres, ahead):
    with postgres.store() as url:
        loaded = settings({"FUSE_OTEL_STATE_URL": url})
        with psycopg.connect(url, autocommit=True) as connection:
            (now,) = connection.execute(NOW).fetchone()
        workers = Workers(loaded, unheard, lambda: time.time() + ahead, reading=False)
        with closing(workers):
            lease = workers.store.ledger.lease("main")
            early, late = now - HOUR // 2, now + HOUR // 2
            lease.commit(step(pending=[pending("early", due=early), pending("late", due=late)]))
            position = lease.position(int(workers.clock()), 10)
            workers.store._replica._beat()  # measures again
            again = lease.position(int(workers.clock()), 10)
    assert [each.call.session_id for each in position.due] == ["early"]
    assert position.next_due == late
    assert again == position


@pytest.mark.proof
@pytest.mark.timeout(600)
def test_replicas_with_wrong_clocks_deliver_everything_once(tmp_path, postgres):
    """Each reads the account for a while, after one whose clock is an hour or two away."""
    with ReplicaRig(1, tmp_path, postgres, postgres._new_schema()) as rig:
        rig.behave()
        before = None
        for ahead in (HOUR, -HOUR):
            replica = rig.start((*PROGRAM, str(ahead)))
            if before is not None:
                rig.end(before)
            rig.wait(lambda reader=replica: rig.reader() == reader.process)
            rig.wait_for_more()
            before = replica
        wanted = rig.recover()
        check_everything_is_there_once(rig, wanted)
    assert "Traceback" not in rig.logs()
