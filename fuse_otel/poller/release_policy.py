"""What to do with a call after a request for its log: export it, keep it pending, or nothing."""

from __future__ import annotations

from dataclasses import dataclass

from fuse_otel.core.model.call import (
    CallLog,
    ListedCall,
    LogCompleteness,
    LogState,
    Seen,
    log_completeness,
)
from fuse_otel.core.timing.windows import HOUR, RETENTION
from fuse_otel.ports import PendingReason

LATE = (
    15 * 60
)  # seconds after its end a hang-up is read once more, and missing details are given up
NEAR_END = 2  # with a last entry this close to the end the log hardly grows any more …
SHORT_HOLD = 15  # … and is held for this long only


@dataclass(frozen=True, slots=True)
class Export:
    """Send the call as ``details``; read it once more at ``recheck`` (UNIX seconds), if set."""

    details: LogCompleteness
    recheck: int | None = None


@dataclass(frozen=True, slots=True)
class KeepPending:
    reason: PendingReason
    due: int


@dataclass(frozen=True, slots=True)
class Nothing:
    """The ledger has all of it. ``recheck`` as in ``Export``."""

    recheck: int | None = None


Decision = Export | KeepPending | Nothing


def release_policy(
    call: ListedCall, log: CallLog, seen: Seen | None, now: float, grow: float
) -> Decision:
    """``now`` is UNIX seconds, ``grow`` seconds. ``seen``: what an earlier export contained."""
    if seen is not None:
        return _again(call, log, seen, now)
    match log_completeness(call, log):
        case LogCompleteness.MISSING:
            return _missing(call, now)
        case LogCompleteness.OPEN if log.state is LogState.PRESENT:
            return _open(call, log, now, grow)
        case details:
            return Export(details)


def failing(over: float, now: float, wait: float) -> Decision:
    """The request for the details failed: repeat it until Plum has deleted them. ``over``: the
    latest time at which the call can have ended.
    """
    if now > over + RETENTION:
        return Export(LogCompleteness.MISSING)
    # Rounded up: due in the present second would be at once.
    return KeepPending(PendingReason.FAILING, int(now + wait) + 1)


def _missing(call: ListedCall, now: float) -> Decision:
    """Details may appear a little after the call. Later the call is exported without them, and read
    once more after an hour, unless the API has deleted them by then.
    """
    if call.end is None or now >= call.end + RETENTION:
        return Export(LogCompleteness.MISSING)
    if now >= call.end + LATE:
        return Export(LogCompleteness.MISSING, recheck=int(now) + HOUR)
    after_end = max(now - call.end, 15.0)
    due = min(now + after_end, float(call.end + LATE))
    return KeepPending(PendingReason.MISSING, int(due) + 1)


def _open(call: ListedCall, log: CallLog, now: float, grow: float) -> Decision:
    """No `exit` entry: a hang-up, or a log that is still being written."""
    if call.end is None:
        return Export(LogCompleteness.OPEN)
    last = max((e.timestamp for e in log.entries if e.timestamp is not None), default=None)
    complete = last is not None and abs(last - call.end) <= NEAR_END
    # Entries after the end show a call that was listed while it was running: it is held from its
    # last entry (if that time is plausible), and the next list has a later end.
    end = min(max(call.end, last or 0), call.end + LATE)
    release = end + (SHORT_HOLD if complete else grow)
    if now < release:
        return KeepPending(PendingReason.GROWING, int(release) + 1)
    return Export(LogCompleteness.OPEN, recheck=_late_look(call, now))


def _again(call: ListedCall, log: CallLog, seen: Seen, now: float) -> Decision:
    details = log_completeness(call, log)
    recheck = _late_look(call, now) if details is LogCompleteness.OPEN else None
    if log.state is LogState.PRESENT and log.count > seen.entries:
        return Export(details, recheck)
    return Nothing(recheck)


def _late_look(call: ListedCall, now: float) -> int | None:
    if call.end is None or now >= call.end + LATE:
        return None
    return call.end + LATE
