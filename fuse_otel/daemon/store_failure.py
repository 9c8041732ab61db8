"""How long a failure of the store lasts: one rule for readiness and for the first page."""

from __future__ import annotations

from fuse_otel.events import CallsDelivered, CallsStored, Event, PollDone, StoreFailed

# A full store, or one that another daemon reads for, still takes what became of delivered calls.
_ONLY_FOR_READING = frozenset({"full", "lease_lost"})


def failure_after(event: Event, failure: StoreFailed | None) -> StoreFailed | None:
    """What does not work after an event, if ``failure`` did not work before it: a commit shows
    that the store works again.
    """
    match event:
        case StoreFailed():
            return event
        case CallsStored() | PollDone():
            return None
        case CallsDelivered() if failure and failure.error_type not in _ONLY_FOR_READING:
            return None
        case _:
            return failure
