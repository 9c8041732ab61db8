"""What to do with a call after a request for its log: export it, keep it pending, or nothing."""

from __future__ import annotations

from msgspec import Struct

from fuse_otel.core.model.call import (
    MISSING_LOG,
    CallLog,
    ListedCall,
    LogCompleteness,
    LogState,
    Seen,
    log_completeness,
)
from fuse_otel.core.timing.windows import DAY, HOUR, RETENTION
from fuse_otel.errors import SourceError
from fuse_otel.ports import PendingReason

LATE = 15 * 60  # seconds after its end a hang-up is read once more, and a missing log is given up
NEAR_END = 2  # with a last entry this close to the end the log hardly grows any more …
SHORT_HOLD = 15  # … and is held for this long only
# No call waits longer for its log after its first listing, even if its listed end changes.
LONGEST_HOLD = DAY


class Export(Struct, frozen=True):
    """Send the call as ``details``; read it once more at ``recheck`` (UNIX seconds), if set."""

    details: LogCompleteness
    recheck: int | None = None

    def later(self, seconds: float) -> Export:
        return Export(self.details, _later(self.recheck, seconds))


class KeepPending(Struct, frozen=True):
    reason: PendingReason
    due: int

    def later(self, seconds: float) -> KeepPending:
        return KeepPending(self.reason, self.due + int(seconds))


class Nothing(Struct, frozen=True):
    """The ledger has all of it. ``recheck`` as in ``Export``."""

    recheck: int | None = None

    def later(self, seconds: float) -> Nothing:
        return Nothing(_later(self.recheck, seconds))


Decision = Export | KeepPending | Nothing


class ReleaseTime(Struct, frozen=True):
    """``now`` is the API's time, ``first_listed`` that of the call's first listing (UNIX seconds).
    ``may_give_up``: the API's clock and ours agree, so nothing is given up by mistake.
    """

    now: float
    first_listed: float
    may_give_up: bool = True

    def end_of(self, call: ListedCall) -> float | None:
        """The call's end for the computation of waits. A call is listed after it ended: an end in
        the future is wrong: one a year ahead kept a call pending until its log was deleted.
        """
        if call.end is None or call.end <= self.now:
            return call.end
        return min(call.end, self.first_listed)


def release_policy(
    call: ListedCall, log: CallLog, seen: Seen | None, moment: ReleaseTime, grow: float
) -> Decision:
    """Times are of the API's clock, ``grow`` is seconds. ``seen``: what an earlier export had."""
    end, now = moment.end_of(call), moment.now
    if seen is not None:
        return _again(call, log, seen, end, now)
    held_out = now >= moment.first_listed + LONGEST_HOLD
    match log_completeness(call, log):
        case LogCompleteness.MISSING if not held_out:
            return _missing(end, now)
        case LogCompleteness.OPEN if log.state is LogState.PRESENT and not held_out:
            return _open(log, end, now, grow)
        case details:
            return Export(details)


def failing(over: float, moment: ReleaseTime, wait: float) -> Decision:
    """The request for the log failed: repeat it until Plum has deleted the log. ``over``: the
    latest time at which the call can have ended.
    """
    now = moment.now
    if moment.may_give_up and now > over + RETENTION:
        return Export(LogCompleteness.MISSING)
    # Rounded up: a call that is due in the current second would be requested at once.
    return KeepPending(PendingReason.FAILING, int(now + wait) + 1)


def without_wait(
    call: ListedCall, log: CallLog | SourceError, seen: Seen | None, decision: Decision
) -> Decision:
    """For a call that a later request would not get more of: no request can name some session ids
    (``core.model.ids``).
    """
    if seen is not None:
        return decision if isinstance(decision, Export) else Nothing()
    return Export(log_completeness(call, log if isinstance(log, CallLog) else MISSING_LOG))


def _missing(end: float | None, now: float) -> Decision:
    """A log may appear a little after the call. Later the call is exported without it, and read
    once more after an hour, unless the API has deleted the log by then.
    """
    if end is None or now >= end + RETENTION:
        return Export(LogCompleteness.MISSING)
    if now >= end + LATE:
        return Export(LogCompleteness.MISSING, recheck=int(now) + HOUR)
    after_end = max(now - end, 15.0)
    due = min(now + after_end, end + LATE)
    return KeepPending(PendingReason.MISSING, int(due) + 1)


def _open(log: CallLog, end: float | None, now: float, grow: float) -> Decision:
    """No `exit` entry: a hang-up, or a log that is still being written."""
    if end is None:
        return Export(LogCompleteness.OPEN)
    last = max((e.timestamp for e in log.entries if e.timestamp is not None), default=None)
    complete = last is not None and abs(last - end) <= NEAR_END
    # Entries after the end show a call that was listed while it was running: it is held from its
    # last entry (if that time is plausible), and the next list has a later end.
    held_from = min(max(end, last or 0), end + LATE)
    release = held_from + (SHORT_HOLD if complete else grow)
    if now < release:
        return KeepPending(PendingReason.GROWING, int(release) + 1)
    return Export(LogCompleteness.OPEN, recheck=_late_look(end, now))


def _again(call: ListedCall, log: CallLog, seen: Seen, end: float | None, now: float) -> Decision:
    details = log_completeness(call, log)
    recheck = _late_look(end, now) if details is LogCompleteness.OPEN else None
    if log.state is LogState.PRESENT and log.count > seen.entries:
        return Export(details, recheck)
    return Nothing(recheck)


def _later(time: int | None, seconds: float) -> int | None:
    return None if time is None else time + int(seconds)


def _late_look(end: float | None, now: float) -> int | None:
    if end is None or now >= end + LATE:
        return None
    return int(end) + LATE
