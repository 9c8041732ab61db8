"""Callers who call again within a day, counted once whatever happens to the daemon."""

import pytest
from msgspec.structs import replace
from support.fakes.unsafe_ledger import Crashed

from fuse_otel.core.encoding.renderer import Renderer
from fuse_otel.core.model.call import MISSING_LOG, CallLog, Direction, ListedCall, LogState
from fuse_otel.core.model.options import ModelOptions
from fuse_otel.errors import Full
from fuse_otel.events import CallsStored
from fuse_otel.poller import PollerOptions
from fuse_otel.poller.api_clock import ApiClock
from fuse_otel.poller.ingest import Ingest
from fuse_otel.poller.repeat_calls import KEEP, caller_of, repeat_calls
from fuse_otel.ports import CallerRow
from fuse_otel.store import MemoryStore

NOW = 1_790_000_000
HOUR, DAY = 3600, 86_400
ANNA, BERT = "a" * 32, "b" * 32


def row(session_id, end, caller=ANNA):
    return CallerRow(session_id, caller, end)


def listed(session_id, end=NOW - 60, user_hash=ANNA, **changes):
    call = ListedCall(
        session_id, end - 30, end, Direction.INBOUND, "inbound",
        logged=False, user_hash=user_hash, destination=None,
    )  # fmt: skip
    return replace(call, **changes)


def test_the_second_call_within_a_day_is_the_repeated_one():
    assert repeat_calls([row("1", NOW - DAY), row("2", NOW)], []) == {"2"}
    assert repeat_calls([row("1", NOW - DAY - 1), row("2", NOW)], []) == frozenset()
    assert repeat_calls([row("2", NOW)], [row("1", NOW - 60)]) == {"2"}


def test_another_caller_is_no_repetition():
    assert repeat_calls([row("2", NOW)], [row("1", NOW - 60, BERT)]) == frozenset()


def test_a_later_call_makes_an_earlier_one_no_repetition():
    assert repeat_calls([row("1", NOW - 60)], [row("2", NOW)]) == frozenset()


def test_of_two_calls_that_end_together_one_counts():
    assert repeat_calls([row("1", NOW), row("2", NOW)], []) == {"2"}


def test_a_call_that_is_stored_already_is_not_counted_again():
    assert repeat_calls([row("2", NOW)], [row("1", NOW - 60), row("2", NOW)]) == frozenset()


@pytest.mark.parametrize(
    "call",
    [
        listed("1", direction=Direction.OUTBOUND),
        listed("1", direction=Direction.UNKNOWN),
        listed("1", user_hash=None),
        listed("1", end=NOW - KEEP),
        listed("1", end=NOW + 2 * HOUR),
        replace(listed("1"), end=None),
    ],
    ids=["outbound", "unknown", "no pseudonym", "old", "ahead", "no end"],
)
def test_what_cannot_repeat_is_not_kept(call):
    assert caller_of(call, "1", NOW) is None


class Rig:
    def __init__(self):
        self.store = MemoryStore(capacity=10**6)
        self.events = []
        self.lease = self.store.ledger.lease("main")

    def ingest(self, *calls, again=False, now=NOW):
        """As after a restart: only the store knows what was before."""
        made = Ingest(
            PollerOptions("main"), self.lease, Renderer(ModelOptions(), ()), self.events.append,
            lambda: 0.5, lambda: float(now), ApiClock(),
        )  # fmt: skip
        made.store([(call, MISSING_LOG) for call in calls], "", again=again)

    @property
    def repeats(self):
        stored = [event for event in self.events if isinstance(event, CallsStored)]
        return [call.repeat for event in stored for call in event.calls]


@pytest.fixture
def rig():
    made = Rig()
    yield made
    made.store.close()


def test_a_caller_who_calls_again_is_counted_over_restarts(rig):
    rig.ingest(listed("1", end=NOW - HOUR // 2))
    rig.ingest(listed("2"), listed("3", user_hash=BERT))
    assert rig.repeats == [False, True, False]


def test_reading_a_call_again_counts_nothing_again(rig):
    rig.ingest(listed("1", end=NOW - 120))
    rig.ingest(listed("2"))
    rig.ingest(listed("2"))
    rig.ingest(listed("1", end=NOW - 120), listed("2"), again=True)
    assert rig.repeats.count(True) == 1


def test_a_commit_that_fails_counts_nothing_and_the_next_one_counts_once(rig, monkeypatch):
    rig.ingest(listed("1", end=NOW - 120))
    kept = type(rig.lease).commit

    def full(lease, step):
        raise Full("The outbox is full.")

    monkeypatch.setattr(type(rig.lease), "commit", full)
    with pytest.raises(Full):
        rig.ingest(listed("2"))
    monkeypatch.setattr(type(rig.lease), "commit", kept)
    rig.ingest(listed("2"))
    assert rig.repeats == [False, True]


def test_a_crash_behind_the_commit_counts_the_call_at_most_once(rig, monkeypatch):
    rig.ingest(listed("1", end=NOW - 120))
    real = type(rig.lease).commit

    def crash(lease, step):
        real(lease, step)
        raise Crashed

    monkeypatch.setattr(type(rig.lease), "commit", crash)
    with pytest.raises(Crashed):
        rig.ingest(listed("2"))
    monkeypatch.setattr(type(rig.lease), "commit", real)
    rig.ingest(listed("2"))
    rig.ingest(listed("3", end=NOW - 30))
    assert rig.repeats == [False, True]


def test_an_older_call_of_the_same_batch_counts_as_the_earlier_one(rig):
    rig.ingest(listed("1", end=NOW - 5 * HOUR), listed("2"))
    assert rig.repeats == [False, True]


def test_growth_is_no_call(rig):
    grown = CallLog(LogState.PRESENT, (), 3)
    rig.ingest(listed("1", end=NOW - 120))
    rig.ingest(listed("2"))
    made = Ingest(
        PollerOptions("main"), rig.lease, Renderer(ModelOptions(), ()), rig.events.append,
        lambda: 0.5, lambda: float(NOW), ApiClock(),
    )  # fmt: skip
    made.store([(listed("2"), grown)], "")
    assert rig.repeats.count(True) == 1
