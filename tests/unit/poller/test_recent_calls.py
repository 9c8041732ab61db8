"""Which stored calls wait for their place on the pages, and when they are written."""

from support.builders.store_values import NOW, recent

from fuse_otel.poller.recent_calls import HELD_BYTES, HELD_SECONDS, RecentCalls
from fuse_otel.ports import RECENT_CALLS

HOUR = 3600


def old(name, **changed):
    return recent(name, **({"end": NOW - HOUR} | changed))


def live(name):
    return recent(name, end=NOW - HOUR + 60)


def commit(calls, *new, at=NOW):
    """The session ids that the step of the ``new`` calls writes."""
    written = calls.of_step(new, at)
    calls.stored(new, written, at)
    return [call.session_id for call in written]


def waiting(calls):
    return [call.session_id for call in calls.held]


def test_live_calls_never_wait():
    calls = RecentCalls()
    assert commit(calls, live("a"), live("b")) == ["a", "b"]
    assert waiting(calls) == []


def test_old_calls_wait_while_others_follow_and_are_written_together():
    calls = RecentCalls()
    assert commit(calls, old("a"), live("b"), old("without a time", end=None)) == ["b"]
    assert commit(calls, old("c"), at=NOW + HELD_SECONDS - 1) == []
    assert commit(calls, live("d"), at=NOW + HELD_SECONDS) == ["a", "without a time", "c", "d"]
    assert waiting(calls) == []
    assert commit(calls, old("e"), at=NOW + HELD_SECONDS) == []


def test_a_clock_that_was_set_back_keeps_nothing_waiting():
    calls = RecentCalls()
    commit(calls, old("a"))
    assert commit(calls, at=NOW - 1) == ["a"]


def test_a_call_of_a_step_that_was_not_stored_does_not_wait():
    calls = RecentCalls()
    assert calls.of_step([old("a")], NOW) == []
    assert waiting(calls) == []


def test_what_was_not_stored_waits_on():
    calls = RecentCalls()
    commit(calls, old("a"))
    assert [call.session_id for call in calls.of_step([], NOW + HELD_SECONDS)] == ["a"]
    assert waiting(calls) == ["a"]


def test_only_the_last_reading_of_a_call_waits():
    calls = RecentCalls()
    commit(calls, old("a"), old("b"))
    commit(calls, old("a", outcome="hangup"))
    assert [(call.session_id, call.outcome) for call in calls.held][1] == ("a", "hangup")
    assert commit(calls, live("b")) == ["b"]
    assert waiting(calls) == ["a"]


def test_no_more_calls_wait_than_the_pages_keep():
    calls = RecentCalls()
    commit(calls, *(old(f"{n}") for n in range(RECENT_CALLS + 3)))
    assert waiting(calls) == [f"{n}" for n in range(3, RECENT_CALLS + 3)]
    assert len(commit(RecentCalls(), *(live(f"{n}") for n in range(RECENT_CALLS + 3)))) == 500


def test_calls_that_wait_are_bounded_in_bytes():
    calls = RecentCalls()
    third = bytes(HELD_BYTES // 3)
    commit(calls, *(old(name, traces=third, logs=b"") for name in "abcd"))
    assert waiting(calls) == ["b", "c", "d"]
    commit(calls, old("huge", traces=bytes(HELD_BYTES + 1)))
    assert waiting(calls) == ["huge"]
    calls.clear()
    commit(calls, *(old(name, traces=third, logs=b"") for name in "abc"))
    assert waiting(calls) == ["a", "b", "c"]
