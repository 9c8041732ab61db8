"""The call flows: sums that count each call once, whatever happens to it, for every store."""

from contextlib import closing

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from support.builders.flow_values import runs, stepping_call
from support.builders.store_values import NOW, body, seen, step

from fuse_otel.core.model.call_flow import MOST_MODULES, CallFlow, read_path
from fuse_otel.errors import Broken
from fuse_otel.ports import FlowQuery
from fuse_otel.store import MemoryStore

HOUR, DAY = 3_600, 86_400
A, B, C = "300060;001;1529552581", "300060;002;1529552582", "300060;003;1529552583"
STEPS = runs("start start", "menu main?", "rest look_up!", "exit hangup")


def store_calls(lease, *calls, at=NOW):
    lease.commit(step(at=at, seen=[seen(one.session_id) for one in calls], indexed=calls))


def sums(store, **query):
    """By module: executions, lost, errors, no match; and the steps by their names."""
    flow = store.flows.flow(FlowQuery(**({"application": "claims line"} | query)))
    return flow.calls, by_name(flow)


def by_name(flow):
    names = [" ".join(module) for module in flow.places]
    nodes = zip(names, flow.nodes, strict=True)
    return {
        name: (
            node.executions, node.lost, node.errors, node.no_match,
            {names[place]: count for place, count in node.following.items()},
        )
        for name, node in nodes
        if node.executions
    }  # fmt: skip


def executions(store, **query):
    return {name: values[0] for name, values in sums(store, **query)[1].items()}


def test_stored_calls_are_summed(roomy_store):
    lease = roomy_store.ledger.lease("main")
    store_calls(lease, stepping_call(A, STEPS, outcome="completed"), stepping_call(B, STEPS[:2]))
    assert sums(roomy_store) == (
        2,
        {
            "start start": (2, 0, 0, 0, {"menu main": 2}),
            "menu main": (2, 1, 0, 2, {"rest look_up": 1}),
            "rest look_up": (1, 0, 1, 0, {"exit hangup": 1}),
            "exit hangup": (1, 0, 0, 0, {}),
        },
    )
    assert sums(roomy_store, application="unknown") == (0, {})


def test_a_call_without_entries_is_left_out(roomy_store):
    store_calls(roomy_store.ledger.lease("main"), stepping_call(A, ()))
    assert sums(roomy_store) == (0, {})
    assert roomy_store.flows.parts() == []


def test_a_call_that_grows_counts_once_with_what_is_known_last(roomy_store):
    lease = roomy_store.ledger.lease("main")
    store_calls(lease, stepping_call(A, STEPS[:2]))
    assert sums(roomy_store)[1]["menu main"] == (1, 1, 0, 1, {})
    store_calls(lease, stepping_call(A, STEPS, outcome="completed", version="0.3"))
    calls, modules = sums(roomy_store)
    assert calls == 1
    assert modules["menu main"] == (1, 0, 0, 1, {"rest look_up": 1})
    assert [(key.version, key.outcome) for key in roomy_store.flows.parts()] == [
        ("0.3", "completed")
    ]


def test_a_call_that_is_read_again_counts_once(roomy_store):
    lease = roomy_store.ledger.lease("main")
    for at in (NOW, NOW + 10, NOW + DAY):
        store_calls(lease, stepping_call(A, STEPS), at=at)
    assert sums(roomy_store)[0] == 1


def test_a_call_twice_in_a_step_counts_once(roomy_store):
    store_calls(
        roomy_store.ledger.lease("main"), stepping_call(A, STEPS[:2]), stepping_call(A, STEPS)
    )
    assert executions(roomy_store) == dict.fromkeys(
        ("start start", "menu main", "rest look_up", "exit hangup"), 1
    )


def test_a_call_that_the_index_forgot_is_not_counted_again(roomy_store):
    """The ledger keeps a call for longer than the index does."""
    lease = roomy_store.ledger.lease("main")
    store_calls(lease, stepping_call(A, STEPS, start=NOW - 6 * DAY))
    lease.commit(step(at=NOW + 2 * DAY))
    store_calls(lease, stepping_call(A, STEPS, start=NOW - 6 * DAY), at=NOW + 2 * DAY)
    assert sums(roomy_store)[0] == 1


def test_a_call_that_was_not_counted_takes_nothing_away(roomy_store):
    """The ledger knew it, the index did not: as after an update from a version without flows."""
    lease = roomy_store.ledger.lease("main")
    lease.commit(step(seen=[seen(A)]))
    for steps, outcome in ((STEPS[:2], "hangup"), (STEPS, "hangup"), (STEPS, "completed")):
        store_calls(lease, stepping_call(A, steps, outcome=outcome))
        assert roomy_store.flows.parts() == []


def test_a_step_that_fails_counts_nothing(store, lease):
    store.control.status()
    huge = body(B, data=bytes(200_000))
    with pytest.raises(Exception, match="full"):
        lease.commit(step(huge, seen=[seen(B)], indexed=[stepping_call(B, STEPS)]))
    assert sums(store) == (0, {})


def test_an_erased_call_is_not_counted_again(roomy_store):
    lease = roomy_store.ledger.lease("main")
    store_calls(lease, stepping_call(A, STEPS))
    roomy_store.control.erase(A, NOW)
    store_calls(lease, stepping_call(A, STEPS))
    assert sums(roomy_store)[0] == 1


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, 3),
        ({"account": "main"}, 2),
        ({"account": "unknown"}, 0),
        ({"version": "0.3"}, 1),
        ({"outcome": "completed"}, 1),
        ({"start": NOW - HOUR}, 2),
        ({"end": NOW - 3 * HOUR}, 1),
        ({"start": NOW - 4 * HOUR, "end": NOW - 3 * HOUR}, 0),
        ({"outcome": "completed", "account": "other"}, 0),
    ],
)
def test_a_filter_is_exact_and_filters_combine(roomy_store, query, expected):
    store_calls(
        roomy_store.ledger.lease("main"),
        stepping_call(A, STEPS, outcome="completed"),
        stepping_call(B, STEPS, version="0.3"),
    )
    store_calls(roomy_store.ledger.lease("other"), stepping_call(C, STEPS, start=NOW - 8 * HOUR))
    assert sums(roomy_store, **query)[0] == expected


def test_an_hour_that_the_interval_touches_counts_whole(roomy_store):
    first = NOW - NOW % HOUR
    store_calls(roomy_store.ledger.lease("main"), stepping_call(A, STEPS, start=first + 10))
    for start, end, expected in (
        (first + 3_599, None, 1),
        (first + HOUR, None, 0),
        (None, first + 1, 1),
        (None, first, 0),
    ):
        assert sums(roomy_store, start=start, end=end)[0] == expected


def test_hours_are_summed_by_the_day_after_five_days_and_forgotten_after_thirty(roomy_store):
    lease = roomy_store.ledger.lease("main")
    day = NOW - NOW % DAY
    calls = [stepping_call(f"call {n}", STEPS, start=day + n * HOUR) for n in range(6)]
    store_calls(lease, *calls, at=day + DAY)
    before = sums(roomy_store)
    assert len(kept_parts(roomy_store, day)) == 6

    lease.commit(step(at=day + 5 * DAY + 3 * HOUR))
    assert len(kept_parts(roomy_store, day)) == 4
    lease.commit(step(at=day + 7 * DAY))
    assert len(kept_parts(roomy_store, day)) == 1
    assert sums(roomy_store) == before
    (key,) = roomy_store.flows.parts("claims line")
    assert (key.start, key.end) == (day, day + DAY)

    lease.commit(step(at=day + 30 * DAY))
    assert sums(roomy_store) == before
    lease.commit(step(at=day + 31 * DAY + HOUR))
    assert sums(roomy_store) == (0, {})
    assert roomy_store.flows.parts() == []


def kept_parts(store, day):
    """The hours of the day, and the day, as they can be asked for: by the calls found in each."""
    found = [
        sums(store, start=day + n * HOUR, end=day + n * HOUR + 1)[1].get("start start", (0,))[0]
        for n in range(24)
    ]
    # A day answers for all of its hours.
    least = min(found)
    return ([least] if least else []) + [each - least for each in found if each > least]


def test_a_call_that_grows_after_its_hour_became_part_of_a_day_counts_once(roomy_store):
    lease = roomy_store.ledger.lease("main")
    start = NOW - 4 * DAY
    store_calls(lease, stepping_call(A, STEPS[:2], start=start))
    lease.commit(step(at=NOW + 2 * DAY))
    store_calls(lease, stepping_call(A, STEPS, start=start), at=NOW + 2 * DAY)
    assert executions(roomy_store) == dict.fromkeys(
        ("start start", "menu main", "rest look_up", "exit hangup"), 1
    )


def test_a_call_older_than_thirty_days_is_left_out(roomy_store):
    lease = roomy_store.ledger.lease("main")
    store_calls(lease, stepping_call(A, STEPS, start=NOW - 40 * DAY))
    assert roomy_store.flows.parts() == []


def test_flows_count_for_the_cap_take_a_twentieth_of_it_and_drop_the_oldest(store, lease):
    before = store.control.status().used
    for number in range(40):
        lease.commit(
            step(at=NOW, indexed=[stepping_call(f"{number}", STEPS, start=NOW - number * HOUR)])
        )
    keys = store.flows.parts()
    assert 3 <= sums(store)[0] < 20
    assert keys[0].end > NOW
    assert sums(store, start=NOW - 30 * HOUR)[0] == sums(store)[0]
    assert store.control.status().used > before + 4_000

    lease.commit(step(at=NOW + 7 * DAY))
    lease.commit(step(at=NOW + 40 * DAY))
    assert store.flows.parts() == []
    assert store.control.status().used == before


def test_applications_and_their_parts_are_listed(roomy_store):
    store_calls(
        roomy_store.ledger.lease("main"),
        stepping_call(A, STEPS),
        stepping_call(B, STEPS, version="0.3", start=NOW - HOUR),
    )
    store_calls(roomy_store.ledger.lease("other"), stepping_call(C, STEPS, application="billing"))
    assert [(key.application, key.version, key.account) for key in roomy_store.flows.parts()] == [
        ("billing", "0.2", "other"),
        ("claims line", "0.2", "main"),
        ("claims line", "0.3", "main"),
    ]
    assert [key.account for key in roomy_store.flows.parts("billing")] == ["other"]
    assert roomy_store.flows.parts("unknown") == []


@pytest.mark.parametrize(
    "text", ["", "a\nb", "\0", "\ud800", "'; drop table flows; --", "é" * 5_000, "😀", "%"]
)
def test_hostile_names_are_stored_bounded_and_found(roomy_store, text):
    steps = runs("start start", f"menu {text}", "exit end")
    call = stepping_call(A, steps, application=text, version=text)
    lease = roomy_store.ledger.lease("main")
    store_calls(lease, call)
    store_calls(lease, replace(call, error=True))
    flow = roomy_store.flows.flow(FlowQuery(text))
    assert flow.calls == 1
    assert [node.executions for node in flow.nodes] == [1, 1, 1]
    assert all(len(name) <= 128 for module in flow.places for name in module)
    if text:
        assert roomy_store.flows.flow(FlowQuery(text, version=text)).calls == 1


def test_a_flow_of_many_modules_is_bounded(roomy_store):
    lease = roomy_store.ledger.lease("main")
    for number in range(11):
        names = (f"prompt p{place}" for place in range(number * 100, number * 100 + 100))
        store_calls(lease, stepping_call(f"{number}", runs(*names)))
    flow = roomy_store.flows.flow(FlowQuery("claims line"))
    assert len(flow.places) == MOST_MODULES + 1
    assert sum(node.executions for node in flow.nodes) == 1_100


def test_a_closed_store_is_an_error(store, lease):
    store.close()
    with pytest.raises(Broken, match="is closed"):
        store.flows.flow(FlowQuery("claims line"))
    with pytest.raises(Broken, match="is closed"):
        store.flows.parts()


names = st.sampled_from(["menu main", "prompt again", "rest look_up!", "number it?"])
changes = st.lists(
    st.tuples(
        st.sampled_from(["a", "b", "c", "known"]),
        st.lists(names, max_size=5),
        st.sampled_from(["hangup", "completed", "transferred"]),
        st.integers(0, 6 * DAY),
        st.integers(0, 2 * DAY),
    ),
    max_size=8,
)


@settings(deadline=None, max_examples=40)
@given(changes)
def test_every_call_counts_once_with_what_is_known_last(stored):
    """Growth, re-reads and corrections in any order, while hours become parts of days. A call that
    the ledger knew before the index did is not counted.
    """
    now, last, expected = NOW, {}, CallFlow()
    with closing(MemoryStore(1 << 30)) as store:
        lease = store.ledger.lease("main")
        lease.commit(step(seen=[seen("known")]))
        for session_id, steps, outcome, age, passed in stored:
            now += passed // 8
            start = last[session_id].start if session_id in last else NOW - age
            call = stepping_call(session_id, runs(*steps), outcome=outcome, start=start)
            store_calls(lease, call, at=now)
            if session_id not in last or now - start <= 7 * DAY:
                last[session_id] = call
        last.pop("known", None)
        for call in last.values():
            lost = call.outcome == "hangup"
            expected.add(read_path(call.modules, call.path, lost=lost))
        flow = store.flows.flow(FlowQuery("claims line"))
    assert (flow.calls, by_name(flow)) == (expected.calls, by_name(expected))
