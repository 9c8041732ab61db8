"""What becomes of a call whose details fail, whatever is known of its times."""

import pytest
from support.builders.call_values import EXIT, make_entry, make_log

from fuse_otel.core.encoding.renderer import Renderer
from fuse_otel.core.model.call import Direction, ListedCall, LogCompleteness
from fuse_otel.core.model.lane import Lane, Rendering
from fuse_otel.core.model.options import ModelOptions
from fuse_otel.core.model.telemetry import Profile, Signal
from fuse_otel.errors import Full, Overtaken, ServerFailed
from fuse_otel.events import CallsStored
from fuse_otel.poller import PollerOptions
from fuse_otel.poller.api_clock import ApiClock
from fuse_otel.poller.ingest import Ingest
from fuse_otel.store import MemoryStore

NOW = 1_790_000_000
DAY = 86_400
FAILED = ServerFailed("database error")


class IngestRig:
    def __init__(self):
        self.now = float(NOW)
        self.options = PollerOptions("main")
        self.store = MemoryStore(capacity=10**6)
        self.lease = self.store.ledger.lease("main")
        self.events = []
        self.api_clock = ApiClock()

    def fails(self, call):
        """As after a restart: only the store knows of earlier failures."""
        renderer = Renderer(ModelOptions(), ())
        ingest = Ingest(
            PollerOptions("main"), self.lease, renderer, self.events.append,
            lambda: 0.5, lambda: self.now, self.api_clock,
        )  # fmt: skip
        self.api_clock.answered(self.now, None)
        ingest.store([(call, FAILED)], "")

    @property
    def pending(self):
        return list(self.lease.look_up(["1;1;1"]).waiting)

    def ingest(self):
        renderings = [Rendering("r", Signal.TRACES, Profile.GENERIC, (Lane("a", Signal.TRACES),))]
        made = Ingest(
            self.options, self.lease, Renderer(ModelOptions(), renderings),
            self.events.append, lambda: 0.5, lambda: self.now, self.api_clock,
        )  # fmt: skip
        self.api_clock.answered(self.now, None)
        return made

    def reads(self, call, answer, *, again=False):
        ingest = self.ingest()
        ingest.store([(call, answer)], "", again=again)

    @property
    def batches(self):
        return list(self.store.outbox.due(Lane("a", Signal.TRACES), self.now, 10**6))


@pytest.fixture
def rig():
    made = IngestRig()
    yield made
    made.store.close()


def call(start=None, end=None):
    return ListedCall(
        "1;1;1", start, end, Direction.INBOUND, "inbound",
        logged=True, user_hash=None, destination=None,
    )  # fmt: skip


@pytest.mark.parametrize(
    "failing",
    [call(NOW - 60, NOW), call(NOW), call()],
    ids=["of known times", "without an end", "without any time"],
)
def test_details_that_always_fail_are_tried_for_five_days_and_then_exported_without(rig, failing):
    for _ in range(6):
        rig.fails(failing)
        assert rig.pending
        rig.now += DAY - 1
    assert not rig.events
    rig.now = NOW + 5 * DAY + 1
    rig.fails(failing)
    assert not rig.pending
    (stored,) = rig.events
    assert isinstance(stored, CallsStored)
    assert rig.lease.look_up(["1;1;1"]).known["1;1;1"].details is LogCompleteness.MISSING


@pytest.mark.parametrize("again", [False, True])
@pytest.mark.parametrize("answer", ["a longer log", "an error"])
def test_an_erased_call_is_never_stored_again(rig, again, answer):
    short, longer = (make_log(*[make_entry("Sent", "email")] * count, EXIT) for count in (1, 5))
    ended = call(NOW - 60, NOW - 5)
    rig.reads(ended, short)
    assert len(rig.batches) == 1
    rig.store.control.erase("1;1;1", NOW)
    for listed in (ended, call(NOW - 60, NOW)):
        rig.reads(listed, longer if answer == "a longer log" else FAILED, again=again)
    assert rig.batches == []
    assert rig.pending == []
    assert rig.store.control.recent(9) == ()


def test_old_calls_are_recent_when_nothing_more_is_read(rig):
    ingest = rig.ingest()
    long_ago = call(NOW - 8_000, NOW - 7_200)
    ingest.store([(long_ago, make_log(EXIT))], "")
    assert rig.store.control.recent(9) == ()
    ingest.store_recent()
    assert [one.session_id for one in rig.store.control.recent(9)] == ["1;1;1"]
    rig.store.control.erase("1;1;1", NOW)
    ingest.store_recent()
    assert rig.store.control.recent(9) == ()


def test_a_store_without_room_for_recent_calls_does_without_them(rig, monkeypatch):
    ingest = rig.ingest()
    ingest.store([(call(NOW - 8_000, NOW - 7_200), make_log(EXIT))], "")

    def full(*_):
        raise Full("The outbox is full.", needed=1)

    with monkeypatch.context() as patched:
        patched.setattr(rig.lease, "commit", full)
        ingest.store_recent()
    ingest.store_recent()
    assert rig.store.control.recent(9) == ()


def test_a_call_that_is_erased_while_it_waits_for_the_pages_is_not_shown(rig):
    ingest = rig.ingest()
    ingest.store([(call(NOW - 8_000, NOW - 7_200), make_log(EXIT))], "")
    rig.store.control.erase("1;1;1", NOW)
    ingest.store_recent()
    assert rig.store.control.recent(9) == ()


class OvertakenLease:
    """Another replica stores the same call before the first commit does."""

    def __init__(self, lease, other):
        self._lease = lease
        self._other = other
        self.steps = []

    def __getattr__(self, name):
        return getattr(self._lease, name)

    def commit(self, step):
        self.steps.append(step)
        if len(self.steps) == 1:
            self._other()
            raise Overtaken
        self._lease.commit(step)


def test_a_call_that_another_replica_stored_meanwhile_is_compared_with_what_it_stored(rig):
    log = make_log(make_entry("Sent", "email"), EXIT)
    ended = call(NOW - 60, NOW - 5)
    other = IngestRig()
    other.store.close()
    other.lease, other.store, rig.options = rig.lease, rig.store, PollerOptions("main", shared=True)
    rig.lease = OvertakenLease(rig.lease, lambda: other.reads(ended, log))

    rig.reads(ended, log)

    assert len(rig.batches) == 1
    assert [step.before for step in rig.lease.steps] == [{"1;1;1": None}, {}]
    assert [bool(step.batches) for step in rig.lease.steps] == [True, False]
