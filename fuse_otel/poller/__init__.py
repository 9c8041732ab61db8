"""Reads an account: which request to make next, and what its answer changes in the store.

One step makes one request. What spans several requests (a window, a rescan, a gap) is a *reading*:
a generator that yields the requests it needs and is sent their answers. Nothing here waits, and
what a crash interrupts is read again from the ledger's position.
"""

from fuse_otel.poller.options import PollerOptions, RescanSchedule
from fuse_otel.poller.poller import Poller

__all__ = ["Poller", "PollerOptions", "RescanSchedule"]
