"""Orders carried out over a real store: what they change, and that they change it once."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from support.builders.store_values import JAEGER, LOKI, NOW, TEMPO, seen, step
from support.rigs.job_rig import LANES, JobRig, due, encoded, park, refuse

from fuse_otel.core.model.telemetry import Profile
from fuse_otel.core.timing.windows import RETENTION
from fuse_otel.errors import Full
from fuse_otel.events import JobChanged, LanePaused, LoopFailed, StoreFailed
from fuse_otel.jobs import worker
from fuse_otel.jobs.job import Backfill, Drop, Erase, Replay, decode_request, encode_request
from fuse_otel.ports import (
    Gap,
    GapReason,
    Job,
    NumberPosition,
    ParkedQuery,
    ReportedState,
    Sample,
    Step,
    slot_of,
)
from fuse_otel.store import MemoryStore

DAY = 86_400
CALLS = [f"3000{number:02};001;1" for number in range(12)]
EVERY = ParkedQuery()


@pytest.fixture
def store():
    made = MemoryStore(10**9)
    yield made
    made.close()


@pytest.fixture
def rig(store):
    return JobRig(store)


def gaps(store):
    return {each.account: list(each.gaps) for each in store.control.status().accounts}


@pytest.mark.parametrize(
    "wanted",
    [
        Backfill(NOW - DAY, NOW, ("main",), again=True),
        Replay(ParkedQuery((1, 2), "tempo", "logs", 0, 7)),
        Drop(EVERY),
        Erase(CALLS[0]),
    ],
)
def test_a_job_is_read_as_it_was_written(wanted):
    assert decode_request(encode_request(wanted)) == wanted


@pytest.mark.parametrize(
    "job", [Job("dance", "{}"), Job("drop", "{"), Job("backfill", '{"start": "soon"}')]
)
def test_a_job_of_another_version_fails_with_a_sentence(store, rig, job):
    job_id = store.control.add_job(job, NOW).id
    rig.run()
    status = rig.status(job_id)
    assert status.state == "failed"
    assert status.result == f"This version cannot read the job ({job.kind})."
    assert rig.events == [JobChanged(job.kind, "failed", status.result)]


# --- backfill ---


def test_a_backfill_is_a_gap_for_each_number_of_each_account(store):
    rig = JobRig(store, accounts={"main": (), "other": ("800", "900")})
    job_id = rig.job(Backfill(NOW - DAY, NOW - 10, again=True))
    rig.run()

    assert [gap.number for gap in gaps(store)["main"]] == [""]
    assert [gap.number for gap in gaps(store)["other"]] == ["800", "900"]
    (gap,) = gaps(store)["main"]
    expected = Gap("", NOW - DAY, NOW - 10, GapReason.BACKFILL, again=True, id=gap.id, job=job_id)
    assert gap == expected
    status = rig.status(job_id)
    assert (status.state, status.left) == ("working", 3 * (DAY - 10))


def test_a_backfill_may_name_its_accounts(store):
    rig = JobRig(store, accounts={"main": (), "other": ()})
    rig.done(Backfill(NOW - DAY, NOW, ("other",)))
    assert set(gaps(store)) == {"other"}

    status = rig.done(Backfill(NOW - DAY, NOW, ("third",)))
    assert status.state == "failed"
    assert status.result == "There is no account third: main, other is read."
    assert len(gaps(store)["other"]) == 1


def test_a_backfill_is_done_when_its_gaps_are_and_shows_what_was_read(store, rig):
    job_id = rig.job(Backfill(NOW - DAY, NOW))
    rig.run()
    rig.run()
    assert not rig.worker.idle
    (gap,) = gaps(store)["main"]
    lease = store.ledger.lease("main")
    lease.commit(step(seen=[seen("a"), seen("b")], job=job_id))
    lease.commit(step(closed=[gap.id]))
    rig.run()

    status = rig.status(job_id)
    assert status.state == "done"
    assert status.result.endswith("is read: 2 calls with 14 entries were new.")
    rig.run()
    assert rig.worker.idle
    assert [event.state for event in rig.events] == ["working", "done"]


def test_a_backfill_of_an_account_that_is_gone_does_not_stay_open_for_ever(store):
    both = {"main": (), "other": ()}
    job_id = JobRig(store, accounts=both).job(Backfill(NOW - DAY, NOW))
    JobRig(store, accounts=both).run()
    (gap,) = gaps(store)["main"]
    rig = JobRig(store, accounts={"main": ()})
    rig.run()
    assert rig.status(job_id).open
    store.ledger.lease("main").commit(step(closed=[gap.id]))
    rig.run()

    assert rig.status(job_id).state == "failed"
    assert rig.status(job_id).result.startswith("What is left to read is of accounts that")


# --- replay ---


def test_a_replay_gives_the_calls_to_their_lanes_as_these_are_now(store, rig):
    park(store, TEMPO, CALLS[:2])
    park(store, LOKI, CALLS[1:3])
    park(store, JAEGER, CALLS[:1])
    status = rig.done(Replay(EVERY))

    assert (status.state, status.calls) == ("done", 5)
    assert status.result == "5 parked calls are on the way again."
    assert rig.parked == []
    for lane, calls in ((TEMPO, CALLS[:2]), (LOKI, CALLS[1:3]), (JAEGER, CALLS[:1])):
        assert due(store, lane) == {one: encoded(lane, one, LANES[lane]) for one in calls}


def test_the_hour_is_taken_away_where_the_lane_is_generic_now(store):
    park(store, LOKI, CALLS[:1], Profile.LOKI)
    JobRig(store, profiles={LOKI: Profile.GENERIC}).done(Replay(EVERY))

    assert due(store, LOKI) == {CALLS[0]: encoded(LOKI, CALLS[0], Profile.GENERIC)}


def test_a_replay_takes_the_requested_calls(store, rig):
    park(store, TEMPO, CALLS[:3])
    park(store, LOKI, CALLS[:1])
    first = store.control.parked(10)[-1].id

    assert rig.done(Replay(ParkedQuery(ids=(first,)))).calls == 1
    assert rig.parked == [*CALLS[1:3], CALLS[0]]
    assert rig.done(Replay(ParkedQuery(destination="loki"))).calls == 1
    assert rig.done(Replay(ParkedQuery(ids=(999,)))).result == "No such call is parked."
    assert set(due(store, TEMPO)) == {CALLS[0]}


def test_calls_of_a_lane_that_is_no_more_and_damaged_ones_stay_parked(store):
    park(store, TEMPO, CALLS[:2])
    park(store, JAEGER, CALLS[:1])
    rig = JobRig(store, profiles={TEMPO: Profile.GENERIC})
    damage = "update parked set data = x'00' where session_id = ?"
    store._database._idle[0].execute(damage, CALLS[1:2])
    status = rig.done(Replay(EVERY))

    assert (status.state, status.calls) == ("done", 1)
    assert status.result == (
        "1 parked call is on the way again."
        " 1 stay parked: the destination is not configured any more."
        " 1 stay parked: the stored bytes are damaged, `fuse-otel backfill --again` reads it again."
    )
    assert sorted(rig.parked) == sorted([CALLS[1], CALLS[0]])
    again = rig.done(Replay(EVERY))
    assert again.state == "failed"
    assert again.result.startswith("1 stay parked")


def test_what_is_refused_again_is_parked_again_and_not_sent_in_a_circle(store, rig):
    park(store, TEMPO, CALLS[:3])
    count, last = store.control.parked_count(EVERY)
    job_id = rig.job(Replay(ParkedQuery(last=last)))
    rig.worker.step(NOW)
    refuse(store, TEMPO)
    rig.run()

    assert rig.status(job_id).calls == count == 3
    assert rig.parked == CALLS[:3]
    assert min(each.id for each in store.control.parked(10)) > last


def test_dropped_calls_are_gone(store, rig):
    park(store, TEMPO, CALLS[:3])
    park(store, LOKI, CALLS[:1])
    status = rig.done(Drop(ParkedQuery(destination="tempo")))

    assert status.result == "3 parked calls are dropped."
    assert rig.parked == CALLS[:1]
    assert due(store, TEMPO) == {}
    assert rig.done(Drop(ParkedQuery(destination="tempo"))).state == "failed"


# --- trouble ---


class Killed(Exception):
    pass


class Mortal:
    """A control whose process dies around its n-th write: before it, or right after it."""

    def __init__(self, control, place):
        self._control = control
        self._left = place

    def __getattr__(self, name):
        method = getattr(self._control, name)
        if name not in {"commit_job_step", "finish_job"}:
            return method

        def write(*arguments):
            self._die()
            result = method(*arguments)
            self._die()
            return result

        return write

    def _die(self):
        self._left -= 1
        if self._left < 0:
            raise Killed


@pytest.mark.parametrize("wanted", [Replay(EVERY), Drop(EVERY), Backfill(NOW - DAY, NOW)])
def test_killed_around_any_write_it_goes_on_and_nothing_happens_twice(wanted, monkeypatch):
    monkeypatch.setattr("fuse_otel.jobs.worker.MAX_INFLATED", 10_000)
    deaths = 0
    for place in range(100):
        store = MemoryStore(10**9)
        park(store, TEMPO, CALLS)
        rig = JobRig(store, Mortal(store.control, place))
        job_id = rig.job(wanted)
        try:
            rig.run()
        except Killed:
            deaths += 1
            rig = JobRig(store)
            rig.run()
        else:
            break
        finally:
            waiting = due(store, TEMPO)
        status = rig.status(job_id)
        if isinstance(wanted, Backfill):
            assert len(gaps(store)["main"]) == 1
            assert status.state == "working"
        else:
            assert (status.state, status.calls) == ("done", len(CALLS))
            assert rig.parked == []
            waiting = due(store, TEMPO)
            assert set(waiting) == (set(CALLS) if isinstance(wanted, Replay) else set())
        store.close()
    assert deaths >= 2 if isinstance(wanted, Backfill) else deaths > 6


def test_a_store_that_fails_is_reported_and_tried_again(store, rig, monkeypatch):
    job_id = rig.job(Drop(EVERY))
    park(store, TEMPO, CALLS[:1])
    real = store.control.commit_job_step

    def full(*_):
        raise Full("The disk is full.")

    monkeypatch.setattr(store.control, "commit_job_step", full)
    wake = rig.worker.step(NOW)
    assert wake > NOW
    assert rig.events == [StoreFailed("full", "The disk is full.")]
    assert not rig.worker.idle
    assert rig.worker.step(NOW) == wake
    monkeypatch.setattr(store.control, "commit_job_step", real)
    while rig.status(job_id).open:
        wake = rig.worker.step(wake)
    assert rig.status(job_id).state == "done"


def test_how_things_stand_is_kept_when_it_changes(store, rig, monkeypatch):
    rig.run()
    assert store.control.status().lanes == ()
    rig.states = ({"main": ReportedState("up")}, {TEMPO: ReportedState("held", "401")})
    rig.run()
    assert store.control.status().lanes[0].reported == ReportedState("held", "401")

    monkeypatch.setattr(store.control, "report_states", None)
    rig.run()  # nothing new: it is not even called


def test_states_that_somebody_else_has_forgotten_are_written_again_within_a_minute(store, rig):
    rig.states = ({"main": ReportedState("up")}, {TEMPO: ReportedState("held", "401")})
    rig.worker.step(NOW)
    before = store.control.status()
    store.control.report_states({}, {})
    rig.worker.step(NOW + 59)
    assert store.control.status() != before
    rig.worker.step(NOW + 60)
    assert replace(store.control.status(), free=before.free) == before


@pytest.fixture
def polled(store, rig):
    """A daemon whose account was read 20 s ago."""
    positions = {"": NumberPosition(NOW - 20, 0)}
    store.ledger.lease("main").commit(Step(at=NOW, positions=positions))
    rig.states = ({"main": ReportedState("up")}, {})
    return rig


def test_lag_and_headroom_are_kept_once_a_minute(store, polled, monkeypatch):
    polled.worker.step(NOW)
    kept = [Sample(slot_of(NOW), 20, RETENTION - 20)]
    assert store.control.samples(0) == kept

    polled.worker.step(NOW + 59)
    assert store.control.samples(0) == kept
    polled.worker.step(NOW + 60)
    assert max(each.lag for each in store.control.samples(0)) == 80


def test_without_a_daemon_no_sample_is_kept(store, rig):
    rig.run()
    assert store.control.samples(0) == []


def test_after_a_sample_that_finds_no_room_jobs_advance(store, polled, monkeypatch):
    def full(*_):
        raise Full("The disk is full.")

    monkeypatch.setattr(store.control, "add_sample", full)
    park(store, TEMPO, CALLS[:1])
    job_id = polled.job(Drop(EVERY))
    wake = polled.worker.step(NOW)
    assert polled.events == [StoreFailed("full", "The disk is full.")]
    while polled.status(job_id).open:
        wake = polled.worker.step(wake)
    assert polled.status(job_id).state == "done"


def test_a_job_with_an_unexpected_error_fails_and_delays_no_other(store, rig, monkeypatch):
    park(store, TEMPO, CALLS[:1])

    def breaks(*_):
        raise KeyError("8005550100")

    monkeypatch.setattr(worker, "replay_part", breaks)
    broken, sound = rig.job(Replay(EVERY)), rig.job(Drop(EVERY))
    rig.run()
    failed = rig.status(broken)
    assert failed.state == "failed"
    assert failed.result.startswith("Unexpected KeyError at jobs/test_worker.py:")
    assert rig.status(sound).state == "done"
    assert [str(event.loop) for event in rig.events if isinstance(event, LoopFailed)] == ["jobs"]
    assert "8005550100" not in repr(rig.events)
    assert not store.control.parked(10)


# --- erasure ---


def test_an_erasure_says_what_is_gone_and_what_destinations_may_hold(store, rig):
    park(store, TEMPO, CALLS[:2])
    park(store, LOKI, CALLS[:1])
    status = rig.done(Erase(CALLS[0]))
    assert status.state == "done"
    assert status.result == (
        "Erased: 1 parked copy for tempo/traces, 1 parked copy for loki/logs. The call is not read"
        " again. Not erased: what was delivered to loki, tempo or was being sent at this moment."
        " Delete it there."
    )
    assert rig.parked == [CALLS[1]]
    again = rig.done(Erase(CALLS[0]))
    assert again.state == "failed"
    assert again.result == (
        "The store holds nothing of this call, and no account knows it. Not erased: what was"
        " delivered to loki, tempo or was being sent at this moment. Delete it there."
    )


def test_an_erased_call_that_was_delivered_is_only_marked(store, rig):
    store.ledger.lease("main").commit(step(seen=[seen(CALLS[0])]))
    status = rig.done(Erase(CALLS[0]))
    assert status.state == "done"
    assert status.result == (
        "The store held no copy of this call any more. It is not read again. No destination has"
        " received calls from this store."
    )


def test_a_finished_erasure_does_not_keep_the_session_id(store, rig):
    job_id = rig.job(Erase(CALLS[0]))
    (open_job,) = store.control.open_jobs()
    assert CALLS[0] in open_job[1].arguments
    rig.run()
    assert store.control.job_status(job_id).state == "failed"
    assert store.control.open_jobs() == ()
    assert not any(CALLS[0] in repr(event) for event in rig.events)


def test_lanes_that_are_paused_and_resumed_are_reported_once(store, rig):
    store.control.pause([TEMPO], NOW - 60)
    rig.run()
    rig.run()
    assert rig.events == [LanePaused(TEMPO, NOW - 60)]
    store.control.pause([LOKI], NOW)
    store.control.resume([TEMPO])
    rig.run()
    assert rig.events[1:] == [LanePaused(LOKI, NOW), LanePaused(TEMPO, None)]
