"""Reading an interval whole: list it, get what is new, store it; halve what is not answered."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from fuse_otel.core.model.call import MISSING_LOG, ListedCall, Seen
from fuse_otel.core.timing.windows import DAY, HOUR, OVERLAP, Window
from fuse_otel.errors import TooLarge
from fuse_otel.events import Emit, WindowMismatch
from fuse_otel.poller.fetch_logs import LogFetcher
from fuse_otel.poller.ingest import Fetched, Ingest
from fuse_otel.poller.list_calls import Listing, Paging, list_window
from fuse_otel.poller.options import PollerOptions
from fuse_otel.poller.requests import Scan, WindowPoisoned
from fuse_otel.ports import Lease, Ledger, Pending, PendingReason, Step

MOST_UNANSWERED = 16  # parts of one reading that are sought out; what else fails is one gap
LONGEST_WAIT = 2 * HOUR  # no pending call is due later than that, unless the clock was set back


@dataclass(slots=True)
class ScanResult:
    """What reading an interval came to. ``unanswered`` are the parts (single seconds, unless there
    are many) that answer with an error while others do not; all other calls are in the ledger or
    pending now.
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
    def __init__(
        self,
        options: PollerOptions,
        ledger: Ledger,
        shelf: Ingest,
        emit: Emit,
        clock: Callable[[], float],
        bulk_works: Callable[[], bool],
    ) -> None:
        self._options = options
        self._ledger = ledger
        self._shelf = shelf
        self._emit = emit
        self._clock = clock
        self._details = LogFetcher(options, bulk_works)
        self._density = 0.0  # calls a second, as last listed
        self._paging = Paging.by(options.list_limit)

    def window(
        self,
        lease: Lease,
        window: Window,
        number: str,
        *,
        again: bool = False,
        order: int = 0,
    ) -> Scan[ScanResult]:
        """Read every call of the window. A second more is asked for on both sides."""
        covered = ScanResult()
        windows = [window]
        while windows:
            part = windows.pop()
            try:
                listing = yield from self._list(part.asked, number)
            except (WindowPoisoned, TooLarge):
                if part.seconds > 1 and len(covered.unanswered) < MOST_UNANSWERED:
                    windows.extend(reversed(part.halves()))
                else:
                    covered.unanswered.append(part)
                continue
            yield from self._take(lease, listing, covered, again=again, order=order)
        return covered

    def _list(self, asked: Window, number: str) -> Scan[Listing]:
        key = self._options.pseudonym_key
        listing = yield from list_window(asked, number, key, self._paging)
        if not listing.whole:
            self._emit(WindowMismatch(self._options.account))
        return listing

    def pending(self, lease: Lease, due: Sequence[Pending], *, again: bool) -> Scan[None]:
        """Read calls again that were listed before, those of a number together. ``again``: their
        details failed.
        """
        for number in dict.fromkeys(pending.number for pending in due):
            calls = [pending.call for pending in due if pending.number == number]
            listing = self._hull(calls, number)

            def put(found: Sequence[Fetched], number: str = number) -> object:
                return self._shelf.put(lease, found, number)

            yield from self._details.read(calls, listing, put, again=again)

    def _take(
        self, lease: Lease, listing: Listing, covered: ScanResult, *, again: bool, order: int
    ) -> Scan[None]:
        """Sort the listed calls into those to read, those to keep, and those that changed."""
        account = self._options.account
        ids = [call.session_id for call in listing.calls]
        known = {} if again else self._ledger.known(account, ids)
        waiting = {} if again else self._ledger.waiting(account, ids)
        self._density = listing.records / max(1, listing.window.seconds)
        fresh = [c for c in listing.calls if c.session_id not in {*known, *waiting}]
        moved = [c for c in listing.calls if _moved(c, known.get(c.session_id))]
        self._follow(lease, listing.calls, waiting)
        wanted = fresh + moved
        covered.listed += len(listing.calls)
        covered.new += len(fresh)

        def put(found: Sequence[Fetched], kept: Sequence[str] = ()) -> None:
            covered.stored += self._shelf.put(
                lease, found, listing.number, kept, again=again, order=order
            )

        kept = [c.session_id for c in listing.calls if c.session_id in known and self._old(c)]
        silent = [(c, MISSING_LOG) for c in wanted if not c.logged]
        if kept or silent:
            put(silent, kept)
        yield from self._details.read([c for c in wanted if c.logged], listing, put)

    def _follow(
        self, lease: Lease, listed: Sequence[ListedCall], waiting: Mapping[str, Pending]
    ) -> None:
        """A pending call whose listed end changed is held by its new end."""
        now = int(self._clock())
        changed = [
            replace(pending, call=call, due=now)
            for call in listed
            if (pending := waiting.get(call.session_id)) is not None
            and (_changed(call, pending) or pending.due > now + LONGEST_WAIT)
        ]
        if changed:
            self._ledger.commit(lease, Step(at=now, pending=changed))

    def _hull(self, calls: Sequence[ListedCall], number: str) -> Listing | None:
        """The window around the calls, if it is short enough to be read in bulk."""
        starts = [call.start for call in calls if call.start is not None]
        ends = [call.end for call in calls if call.end is not None]
        if not starts or not ends or max(ends) - min(starts) > HOUR:
            return None
        window = Window(min(starts) - OVERLAP, max(ends) + OVERLAP)
        expected = max(len(calls), round(self._density * window.seconds))
        # Oldest first, as nothing is known of the API's order here.
        ordered = sorted(calls, key=lambda call: call.start or 0)
        return Listing(window, number, tuple(ordered), expected)

    def _old(self, call: ListedCall) -> bool:
        """Whether the ledger would forget the call while the API still lists it."""
        return call.end is None or call.end < self._clock() - DAY


def _changed(call: ListedCall, pending: Pending) -> bool:
    """Of an exported call the ledger knows more than its recheck does."""
    return pending.reason is not PendingReason.RECHECK and pending.call.end != call.end


def _moved(call: ListedCall, seen: Seen | None) -> bool:
    return seen is not None and seen.end != call.end
