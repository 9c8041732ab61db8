"""The last day for the charts of the overview: calls by slot, lag and headroom, for every store."""

from support.builders.store_values import NOW, seen, step

from fuse_otel.ports import SLOT, SLOTS, CallCount, IndexedCall, Sample, slot_of

HERE = slot_of(NOW)
DAY = SLOT * SLOTS


def call(session_id, start, *, error=False):
    return IndexedCall(
        session_id, session_id, "app", "", "inbound", "completed", "full", error, start, start
    )


def test_calls_are_counted_by_the_slot_of_their_start(store, lease):
    calls = [
        call("before", HERE - SLOT - 1),
        call("first", HERE - SLOT),
        call("second", HERE - 1, error=True),
        call("third", HERE),
    ]
    lease.commit(step(at=NOW, seen=[seen(each.session_id) for each in calls], indexed=calls))
    expected = [CallCount(HERE - SLOT, 2, 1), CallCount(HERE, 1, 0)]
    assert sorted(store.calls.counts(HERE - SLOT), key=lambda each: each.at) == expected
    assert store.calls.counts(HERE + SLOT) == []


def test_a_slot_keeps_the_worst_of_its_samples(store):
    for sample in (Sample(HERE, 20, 500), Sample(HERE, 90, 900), Sample(HERE, 30, 400)):
        store.control.add_sample(sample)
    assert store.control.samples(HERE) == [Sample(HERE, 90, 400)]


def test_samples_come_oldest_first(store):
    for at in (HERE - SLOT, HERE):
        store.control.add_sample(Sample(at, 1, 2))
    assert [each.at for each in store.control.samples(0)] == [HERE - SLOT, HERE]
    assert [each.at for each in store.control.samples(HERE)] == [HERE]


def test_samples_older_than_a_day_are_forgotten(store):
    for at in range(HERE - 2 * DAY, HERE + 1, SLOT):
        store.control.add_sample(Sample(at, 1, 2))
    kept = store.control.samples(0)
    assert (len(kept), kept[0].at, kept[-1].at) == (SLOTS, HERE - DAY + SLOT, HERE)


def test_samples_of_a_clock_that_was_ahead_are_forgotten(store):
    store.control.add_sample(Sample(HERE + 100 * DAY, 1, 2))
    store.control.add_sample(Sample(HERE, 3, 4))
    assert store.control.samples(0) == [Sample(HERE, 3, 4)]


def test_samples_count_for_the_cap_while_they_are_kept(store):
    before = store.control.status().used
    store.control.add_sample(Sample(HERE - 2 * DAY, 1, 2))
    one = store.control.status().used - before
    assert one > 0
    store.control.add_sample(Sample(HERE, 1, 2))
    assert store.control.status().used - before == one
