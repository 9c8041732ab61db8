"""Reads a window: lists it, fetches the logs of new calls, stores them; halves it if it fails."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from fuse_otel.core.model.call import MISSING_LOG, ListedCall, Seen
from fuse_otel.core.timing.windows import DAY, HOUR, OVERLAP, Window
from fuse_otel.errors import TooLarge
from fuse_otel.events import Emit, WindowMismatch
from fuse_otel.poller.fetch_logs import LogFetcher
from fuse_otel.poller.ingest import CallSink, Ingest
from fuse_otel.poller.list_calls import Listing, Paging, list_window
from fuse_otel.poller.options import PollerOptions
from fuse_otel.poller.requests import Scan, WindowPoisoned
from fuse_otel.ports import Lease, Pending, PendingReason, Step

MOST_UNANSWERED = 16  # parts of a window that are searched for; all others that fail are one gap
LONGEST_WAIT = 2 * HOUR  # no pending call is due later than that, unless the clock was set back


@dataclass(slots=True)
class ScanResult:
    """Counts of calls. ``unanswered`` are the parts of the interval that fail while others do not
    (single seconds, unless there are many). All other calls are in the ledger or pending now.
    """

    listed: int = 0
    new: int = 0
    stored: int = 0
    unanswered: list[Window] = field(default_factory=list)

    def add(self, other: ScanResult) -> None:
        self.listed += other.listed
        self.new += other.new
        self.stored += other.stored
        self.unanswered += other.unanswered


class WindowScan:
    """``clock`` gives the time of the poller's present step."""

    def __init__(
        self,
        options: PollerOptions,
        lease: Lease,
        ingest: Ingest,
        emit: Emit,
        clock: Callable[[], float],
        bulk_works: Callable[[], bool],
    ) -> None:
        self._options = options
        self._lease = lease
        self._ingest = ingest
        self._emit = emit
        self._clock = clock
        self._logs = LogFetcher(options, bulk_works)
        self._density = 0.0  # calls a second, as last listed
        self._paging = Paging.by(options.list_limit)

    def window(
        self, window: Window, number: str, *, again: bool = False, job: int = 0
    ) -> Scan[ScanResult]:
        """Read every call of the window. Requests ask for one second more on both sides."""
        result = ScanResult()
        windows = [window]
        while windows:
            part = windows.pop()
            try:
                listing = yield from self._list(part.asked, number)
            except (WindowPoisoned, TooLarge):
                if part.seconds > 1 and len(result.unanswered) < MOST_UNANSWERED:
                    windows.extend(reversed(part.halves()))
                else:
                    result.unanswered.append(part)
                continue
            sink = CallSink(self._ingest, number, again, job)
            try:
                yield from self._take(listing, sink, result)
            finally:
                result.stored += sink.stored
        return result

    def pending(self, due: Sequence[Pending], *, again: bool) -> Scan[None]:
        """Read calls that were listed before once more, those of a number together. ``again``:
        their details failed.
        """
        for number in dict.fromkeys(pending.number for pending in due):
            calls = [pending.call for pending in due if pending.number == number]
            sink = CallSink(self._ingest, number)
            yield from self._logs.read(calls, self._hull(calls, number), sink, again=again)

    def _list(self, asked: Window, number: str) -> Scan[Listing]:
        key = self._options.pseudonym_key
        listing = yield from list_window(asked, number, key, self._paging)
        if not listing.whole:
            self._emit(WindowMismatch(self._options.account))
        return listing

    def _take(self, listing: Listing, sink: CallSink, result: ScanResult) -> Scan[None]:
        """Read new and changed calls; keep the ledger rows of the others."""
        ids = [call.session_id for call in listing.calls]
        known = {} if sink.again else self._lease.known(ids)
        waiting = {} if sink.again else self._lease.waiting(ids)
        self._density = listing.records / max(1, listing.window.seconds)
        # Two look-ups a call: a union of both mappings would be built anew for each of them.
        fresh = [
            call
            for call in listing.calls
            if call.session_id not in known and call.session_id not in waiting
        ]
        moved = [call for call in listing.calls if _moved(call, known.get(call.session_id))]
        self._follow(listing.calls, waiting)
        wanted = fresh + moved
        result.listed += len(listing.calls)
        result.new += len(fresh)
        kept = [c.session_id for c in listing.calls if c.session_id in known and self._old(c)]
        silent = [(call, MISSING_LOG) for call in wanted if not call.logged]
        if kept or silent:
            sink.put(silent, kept)
        yield from self._logs.read([call for call in wanted if call.logged], listing, sink)

    def _follow(self, listed: Sequence[ListedCall], waiting: Mapping[str, Pending]) -> None:
        """A pending call whose listed end changed is due at once."""
        now = int(self._clock())
        changed = [
            replace(pending, call=call, due=now)
            for call in listed
            if (pending := waiting.get(call.session_id)) is not None
            and (_changed(call, pending) or pending.due > now + LONGEST_WAIT)
        ]
        if changed:
            self._lease.commit(Step(at=now, pending=changed))

    def _hull(self, calls: Sequence[ListedCall], number: str) -> Listing | None:
        """The window around the calls, if it is short enough for bulk requests."""
        starts = [call.start for call in calls if call.start is not None]
        ends = [call.end for call in calls if call.end is not None]
        if not starts or not ends or max(ends) - min(starts) > HOUR:
            return None
        window = Window(min(starts) - OVERLAP, max(ends) + OVERLAP)
        expected = max(len(calls), round(self._density * window.seconds))
        # Oldest first, as the API's order is unknown here.
        ordered = sorted(calls, key=lambda call: call.start or 0)
        return Listing(window, number, tuple(ordered), expected)

    def _old(self, call: ListedCall) -> bool:
        """Whether the ledger would forget the call while the API still lists it."""
        return call.end is None or call.end < self._clock() - DAY


def _changed(call: ListedCall, pending: Pending) -> bool:
    """For an exported call the ledger's end counts, not that of its recheck."""
    return pending.reason is not PendingReason.RECHECK and pending.call.end != call.end


def _moved(call: ListedCall, seen: Seen | None) -> bool:
    return seen is not None and seen.end != call.end
