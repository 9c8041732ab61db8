"""Strings that a hostile peer could send, through all three interfaces of every store."""

from hashlib import sha256

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from support.builders.store_values import (
    JAEGER,
    NOW,
    TEMPO,
    body,
    copy_of,
    only,
    pending,
    recent,
    seen,
    step,
    whole_step,
)

from fuse_otel.core.model.call import Direction, ListedCall
from fuse_otel.ports import (
    Acknowledgement,
    Gap,
    GapReason,
    Job,
    JobStatus,
    JobStep,
    Pending,
    PendingReason,
    ReportedState,
)
from fuse_otel.store import MemoryStore

MIB = 1 << 20
ODD = {
    "empty": "",
    "zero byte": "\0",
    "zero byte inside": "a\0b",
    "lone surrogate": "a\ud800b",
    "other lone surrogate": "a\udfffb",
    "quotes": "'\";--",
    "JSON": '["a"]',
    "wildcards": "%_*",
    "emoji": "🙂" * 60,
    "line breaks": "\n\r\u2028",
    "right to left": "\u202eabc",
    "a megabyte": "x" * MIB,
    "another megabyte": "x" * (MIB - 1) + "y",
    "a long one with surrogates": "\ud800" * 1000,
    "like a key": "sha256:" + "0" * 64,
    "the key of the megabyte": "sha256:" + sha256(b"x" * MIB).hexdigest(),
    "the key of the lone surrogate": "sha256:" + sha256(b"a\xed\xa0\x80b").hexdigest(),
}
IDS = list(ODD.values())
each_odd = pytest.mark.parametrize("odd", IDS, ids=list(ODD))


@each_odd
def test_the_ledger_knows_a_call_by_any_id(roomy_store, odd):
    lease = roomy_store.ledger.lease("main")
    lease.commit(whole_step(odd))
    lease.commit(step(pending=[pending(odd)], listed=[odd]))

    assert list(lease.look_up([odd, "other"]).known) == [odd]
    assert list(lease.look_up([odd, "other"]).waiting) == [odd]
    assert len(lease.position(NOW, 10).due) == 1
    lease.commit(step(settled=[odd]))
    assert lease.position(NOW, 10).due == ()


def test_different_ids_stay_different_calls(roomy_store):
    lease = roomy_store.ledger.lease("main")
    for known in IDS:
        lease.commit(step(seen=[seen(known)], pending=[pending(known)]))
        assert known in lease.look_up(IDS).known
    assert set(lease.look_up(IDS).known) == set(IDS)
    assert len(lease.position(NOW, 100).due) == len(IDS)
    assert roomy_store.control.status().accounts[0].calls == len(IDS)


@each_odd
def test_the_outbox_delivers_parks_and_rereads_any_id(roomy_store, odd):
    lease = roomy_store.ledger.lease("main")
    lease.commit(step(body(odd, lanes=[TEMPO, JAEGER]), seen=[seen(odd)]))
    found = only(roomy_store)
    copy = copy_of(found.calls[0])
    roomy_store.outbox.resolve(TEMPO, [Acknowledgement(found.id, (0,), (copy,))], NOW)
    (parked,) = roomy_store.control.parked(10)
    assert roomy_store.control.parked_call(parked.id).call == found.calls[0]

    assert roomy_store.outbox.reread(found.id, NOW).calls == 1
    assert lease.look_up([odd]).known == {}


def recent_of(session_id):
    return replace(recent("", traces=b"spans", logs=b""), session_id=session_id)


@each_odd
def test_recent_calls_are_found_by_any_id(roomy_store, odd):
    lease = roomy_store.ledger.lease("main")
    lease.commit(step(recent=[recent("other"), recent("a")]))
    lease.commit(step(recent=[recent_of(odd)]))

    assert roomy_store.control.recent_call(odd).traces == b"spans"
    assert len(roomy_store.control.recent(10)) == 3


@each_odd
def test_foreign_words_are_kept_as_text_of_bounded_length(roomy_store, odd):
    lease = roomy_store.ledger.lease("main")
    call = ListedCall(
        "1;1", -(2**70), 2**70, Direction.INBOUND, odd,
        logged=True, user_hash=odd, destination=odd,
    )  # fmt: skip
    lease.commit(step(pending=[Pending(call, "", PendingReason.GROWING, NOW)]))
    (kept,) = lease.position(NOW, 10).due
    assert len(kept.call.type) <= 2_048
    assert kept.call.end == 2**63 - 1

    lease.commit(step(body("1;1")))
    found = only(roomy_store)
    copy = replace(copy_of(found.calls[0]), code=odd, reason=odd)
    roomy_store.outbox.resolve(TEMPO, [Acknowledgement(found.id, (0,), (copy,))], NOW)
    (parked,) = roomy_store.control.parked(10)
    assert len(parked.reason) <= 2_048

    roomy_store.control.report_states(
        {"main": ReportedState("down", odd)}, {TEMPO: ReportedState("held", odd)}
    )
    assert len(roomy_store.control.status().lanes[0].reported.reason) <= 2_048


@each_odd
def test_jobs_take_any_result(roomy_store, odd):
    status = roomy_store.control.add_job(Job("backfill", "{}"), NOW)
    gap = Gap("", 1, 2, GapReason.BACKFILL, job=status.id)
    first = JobStep(JobStatus(status.id, "working", odd), opened={"main": [gap]})
    assert roomy_store.control.commit_job_step(first, NOW)
    roomy_store.control.finish_job(JobStatus(status.id, "done", odd))
    assert len(roomy_store.control.job_status(status.id).result) <= 2_048


def test_long_ids_take_little_of_the_cap(roomy_store):
    """1,500 ids of 50 KB once took 223 MB of the disk under a cap of 16 MiB."""
    lease = roomy_store.ledger.lease("main")
    ids = [f"{number:05}" * 10_000 for number in range(1_500)]
    lease.commit(step(seen=[seen(one) for one in ids], pending=[pending(one) for one in ids]))
    assert set(lease.look_up(ids[:3]).known) == set(ids[:3])
    assert roomy_store.control.status().used < 2 * MIB


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.text(st.characters(), max_size=300) | st.text(st.characters(categories=["Cs"])),
        unique=True,
        max_size=8,
    )
)
def test_any_set_of_ids_comes_in_and_goes_out(ids):
    store = MemoryStore(1 << 30)
    lease = store.ledger.lease("main")
    lease.commit(
        step(
            body(*ids),
            seen=[seen(one) for one in ids],
            pending=[pending(one) for one in ids],
            recent=[recent_of(one) for one in ids],
        )
    )
    assert set(lease.look_up(ids).known) == set(lease.look_up(ids).waiting) == set(ids)
    for found in store.outbox.due(TEMPO, NOW, MIB):
        offsets = tuple(call.offset for call in found.calls)
        store.outbox.resolve(TEMPO, [Acknowledgement(found.id, offsets)], NOW)
    with store.ledger._database.write() as connection:
        connection.execute("delete from recent")
    lease.commit(step(settled=ids, at=NOW + 30 * 86_400))
    assert store.control.status().used == 0
    store.close()
