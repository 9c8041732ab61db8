"""A replica that is killed in the middle of a job: another one finishes the job."""

import time

import psycopg
import pytest
from support.patience import PATIENCE
from support.rigs.everything_once import check_everything_is_there_once
from support.rigs.kill_rig import REFUSED

from fuse_otel.simulator.faults import Fault, FaultKind

pytestmark = [pytest.mark.proof, pytest.mark.timeout(600)]
VICTIMS = 12  # calls that the back end refuses
_PARKED = "select count(*) from parked"
# Who has taken the parked calls and waits to store their batches.
_AT_WORK = """
select replicas.name
from pg_locks as waiting
join pg_locks as job on job.pid = waiting.pid
join pg_stat_activity as activity on activity.pid = waiting.pid
join replicas on activity.application_name = 'fuse-otel ' || replicas.id
where
    not waiting.granted and waiting.relation = 'bodies'::regclass
    and job.granted and job.relation = 'orders'::regclass and job.mode = 'RowExclusiveLock'
"""
_READ = "select calls from orders where state = 'working'"
_DONE = "select count(*) from orders where state = 'done'"


def test_a_replay_in_whose_transaction_a_replica_is_killed_is_done_once(rig, postgres):
    refused, accept = refused_calls(rig), rig.receiver.decide
    rig.receiver.decide = lambda request: (
        REFUSED if refused & {*request.sessions} else accept(request)
    )
    rig.start()
    rig.start()
    rig.wait(lambda: rig.query(_PARKED) == 2 * VICTIMS)  # in two lanes
    rig.receiver.decide = accept
    with psycopg.connect(postgres.url(rig.schema)) as other:
        other.execute("lock table bodies in share mode")
        with rig.command("parked", "replay", "--all") as command:
            name = rig.wait(lambda: rig.query(_AT_WORK))
            rig.kill(rig.of_process(int(name.rpartition(" ")[2])))
            assert rig.query(_PARKED) == 2 * VICTIMS
            other.rollback()
            assert command.process.wait(PATIENCE) == 0, command.log
            assert f"{2 * VICTIMS} parked calls are on the way again." in command.log
    wanted = rig.recover()
    assert refused <= wanted
    assert rig.query(_PARKED) == 0
    check_everything_is_there_once(rig, wanted)


def refused_calls(rig):
    """Each has a log, so that there is something of it for each lane."""
    now = time.time()
    calls = [call for call in rig.api.truth(now - 500, now - 60) if call.log]
    assert len(calls) > VICTIMS
    return {call.session_id for call in calls[:VICTIMS]}


def test_a_backfill_whose_reader_is_killed_is_read_on_by_another(rig):
    rig.settings["FUSE_OTEL_SINCE"] = "1m"
    now = time.time()
    rig.start()
    rig.start()
    rig.wait_for_more()
    # The older half cannot be read yet.
    fault = Fault(FaultKind.ERROR, endpoint="calls", since=0, until=int(now) - 300)
    rig.api.faults.add(fault)
    with rig.command("backfill", "--from", "1h") as command:
        rig.wait(lambda: rig.query(_READ))
        rig.kill(rig.of_process(rig.wait(rig.reader)))
        assert not rig.query(_DONE)
        rig.api.faults.clear()
        assert command.process.wait(PATIENCE) == 0, command.log
    assert rig.query(_DONE) == 1
    check_everything_is_there_once(rig, rig.recover())
