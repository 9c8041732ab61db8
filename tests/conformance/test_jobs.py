"""What carrying out an job changes, for every store: all of it or nothing, and once."""

from support.builders.store_values import LOKI, NOW, TEMPO, body, copy_of, seen, step

from fuse_otel.ports import (
    Acknowledgement,
    Gap,
    GapReason,
    Job,
    JobStatus,
    JobStep,
    Lease,
    ParkedQuery,
    ReportedState,
    Store,
    Unreadable,
)

BACKFILL = Job("backfill", "{}")


def backfill_gap(job: int, start: int = 10, end: int = 30) -> Gap:
    return Gap("", start, end, GapReason.BACKFILL, again=True, job=job)


def ordered(store: Store) -> int:
    return store.control.add_job(BACKFILL, float(NOW)).id


def gaps(store: Store) -> list[Gap]:
    return [gap for account in store.control.status().accounts for gap in account.gaps]


def park(store: Store, lease: Lease, *session_ids: str, lane=TEMPO) -> list[int]:
    lease.commit(step(body(*session_ids, lanes=[lane])))
    (found,) = store.outbox.due(lane, NOW, 10_000)
    copies = tuple(copy_of(call, b"copy of " + call.session_id.encode()) for call in found.calls)
    offsets = tuple(call.offset for call in found.calls)
    store.outbox.resolve(lane, [Acknowledgement(found.id, offsets, copies)], float(NOW))
    return sorted(parked.id for parked in store.control.parked(len(session_ids)))


def test_a_backfill_opens_its_gaps_once(store, lease):
    job = ordered(store)
    carried = JobStep(
        JobStatus(job, "working", "reading"),
        opened={"main": [backfill_gap(job)], "another": [backfill_gap(job)]},
    )
    assert store.control.commit_job_step(carried, NOW)
    assert not store.control.commit_job_step(carried, NOW)

    assert [(gap.again, gap.job) for gap in gaps(store)] == [(True, job)] * 2
    assert store.control.job_status(job) == JobStatus(job, "working", "reading", left=40)
    assert [one for one, _ in store.control.open_jobs()] == [job]
    assert store.control.status().jobs == (
        (BACKFILL, JobStatus(job, "working", "reading", left=40)),
    )


def test_a_job_that_was_answered_changes_nothing(store, lease):
    job = ordered(store)
    store.control.finish_job(JobStatus(job, "failed", "no"))

    carried = JobStep(JobStatus(job, "working", ""), opened={"main": [backfill_gap(job)]})
    assert not store.control.commit_job_step(carried, NOW)
    assert gaps(store) == []
    assert store.control.job_status(job) == JobStatus(job, "failed", "no")


def test_what_is_read_counts_for_its_job(store, lease):
    job = ordered(store)
    carried = JobStep(JobStatus(job, "working", ""), opened={"main": [backfill_gap(job)]})
    store.control.commit_job_step(carried, NOW)
    (gap,) = gaps(store)
    lease.commit(step(seen=[seen("a"), seen("b")], job=job))
    lease.commit(step(seen=[seen("c")]))
    rest = backfill_gap(job, start=25)
    lease.commit(step(closed=[gap.id], opened=[rest]))
    assert store.control.job_status(job) == JobStatus(job, "working", "", 2, 14, left=5)

    store.control.finish_job(JobStatus(job, "done", "read"))
    assert store.control.job_status(job) == JobStatus(job, "done", "read", 2, 14, left=5)
    assert store.control.open_jobs() == ()


def test_the_same_interval_may_be_requested_twice(store, lease):
    for _ in range(2):
        job = ordered(store)
        carried = JobStep(JobStatus(job, "working", ""), opened={"main": [backfill_gap(job)]})
        assert store.control.commit_job_step(carried, NOW)

    assert len(gaps(store)) == 2


def test_a_replay_takes_the_calls_away_and_gives_their_batches_to_the_lane_alone(store, lease):
    first, second = park(store, lease, "a", "b")
    job = ordered(store)
    again = body("a", lanes=[TEMPO])
    status = JobStatus(job, "working", "", calls=1)
    assert store.control.commit_job_step(JobStep(status, unparked=[first], batches=[again]), NOW)

    (due,) = store.outbox.due(TEMPO, NOW, 10_000)
    assert [call.session_id for call in due.calls] == ["a"]
    assert store.outbox.due(LOKI, NOW, 10_000) == ()
    assert [parked.id for parked in store.control.parked(10)] == [second]
    assert store.control.job_status(job) == status
    status = store.control.status()
    assert (status.lanes[0].calls, status.lanes[0].parked) == (1, 1)
    assert status.used == len(again.data) + len(b"copy of b")


def test_a_call_that_is_not_parked_any_more_is_not_sent(store, lease):
    first, second = park(store, lease, "a", "b")
    job = ordered(store)
    store.control.commit_job_step(JobStep(JobStatus(job, "working", "", 1), unparked=[first]), NOW)

    late = JobStep(
        JobStatus(job, "working", "", 2), unparked=[second, first], batches=[body("b", "a")]
    )
    assert not store.control.commit_job_step(late, NOW)
    assert [parked.id for parked in store.control.parked(10)] == [second]
    assert store.outbox.due(TEMPO, NOW, 10_000) == ()


def test_parked_calls_are_found_by_id_lane_and_place(store, lease):
    tempo = park(store, lease, "a", "b", "c")
    loki = park(store, lease, "d", lane=LOKI)
    control = store.control

    def found(**query):
        request = ParkedQuery(**query)
        listed = [parked.id for parked in control.parked(10, request)]
        part = [parked.id for parked in control.parked_part(request, 10**6)]
        assert part == listed[::-1]
        assert control.parked_count(request) == (len(listed), max(listed, default=0))
        return part

    assert found() == [*tempo, *loki]
    assert found(signal="logs") == loki
    assert found(destination="tempo", signal="traces") == tempo
    assert found(destination="tempo", signal="logs") == []
    assert found(ids=(tempo[1], loki[0], 999)) == [tempo[1], *loki]
    assert found(after=tempo[0], last=tempo[2]) == tempo[1:]


def test_a_part_of_the_parked_calls_is_bounded_and_whole(store, lease):
    ids = park(store, lease, "a", "b", "c")

    part = store.control.parked_part(ParkedQuery(), 200)
    assert [parked.id for parked in part] == ids[:2]
    assert part[0] == store.control.parked_call(ids[0])
    assert part[0].data == b"copy of a"
    assert len(store.control.parked_part(ParkedQuery(), 1)) == 1


def test_what_was_given_up_is_kept(store, lease):
    gap = Gap("", 10, 20, GapReason.ERROR)
    lease.commit(step(opened=[gap]))
    (opened,) = gaps(store)
    lease.commit(step(closed=[opened.id], given_up=[opened], at=NOW))
    for late in range(150):
        one = Gap("", late, late + 1, GapReason.ERROR)
        lease.commit(step(given_up=[one], at=NOW + 1))

    (account,) = store.control.status().accounts
    assert account.gaps == ()
    assert len(account.unreadable) == 100
    assert account.unreadable[-1] == Unreadable("", 149, 150, NOW + 1)


def test_what_the_daemon_reports_replaces_what_it_reported_before(store, lease):
    wrong = ReportedState("held", "401 Unauthorized")
    store.control.report_states(
        {"main": ReportedState("up")}, {TEMPO: wrong, LOKI: ReportedState("up")}
    )
    store.control.report_states({"main": ReportedState("down", "no answer")}, {TEMPO: wrong})

    status = store.control.status()
    assert [(one.account, one.reported) for one in status.accounts] == [
        ("main", ReportedState("down", "no answer"))
    ]
    assert {one.lane: one.reported for one in status.lanes} == {TEMPO: wrong, LOKI: ReportedState()}


def test_who_serves_jobs_may_ask_for_it_again(store):
    store.control.lock()
    store.control.lock()
