"""The index of calls: what pages and commands find calls by, for every store."""

from hashlib import sha256

import pytest
from msgspec.structs import replace
from support.builders.store_values import NOW, body, seen, step

from fuse_otel.core.model.call import ERASED, LogCompleteness, Seen
from fuse_otel.errors import Broken
from fuse_otel.ports import EVERY_CALL, CallQuery, IndexedCall, Neighbours, SeenRow
from fuse_otel.store.relational.ledger import LOOK_AGAIN

DAY = 86_400
A, B, C = "300060;001;1529552581", "300060;002;1529552582", "300060;003;1529552583"


def indexed(session_id, **changed):
    fields = {
        "trace_id": sha256(session_id.encode("utf-8", "replace")).hexdigest()[:32],
        "application": "claims line",
        "version": "0.2",
        "direction": "inbound",
        "outcome": "completed",
        "details": "full",
        "error": False,
        "start": NOW - 60,
        "end": NOW,
        "modules": ("start start", "menu main_menu", "exit hangup"),
    }
    return IndexedCall(session_id=session_id, **(fields | changed))


def failed(session_id, **changed):
    why = {"error": True, "failed_module": "rest look_up", "error_type": "503"}
    return indexed(session_id, **(why | changed))


def store_calls(lease, *calls, at=NOW):
    lease.commit(step(at=at, seen=[seen(one.session_id) for one in calls], indexed=calls))


def ids(calls):
    return [call.session_id for call in calls]


def found(store, limit=100, offset=0, **query):
    return ids(store.calls.calls(CallQuery(**query), limit, offset))


def test_a_stored_call_is_found_with_all_its_facts(store, lease):
    call = failed(A)
    store_calls(lease, call)
    (kept,) = store.calls.calls(EVERY_CALL, 10)
    assert kept == replace(call, account="main", id=kept.id)
    assert kept.id > 0
    assert kept.error is True


def test_calls_come_newest_first_by_start_in_pages(store, lease):
    store_calls(lease, indexed("old", start=NOW - 500), indexed("new", start=NOW - 5))
    store_calls(lease, indexed("middle", start=NOW - 50))
    assert found(store) == ["new", "middle", "old"]
    assert found(store, limit=1) == ["new"]
    assert found(store, limit=1, offset=1) == ["middle"]
    assert found(store, offset=3) == []


def test_a_call_without_a_start_counts_by_its_end_or_by_when_it_was_stored(store, lease):
    store_calls(
        lease,
        indexed("ended", start=None, end=NOW - 100),
        indexed("nothing", start=None, end=None),
        indexed("started", start=NOW - 50),
    )
    assert found(store) == ["nothing", "started", "ended"]
    assert [call.start for call in store.calls.calls(EVERY_CALL, 10)] == [None, NOW - 50, None]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"application": "claims line"}, [A, C]),
        ({"application": "Claims line"}, []),
        ({"account": "main"}, [A, B]),
        ({"account": "unknown"}, []),
        ({"outcome": "hangup"}, [B]),
        ({"direction": "outbound"}, [C]),
        ({"error": True}, [B]),
        ({"error": False}, [A, C]),
        ({"module": "rest look_up"}, [B]),
        ({"module": "rest look"}, []),
        ({"module": "look_up"}, []),
        ({"start": NOW - 60}, [A]),
        ({"end": NOW - 60}, [B, C]),
        ({"start": NOW - 3_600, "end": NOW - 60}, [B]),
        ({"key": A}, [A]),
        ({"key": "0" * 30 + "bb"}, [B]),
        ({"key": "0" * 30 + "BB"}, [B]),
        ({"key": A[:-1]}, []),
        ({"application": "claims line", "direction": "outbound"}, [C]),
        ({"application": "claims line", "error": True}, []),
        ({"key": A, "error": True}, []),
    ],
)
def test_a_filter_is_exact_and_filters_combine(store, lease, query, expected):
    store_calls(
        lease,
        indexed(A),
        failed(
            B,
            application="sales",
            outcome="hangup",
            start=NOW - 3_600,
            trace_id="0" * 30 + "bb",
            modules=("start start", "rest look_up"),
        ),
    )
    store_calls(store.ledger.lease("other"), indexed(C, direction="outbound", start=NOW - 7_200))
    assert found(store, **query) == expected


def test_a_call_that_is_stored_again_keeps_one_row_with_its_latest_facts(store, lease):
    store_calls(lease, indexed(A), indexed(B, start=NOW - 70))
    used = store.control.status().used
    store_calls(lease, indexed(A))
    assert store.control.status().used == used

    grown = failed(A, end=NOW + 30, modules=("start start", "rest look_up"))
    before = store.calls.calls(EVERY_CALL, 10)[0].id
    store_calls(lease, grown)
    first, second = store.calls.calls(EVERY_CALL, 10)
    assert first == replace(grown, account="main", id=before)
    assert second.session_id == B


def test_a_call_of_two_accounts_is_indexed_for_each(store, lease):
    store_calls(lease, indexed(A))
    store_calls(store.ledger.lease("other"), indexed(A))
    assert {call.account for call in store.calls.calls(EVERY_CALL, 10)} == {"main", "other"}


def test_a_corrected_end_reaches_the_index(store, lease):
    store_calls(lease, indexed(A))
    lease.commit(step(seen=[SeenRow(A, Seen(NOW + 9, 7, LogCompleteness.FULL))]))
    assert [call.end for call in store.calls.calls(EVERY_CALL, 10)] == [NOW + 9]


def test_a_step_that_fails_leaves_the_index_as_it_was(store, lease):
    store_calls(lease, indexed(A))
    store.ledger.lease("main")
    huge = body(B, data=bytes(200_000))
    with pytest.raises(Exception, match="full"):
        lease.commit(step(huge, seen=[seen(B)], indexed=[indexed(B)]))
    assert found(store) == [A]


def test_calls_are_kept_for_seven_days_after_their_start(store, lease):
    store_calls(lease, indexed(A, start=NOW), indexed(B, start=NOW - 6 * DAY))
    lease.commit(step(at=NOW + DAY))
    assert found(store) == [A, B]
    lease.commit(step(at=NOW + DAY + LOOK_AGAIN))
    assert found(store) == [A]
    lease.commit(step(at=NOW + 7 * DAY + 1))
    assert found(store) == []


def test_expired_calls_are_looked_for_once_a_minute_until_none_is_left(roomy_store):
    store, lease = roomy_store, roomy_store.ledger.lease("main")
    store_calls(lease, *(indexed(f"call {n}", start=NOW - 6 * DAY + n) for n in range(1, 700)))
    lease.commit(step(at=NOW + DAY + 1))
    assert len(found(store, limit=1_000)) == 699
    # All but two have expired, and one look forgets 500 of them: the next commit looks again.
    later = NOW + DAY + 698
    lease.commit(step(at=later))
    assert len(found(store, limit=1_000)) == 199
    lease.commit(step(at=later))
    assert found(store, limit=1_000) == ["call 699", "call 698"]
    lease.commit(step(at=later + LOOK_AGAIN - 1))
    assert found(store, limit=1_000) == ["call 699", "call 698"]
    lease.commit(step(at=later + LOOK_AGAIN))
    assert found(store, limit=1_000) == []


def test_a_start_in_the_far_future_is_kept_no_longer(store, lease):
    store_calls(lease, indexed(A, start=NOW + 3_000 * DAY))
    assert [call.start for call in store.calls.calls(EVERY_CALL, 10)] == [NOW + 3_000 * DAY]
    lease.commit(step(at=NOW + 7 * DAY + 3_601))
    assert found(store) == []


def test_the_index_takes_a_tenth_of_the_cap_and_drops_the_oldest_first(store, lease):
    for place in range(60):
        store_calls(lease, indexed(f"call {place}", start=NOW + place), at=NOW + place)
    kept = found(store, limit=1_000)
    assert 5 < len(kept) < 40
    assert kept == [f"call {place}" for place in range(59, 59 - len(kept), -1)]


def test_the_index_counts_for_the_cap_and_gives_all_back(store, lease):
    lease.commit(step(seen=[seen(A)]))
    before = store.control.status().used
    lease.commit(step(indexed=[indexed(A)]))
    assert store.control.status().used > before + 300
    lease.commit(step(at=NOW + 7 * DAY - 100_000, seen=[seen(A)]))
    lease.commit(step(at=NOW + 7 * DAY + 1, seen=[seen(A)]))
    assert found(store) == []
    assert store.control.status().used == before


def test_an_erased_call_leaves_the_index_and_does_not_come_back(store, lease):
    store_calls(lease, indexed(A), indexed(B))
    erased = store.control.erase(A, NOW)
    assert (erased.indexed, erased.copies, erased.known) == (1, 1, True)
    assert found(store) == [B]
    # It was being read while it was erased.
    store_calls(lease, indexed(A))
    assert lease.look_up([A]).known[A].entries == ERASED
    assert found(store) == [B]
    assert store.control.erase(A, NOW).indexed == 0


def test_stored_calls_are_followed_in_the_order_of_storing(store, lease):
    store_calls(lease, indexed("first", start=NOW), indexed("second", start=NOW - 100))
    last = store.calls.stored_last(EVERY_CALL, 10)
    assert ids(last) == ["first", "second"]
    assert ids(store.calls.stored_last(EVERY_CALL, 1)) == ["second"]
    assert store.calls.stored_after(EVERY_CALL, last[-1].id, 10) == ()

    store_calls(lease, failed("third", start=NOW - 500), indexed("fourth"))
    store_calls(lease, indexed("first", outcome="hangup"))
    assert ids(store.calls.stored_after(EVERY_CALL, last[-1].id, 10)) == ["third", "fourth"]
    assert ids(store.calls.stored_after(EVERY_CALL, last[-1].id, 1)) == ["third"]
    query = CallQuery(error=True)
    assert ids(store.calls.stored_after(query, 0, 10)) == ["third"]
    assert ids(store.calls.stored_last(query, 10)) == ["third"]


def test_an_id_of_an_erased_call_is_not_used_again(store, lease):
    store_calls(lease, indexed(A))
    (gone,) = store.calls.stored_last(EVERY_CALL, 1)
    store.control.erase(A, NOW)
    store_calls(lease, indexed(B))
    assert ids(store.calls.stored_after(EVERY_CALL, gone.id, 10)) == [B]


def test_the_last_id_outlasts_its_call(store, lease):
    assert store.calls.last_id() == 0
    store_calls(lease, indexed(A), indexed(B))
    last = store.calls.stored_last(EVERY_CALL, 1)[0].id
    store.control.erase(B, NOW)
    assert store.calls.last_id() == last


@pytest.mark.parametrize(
    "text", ["", "a\nb", "\0", "\ud800", "'; drop table calls; --", "%", "é" * 5_000, "😀"]
)
def test_hostile_names_are_stored_bounded_and_found(roomy_store, text):
    store, lease = roomy_store, roomy_store.ledger.lease("main")
    call = indexed(text, application=text, version=text, error_type=text, modules=(text, "menu m"))
    store_calls(lease, call)
    (kept,) = store.calls.calls(EVERY_CALL, 10)
    assert all(len(each) <= 2_048 for each in (kept.application, kept.version, *kept.modules))
    for query in (CallQuery(module=text), CallQuery(application=text), CallQuery(key=text)):
        assert ids(store.calls.calls(query, 10)) == [kept.session_id]
    assert found(store, module="menu m") == [kept.session_id]


def test_a_call_of_many_modules_is_bounded(store, lease):
    store_calls(lease, indexed(A, modules=tuple(f"prompt p{number}" for number in range(10_000))))
    (kept,) = store.calls.calls(EVERY_CALL, 10)
    assert 300 < len(kept.modules) < 1_000
    assert found(store, module="prompt p0") == [A]


def test_a_closed_store_is_an_error(store, lease):
    store.close()
    with pytest.raises(Broken, match="is closed"):
        store.calls.calls(EVERY_CALL, 1)


def test_a_call_is_read_by_its_session_id_alone(store, lease):
    store_calls(lease, indexed(A), indexed(B, trace_id="c" * 32))
    assert store.calls.call(B).trace_id == "c" * 32
    assert store.calls.call("c" * 32) is None
    assert store.calls.call("unknown") is None


def test_of_calls_with_one_session_id_the_one_stored_last_is_read(store, lease):
    store_calls(lease, indexed(A))
    store_calls(store.ledger.lease("sales"), indexed(A))
    assert store.calls.call(A).account == "sales"


def test_a_call_with_a_long_session_id_is_read_by_it(store, lease):
    store_calls(lease, indexed("x" * 500))
    kept = store.calls.call("x" * 500)
    assert store.calls.call(kept.session_id) == kept


def test_neighbours_are_those_in_the_list_of_calls(store, lease):
    store_calls(lease, indexed(C, start=NOW - 5), indexed(A, start=NOW - 500))
    store_calls(lease, indexed("equal 1", start=NOW - 50), indexed("equal 2", start=NOW - 50))
    listed = store.calls.calls(EVERY_CALL, 10)
    assert ids(listed) == [C, "equal 2", "equal 1", A]
    assert [store.calls.neighbours(call) for call in listed] == [
        Neighbours(previous="equal 2", next=None),
        Neighbours(previous="equal 1", next=C),
        Neighbours(previous=A, next="equal 2"),
        Neighbours(previous=None, next="equal 1"),
    ]


def test_a_call_that_left_the_index_has_no_neighbours(store, lease):
    store_calls(lease, indexed(A), indexed(B))
    call = store.calls.call(A)
    store.control.erase(A, NOW)
    assert store.calls.neighbours(call) == Neighbours()
