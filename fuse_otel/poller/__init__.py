"""Reads an account: decides on the next request, and on what its answer changes in the store.

One step begins one request. Work that takes several requests (a window, a rescan, a gap) is a
*scan*: a generator that yields its requests and is sent their answers. Nothing here waits. After a
crash the poller reads again from the position in the ledger.
"""

from fuse_otel.poller.options import PollerOptions, RescanSchedule
from fuse_otel.poller.poller import Poller
from fuse_otel.poller.requests import Outcome, RequestRunner, Work

__all__ = ["Outcome", "Poller", "PollerOptions", "RequestRunner", "RescanSchedule", "Work"]
