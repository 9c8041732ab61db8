"""How much of a call's log is known, by what the API answered."""

from __future__ import annotations

from fuse_otel.core.call import CallLog, Details, ListedCall, LogState


def details_of(call: ListedCall, log: CallLog) -> Details:
    """A log that is too large to be read counts as open: the call is sent without its entries."""
    if not call.logged and log.state is not LogState.PRESENT:
        return Details.NONE
    match log.state:
        case LogState.EXPIRED:
            return Details.EXPIRED
        case LogState.MISSING:
            return Details.MISSING
        case LogState.TOO_LARGE:
            return Details.OPEN
        case LogState.PRESENT:
            return Details.FULL if log.exited else Details.OPEN
