"""A server that is there and does not do what it should: daemons wait, say so and continue."""

import pytest
from support.rigs import outages
from support.rigs.everything_once import check_everything_is_there_once
from support.rigs.postgres_cluster import cluster
from support.rigs.replica_rig import ReplicaRig

UNREACHABLE = "cannot be reached"
OUTAGES = (
    (outages.standby, "is read-only: a standby"),
    (outages.no_free_connection, "has no free connection"),
    (outages.slow_tables, UNREACHABLE),  # the daemon gives up before the server does
    (outages.no_acknowledgement, UNREACHABLE),
)


@pytest.mark.proof
@pytest.mark.timeout(900)
def test_daemons_wait_for_a_server_that_does_not_work_and_say_so(tmp_path):
    # A server of its own, with few connections: those of two replicas and of the test.
    with cluster(max_connections="30") as own, ReplicaRig(1, tmp_path, own, "public") as rig:
        rig.behave()
        replicas = [rig.start(), rig.start()]
        for outage, words in OUTAGES:
            rig.wait_for_more()
            with outage(own):
                for replica in replicas:
                    rig.wait(lambda replica=replica, words=words: words in rig.problems(replica))
            for replica in replicas:
                rig.wait(lambda replica=replica: rig.is_ready(replica))
        wanted = rig.recover()
        check_everything_is_there_once(rig, wanted)
    logs = rig.logs()
    assert "Traceback" not in logs
    # Of one line a minute.
    assert all('msg="store failed"' in replica.daemon.log for replica in replicas)
