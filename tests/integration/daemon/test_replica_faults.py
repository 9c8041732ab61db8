"""Replicas on one PostgreSQL database that are killed, stopped and cut off, and a database that
crashes, while both sides misbehave: everything is there once.
"""

import pytest
from support.rigs.everything_once import check_everything_is_there_once
from support.rigs.postgres_cluster import cluster
from support.rigs.replica_rig import ReplicaRig
from support.scale import scaled

REPLICAS = 5
KINDS = 5  # of events
_KEPT = "select coalesce(sum(bytes), 0) from bodies"
_ALIVE = "select count(*) from replicas where is_alive(id)"
_USED = "select coalesce(sum(value), 0) from counters where name = 'used'"


@pytest.mark.proof
@pytest.mark.timeout(900)
@pytest.mark.parametrize("newest", [False, True], ids=["of the machine", "newest"])
def test_whatever_happens_to_replicas_everything_is_there_once(newest, tmp_path):
    events = scaled(1.2, least=KINDS)
    # A server of its own: it is restarted.
    with cluster(newest=newest) as own, ReplicaRig(1, tmp_path, own, "public") as rig:
        for _ in range(REPLICAS):
            rig.start()
        rig.suffer(events)
        wanted = rig.recover()
        check_everything_is_there_once(rig, wanted)
        check_database(rig)
    print(rig.events, len(wanted), "calls", rig.requests, "requests")  # noqa: T201 - see -rP
    assert sum(rig.events.values()) == events
    assert len(rig.events) == KINDS
    logs = rig.logs()
    assert "account on standby" in logs
    assert "Traceback" not in logs
    assert "error=lease_lost" not in logs


def check_database(rig: ReplicaRig) -> None:
    assert rig.query("select count(*) from parked") == 0
    assert rig.query(_USED) == rig.query(_KEPT)
    # Each replica that ended by itself gave back what it had.
    assert rig.query("select count(*) from accounts where owner is not null") == 0
    assert rig.query("select count(*) from replicas where is_alive(id)") == 0, rig.logs()
