"""Which events show that a store works again after a failure."""

import pytest
from support.builders.store_values import NOW, TEMPO

from fuse_otel.core.model.tally import Tally
from fuse_otel.daemon.readiness import Problems, Readiness
from fuse_otel.events import (
    AccountMoved,
    AccountStandby,
    CallsDelivered,
    CallsStored,
    ConfigReloaded,
    LaneChanged,
    PollDone,
    StoreFailed,
)

STORED = CallsStored("main", NOW, (), (), Tally())
POLLED = PollDone("main", NOW, 0, 0, 0, 0, 0, 0, 0, 0.0)
DELIVERED = CallsDelivered(TEMPO, NOW, ())


class Subscribers:
    """Readiness and the problems of the first page, which hear the same events."""

    def __init__(self):
        self.readiness = Readiness(["main"], [TEMPO])
        self.problems = Problems(lambda: NOW)

    def hear(self, event):
        self.readiness(event)
        self.problems(event)

    def store_error(self):
        """The error that both of them name, or ``None``."""
        found = [each.error for each in self.problems.present({}) if each.what == "store"]
        assert self.readiness.unready() == [f"store: {each}" for each in found]
        return found[0] if found else None


@pytest.mark.parametrize("event", [STORED, POLLED, DELIVERED, AccountStandby("main")])
@pytest.mark.parametrize("error_type", ["broken", "corrupt", "busy"])
def test_any_commit_shows_that_a_broken_store_works_again(error_type, event):
    both = Subscribers()
    both.hear(StoreFailed(error_type, "disk I/O error"))
    assert both.store_error() == "disk I/O error"
    both.hear(event)
    assert both.store_error() is None


@pytest.mark.parametrize("event", [DELIVERED, AccountStandby("main")])
@pytest.mark.parametrize("error_type", ["full", "lease_lost"])
def test_a_delivery_does_not_show_that_new_calls_can_be_stored(error_type, event):
    both = Subscribers()
    both.hear(StoreFailed(error_type, "No new calls."))
    both.hear(event)
    assert both.store_error() == "No new calls."
    both.hear(STORED)
    assert both.store_error() is None


@pytest.mark.parametrize(
    "event",
    [
        AccountMoved("main", up=True, cursor=None, headroom=None, pending=0, gap_seconds=0),
        LaneChanged(TEMPO, up=True, reason=""),
        ConfigReloaded(successful=True, message=""),
    ],
)
def test_an_event_without_a_commit_shows_nothing_about_the_store(event):
    both = Subscribers()
    both.hear(StoreFailed("broken", "disk I/O error"))
    both.hear(event)
    assert both.store_error() == "disk I/O error"
