"""What becomes of a call whose details fail, whatever is known of its times."""

import pytest

from fuse_otel.core.encoding.renderer import Renderer
from fuse_otel.core.model.call import Direction, ListedCall, LogCompleteness
from fuse_otel.core.model.options import ModelOptions
from fuse_otel.errors import ServerFailed
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
        return list(self.lease.waiting(["1;1;1"]))


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
    assert rig.lease.known(["1;1;1"])["1;1;1"].details is LogCompleteness.MISSING
