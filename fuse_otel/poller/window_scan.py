"""Reads a window: lists it, fetches the logs of new calls, stores them; halves it if it fails."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from msgspec import Struct, field
from msgspec.structs import replace

from fuse_otel.core.model.call import MISSING_LOG, CallRecord, ListedCall
from fuse_otel.core.model.ids import is_nameable
from fuse_otel.core.redaction.pseudonym import pseudonymise
from fuse_otel.core.timing.windows import HOUR, OVERLAP, Window
from fuse_otel.errors import FuseOtelError, InternalError, TimedOut, TooLarge
from fuse_otel.events import Emit, LoopFailed, WindowMismatch
from fuse_otel.poller.bisection import bisect
from fuse_otel.poller.fetch_logs import CallSink, LogFetcher
from fuse_otel.poller.health import AccountHealth
from fuse_otel.poller.ingest import Ingest
from fuse_otel.poller.list_calls import AnyListing, Listing, ListingTooLong, Paging, list_window
from fuse_otel.poller.live_progress import Claims
from fuse_otel.poller.options import PollerOptions
from fuse_otel.poller.requests import NO_DOUBT, SEARCHED, Doubt, Scan, WindowPoisoned
from fuse_otel.poller.settled_calls import FORGET_AFTER, AnyCall, SettledCalls, sort_calls
from fuse_otel.ports import Lease, Pending, PendingReason, Step, StoredCalls

_T = TypeVar("_T")

MOST_UNANSWERED = 16  # parts of a window that are searched for; all others that fail are one gap
LONGEST_WAIT = 2 * HOUR  # no pending call is due later (but for `grow`) unless the clock was wrong
UNEXPECTED_PAUSE = 60  # seconds until pending calls are read again after an unexpected error

_LATER = TimedOut("The Fuse API does not answer for the logs of earlier calls")


class ScanResult(Struct):
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
        logs: LogFetcher,
        health: AccountHealth,
    ) -> None:
        self._options = options
        self._health = health
        self._lease = lease
        self._ingest = ingest
        self._emit = emit
        self._clock = clock
        self._logs = logs
        self._density = 0.0  # calls a second, as last listed
        self._paging = Paging.by(options.list_limit)
        # A call is looked up at least once more while live scans list it.
        self.settled = SettledCalls(min(FORGET_AFTER, options.live_span / 2))

    def window(
        self,
        window: Window,
        number: str,
        *,
        again: bool = False,
        job: int = 0,
    ) -> Scan[ScanResult]:
        """Read every call of the window. Requests ask for one second more on both sides."""
        result = ScanResult()
        sink = CallSink(self._ingest, number, again, job)
        if not (yield from self._part(window, sink, result)):
            yield from self._search(window, sink, result)
        return result

    def whole(self, window: Window, number: str, doubt: Doubt) -> Scan[bool]:
        """Read a window that failed before, without halving it. Whether it was read."""
        sink = CallSink(self._ingest, number)
        return (yield from self._part(window, sink, ScanResult(), doubt))

    def search(self, window: Window, number: str) -> Scan[ScanResult]:
        """Halve a window that failed just now until the seconds at fault are alone."""
        result = ScanResult()
        yield from self._search(window, CallSink(self._ingest, number), result)
        return result

    def _search(self, failed: Window, sink: CallSink, result: ScanResult) -> Scan[None]:
        unanswered = 0

        def read(part: Window) -> Scan[bool]:
            nonlocal unanswered
            good = yield from self._part(part, sink, result, SEARCHED)
            unanswered += not good and part.seconds <= 1
            return good

        result.unanswered += yield from bisect(
            failed, read, lambda _part: unanswered < MOST_UNANSWERED
        )

    def list_first(self, window: Window, number: str, *, alone: bool) -> Scan[AnyListing | None]:
        """List the window without reading any log yet. ``None``: it failed. Unless it is ``alone``,
        it waits for the requests of others, and has pseudonyms instead of the numbers in clear.
        """

        def read() -> Scan[AnyListing]:
            listing = yield from self._list(window, number)
            return listing if alone else listing.with_calls(map(self._listed, listing.calls))

        listing = yield from self._isolated(window, read())
        return listing if listing and listing.complete else None

    def take(
        self, listing: AnyListing, result: ScanResult, claims: Claims, *, later: bool
    ) -> Scan[bool]:
        """Read the logs of what ``list_first`` listed, apart from calls that another scan has
        claimed. ``later``: they become pending instead. Returns whether it worked.
        """
        sink, window = CallSink(self._ingest, listing.number), listing.window
        taking = self._take(listing, sink, result, claims, later=later)
        del listing  # only `_take` has it now, until it waits for logs
        return (yield from self._isolated(window, taking)) is not None

    def _part(
        self, part: Window, sink: CallSink, result: ScanResult, doubt: Doubt = NO_DOUBT
    ) -> Scan[bool]:
        """Whether the part was read."""

        def read() -> Scan[bool]:
            # Without a variable: `_take` drops the listing before it waits for logs.
            taking = self._take((yield from self._list(part, sink.number, doubt)), sink, result)
            return (yield from taking)

        return bool((yield from self._isolated(part, read())))

    def _isolated(self, window: Window, scan: Scan[_T]) -> Scan[_T | None]:
        """``None`` if it failed. An unexpected error counts like a window that the API does not
        answer: it is halved, and in the end a gap, so that one odd call stops no account.
        """
        try:
            done = yield from scan
        except (WindowPoisoned, TooLarge):
            return None
        except FuseOtelError:
            raise
        except Exception as error:  # noqa: BLE001 - see above
            self._emit(LoopFailed.of(self._options.loop, error))
            self._health.window_failed(window, InternalError.of(error))
            return None
        self._health.window_read()
        return done

    def pending(self, due: Sequence[Pending], *, again: bool) -> Scan[None]:
        """Read calls that were listed before once more, those of a number together. ``again``:
        their details failed.
        """
        for number in dict.fromkeys(pending.number for pending in due):
            of_number = [pending for pending in due if pending.number == number]
            calls = [pending.call for pending in of_number]
            sink = CallSink(self._ingest, number)
            try:
                yield from self._logs.read(calls, self._hull(calls, number), sink, again=again)
            except FuseOtelError:
                raise
            except Exception as error:  # noqa: BLE001 - these calls must not be due again at once
                self._emit(LoopFailed.of(self._options.loop, error))
                later = int(self._clock()) + UNEXPECTED_PAUSE
                delayed = [replace(pending, due=later) for pending in of_number]
                self._lease.commit(Step(at=int(self._clock()), pending=delayed))

    def _list(
        self, window: Window, number: str, doubt: Doubt = NO_DOUBT
    ) -> Scan[Listing[CallRecord]]:
        try:
            listing = yield from list_window(window.padded, number, self._paging, doubt)
        except ListingTooLong as error:
            self._emit(WindowMismatch(self._options.account))
            if window.seconds > 1:
                raise TooLarge("The list does not end") from None
            # A second cannot be halved: take its calls so far, and keep it as a gap.
            return error.listing
        if not listing.whole:
            self._emit(WindowMismatch(self._options.account))
        return listing

    def _take(
        self,
        listing: AnyListing,
        sink: CallSink,
        result: ScanResult,
        claims: Claims | None = None,
        *,
        later: bool = False,
    ) -> Scan[bool]:
        """Read new and changed calls; keep the ledger rows of the others. Returns whether the
        listing was complete.
        """
        now = self._clock()
        calls = self.settled.others(listing.calls, now) if claims else listing.calls
        ids = [] if sink.again else [call.session_id for call in calls]
        known, waiting = self._lease.look_up(ids) if ids else StoredCalls()
        self._density = listing.records / max(1, listing.window.seconds)
        fresh, moved, kept = sort_calls(calls, known, waiting, now)
        if waiting:
            self._follow(calls, waiting)
        if claims:
            self.settled.learn(calls, known, waiting)
        claims = claims or Claims()
        own = claims.take(call.session_id for call in fresh + moved)
        try:
            wanted = [self._listed(call) for call in fresh + moved if call.session_id in own]
            result.listed += len(listing.calls)
            result.new += sum(call.session_id in own for call in fresh)
            listing = listing.ids_and_times() if wanted else listing
            del calls, fresh, moved
            silent = [(call, MISSING_LOG) for call in wanted if not call.logged]
            if kept or silent:
                sink.put(silent, kept)
            logged = [call for call in wanted if call.logged]
            if later:
                # A call that no single request can name is exported without a log if it is not
                # read now.
                sink.put([(call, _LATER) for call in logged if is_nameable(call.session_id)])
                logged = [call for call in logged if not is_nameable(call.session_id)]
            if logged:
                yield from self._logs.read(logged, listing, sink)
        finally:
            claims.give_back(own)
            result.stored += sink.stored
        return listing.complete

    def _listed(self, call: AnyCall) -> ListedCall:
        if isinstance(call, ListedCall):
            return call
        return pseudonymise(call, self._options.pseudonym_key)

    def _follow(self, listed: Sequence[AnyCall], waiting: Mapping[str, Pending]) -> None:
        """A pending call whose listed end changed is due at once."""
        now = int(self._clock())
        longest = LONGEST_WAIT + self._options.grow
        changed = [
            replace(pending, call=self._listed(call), due=now)
            for call in listed
            if (pending := waiting.get(call.session_id)) is not None
            and (_changed(call, pending) or pending.due > now + longest)
        ]
        if changed:
            self._lease.commit(Step(at=now, pending=changed))

    def _hull(self, calls: Sequence[ListedCall], number: str) -> Listing[ListedCall] | None:
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


def _changed(call: AnyCall, pending: Pending) -> bool:
    """For an exported call the ledger's end counts, not that of its recheck."""
    return pending.reason is not PendingReason.RECHECK and pending.call.end != call.end
