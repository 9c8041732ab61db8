"""Daemons that read one account together are killed and stopped: all calls are there once, and each
daemon has read some of them.
"""

import pytest
from prometheus_client.parser import text_string_to_metric_families
from support.http_client import get
from support.rigs.everything_once import check_everything_is_there_once
from support.rigs.replica_rig import Replica, ReplicaRig

from fuse_otel.simulator.faults import Fault, FaultKind

PROGRAM = ("-m", "support.rigs.sharing_replica")
REPLICAS = 3
# So that something is left to read for some three minutes, while all this happens to them.
SLOW = Fault(FaultKind.LATENCY, seconds=2.0)
_HELPS = """
select exists (select from gaps join replicas on replicas.id = claimed_by where name like %s)
"""


def stored(replica: Replica) -> float:
    """How many calls it has read and stored."""
    text = get(f"{replica.daemon.url}/metrics").text
    families = text_string_to_metric_families(text)
    return sum(s.value for f in families for s in f.samples if s.name == "fuse_otel_calls_total")


@pytest.mark.proof
@pytest.mark.timeout(600)
def test_daemons_share_an_account_that_is_behind_whatever_happens_to_them(tmp_path, postgres):
    with ReplicaRig(2, tmp_path, postgres, postgres._new_schema()) as rig:
        rig.behave()
        rig.api.faults.add(SLOW)
        team = [rig.start(PROGRAM) for _ in range(REPLICAS)]
        rig.wait(lambda: all(stored(each) for each in team))

        rig.kill(helper(rig))
        rig.stop(helper(rig))
        helper(rig)
        rig.kill(holder(rig))

        wanted = rig.recover()
        check_everything_is_there_once(rig, wanted)
    assert "Traceback" not in rig.logs()


def helper(rig: ReplicaRig) -> Replica:
    """One that has claimed a part of the account now, and does not hold it."""

    def find() -> Replica | None:
        reader = rig.reader()
        others = (each for each in rig._replicas if each.process != reader)
        helping = (each for each in others if rig.query(_HELPS, f"% process {each.process}"))
        return next(helping, None)

    found = rig.wait(find)
    assert found
    return found


def holder(rig: ReplicaRig) -> Replica:
    def find() -> Replica | None:
        reader = rig.reader()
        return next((each for each in rig._replicas if each.process == reader), None)

    found = rig.wait(find)
    assert found
    return found
