"""An update from one version to the next, replica by replica, while calls come in."""

import pytest
from support.rigs.everything_once import check_everything_is_there_once
from support.rigs.next_replica import VERSION
from support.rigs.replica_rig import ReplicaRig

NEXT = ("-m", "support.rigs.next_replica")
_SCHEMA = "select value from meta where name = 'schema'"
_VERSIONS = "select count(distinct version) from replicas where is_alive(id)"
_REVIEWED = "select count(*) from ledger where not reviewed"


@pytest.mark.proof
@pytest.mark.timeout(600)
def test_both_versions_work_side_by_side_on_the_new_schema(tmp_path, postgres):
    with ReplicaRig(1, tmp_path, postgres, postgres._new_schema()) as rig:
        rig.behave()
        old = rig.start()
        rig.wait_for_more()
        rig.start(NEXT)
        assert rig.query(_SCHEMA) == VERSION
        rig.wait(lambda: rig.query(_VERSIONS) == 2)
        rig.wait_for_more()
        restarted = rig.start()  # the old version begins on the new schema too
        rig.end(old)
        rig.wait_for_more()
        rig.end(restarted)
        rig.wait(lambda: rig.query(_VERSIONS) == 1)
        wanted = rig.recover()
        check_everything_is_there_once(rig, wanted)
        assert rig.query(_REVIEWED) > 0
    assert "Traceback" not in rig.logs()
