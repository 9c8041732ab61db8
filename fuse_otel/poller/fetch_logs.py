"""Fetches the logs of calls: in bulk where many are wanted, one by one where few are."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from msgspec import Struct

from fuse_otel.core.model.call import (
    MISSING_LOG,
    CallLog,
    CallRecord,
    ListedCall,
    LogPage,
    LogState,
)
from fuse_otel.core.model.ids import is_nameable
from fuse_otel.core.timing.windows import OVERLAP, Window
from fuse_otel.errors import SourceError, Throttled, TimedOut, TooLarge
from fuse_otel.poller.bisection import bisect
from fuse_otel.poller.ingest import FetchedCall, Ingest
from fuse_otel.poller.list_calls import AnyListing
from fuse_otel.poller.options import PollerOptions
from fuse_otel.poller.requests import (
    LogsPage,
    ReadCalls,
    Scan,
    WindowPoisoned,
    logs_page,
    read_calls,
)

FEW = 4  # up to four single requests are cheaper than any bulk page
# What is rendered and stored at once while catching up: entries, and bytes of the API's answer.
# Batches of so many entries are sent as they are. Small ones are inflated and merged for a request.
PORTION = 4000
PORTION_BYTES = 2_000_000
# A bulk page is decoded whole, unless it has at least so many times the calls that are wanted: to
# find the wanted ones takes a fifth of the time.
FEW_OF = 2
SMALLEST = 8  # a bulk page of up to eight calls is not made smaller: halve the window instead
# So many calls are read singly after a bulk request that was not answered in time or got a 429.
ONE_BY_ONE = 50


class CallSink(Struct):
    """Where a scan puts the calls it fetched. ``stored`` counts the new ones; the other fields are
    those of ``Ingest.store``.
    """

    ingest: Ingest
    number: str
    again: bool = False
    job: int = 0
    stored: int = 0

    def put(self, fetched: Sequence[FetchedCall], relisted: Sequence[str] = ()) -> None:
        self.stored += self.ingest.store(
            fetched, self.number, relisted, again=self.again, job=self.job
        )


class BulkSize(Struct):
    """How many calls a bulk page asks for, so that an answer has about ``bytes``."""

    calls: int
    bytes: int

    def learn(self, page: LogPage) -> None:
        if page.records and page.size:
            fitting = self.bytes * page.records // page.size
            self.calls = max(1, min(fitting, self.calls * 2, 10_000))

    def shrink(self) -> None:
        self.calls = max(1, self.calls // 4)


class _Bulk(Struct):
    """Calls of a listing that are read in bulk. ``left``: those that are not read yet, by session
    id. ``few`` of the calls in the requested window are among them.
    """

    listing: AnyListing
    left: dict[str, ListedCall]
    sink: CallSink
    few: bool

    def page(self, window: Window, offset: int, limit: int) -> LogsPage:
        wanted = frozenset(self.left) if self.few else None
        return LogsPage(window, self.listing.number, offset, limit, wanted)


class LogFetcher:
    """Puts the logs into the sink page by page, so that each page is stored at once."""

    def __init__(
        self,
        options: PollerOptions,
        bulk_works: Callable[[], bool],
        at_once: Callable[[int], int] = lambda most: most,
    ) -> None:
        self._most = max(1, options.concurrent_requests)
        self._bulk_works = bulk_works
        self._at_once = at_once
        self._size = BulkSize(options.bulk_limit, options.bulk_bytes)

    def read(
        self,
        calls: Sequence[ListedCall],
        listing: AnyListing | None,
        sink: CallSink,
        *,
        again: bool = False,
    ) -> Scan[None]:
        """Read the logs of ``calls``. ``listing`` is the window that listed them, if there is one:
        bulk requests pay where many of its calls are wanted. ``again``: they failed before.
        """
        left = {call.session_id: call for call in calls}
        if listing is not None:
            window = _narrowed(listing, calls)
            records = _records(listing, window)
            # No other request can name some calls, such as one with a long id (core.model.ids).
            wanted = any(not is_nameable(call.session_id) for call in calls)
            wanted = wanted or self._bulk_pays(len(left), records)
            if wanted and self._bulk_works():
                few = FEW_OF * len(left) <= records
                yield from self._bulk(window, _Bulk(listing, left, sink, few))
        nameless = [call for call in left.values() if not is_nameable(call.session_id)]
        if nameless:
            sink.put([(call, MISSING_LOG) for call in nameless])
        single = [call for call in left.values() if is_nameable(call.session_id)]
        yield from self._singly(single, sink, again=again)

    def _bulk_pays(self, wanted: int, listed: int) -> bool:
        pages = -(-listed // self._size.calls)
        return wanted > FEW + 2 * pages

    def _singly(self, calls: Sequence[ListedCall], sink: CallSink, *, again: bool) -> Scan[None]:
        start = 0
        while batch := calls[start : start + self._at_once(self._most)]:
            start += len(batch)
            ids = tuple(call.session_id for call in batch)
            try:
                answers = yield from read_calls(ReadCalls(ids, again))
            except WindowPoisoned as poisoned:
                sink.put([(call, poisoned.error) for call in batch])
                continue
            sink.put([(call, answers[call.session_id]) for call in batch])

    def _bulk(self, whole: Window, bulk: _Bulk) -> Scan[None]:
        """Halves a window that fails while bulk requests pay. The calls near the one whose log is
        at fault stay in ``left``, and so do all if no bulk request is answered.
        """
        error = yield from self._try_bulk(whole, bulk)
        if error is None:
            return
        # Each further request may use up its time too, or make all others wait: single requests are
        # faster.
        few = ONE_BY_ONE if isinstance(error, TimedOut | Throttled) else 0

        def pays(window: Window) -> bool:
            near = [call for call in bulk.left.values() if _near(call, window)]
            many = len(near) > few and self._bulk_pays(len(near), len(near))
            # No other request can name some calls.
            many = many or any(not is_nameable(call.session_id) for call in near)
            return many and self._bulk_works()

        def read(window: Window) -> Scan[bool]:
            if not pays(window):
                return True
            return (yield from self._try_bulk(window, bulk)) is None

        yield from bisect(whole, read, pays)

    def _try_bulk(self, window: Window, bulk: _Bulk) -> Scan[SourceError | None]:
        """Returns why the window could not be read in bulk."""
        try:
            if bulk.listing.newest_first and window == bulk.listing.window:
                yield from self._from_the_end(bulk)
            else:
                yield from self._pages(window, 0, None, bulk)
        except WindowPoisoned as poisoned:
            return poisoned.error
        except TooLarge as error:
            return error
        return None

    def _from_the_end(self, bulk: _Bulk) -> Scan[None]:
        """For an API that lists newest first: its last page has the oldest calls, read first."""
        high = bulk.listing.records
        while high > 0 and bulk.left:
            low = max(0, high - self._size.calls)
            yield from self._pages(bulk.listing.window, low, high, bulk)
            high = low

    def _pages(self, window: Window, offset: int, stop: int | None, bulk: _Bulk) -> Scan[None]:
        """Pages from ``offset`` up to ``stop``, or to one that is empty or shows nothing new."""
        seen: set[str] = set()
        while bulk.left and (stop is None or offset < stop):
            limit = self._size.calls if stop is None else min(self._size.calls, stop - offset)
            known = len(seen)
            try:
                offset += yield from self._page(bulk.page(window, offset, limit), bulk, seen)
            except TooLarge:
                if limit <= SMALLEST:
                    raise
                self._size.shrink()
                continue
            if len(seen) == known:
                return

    def _page(self, request: LogsPage, bulk: _Bulk, seen: set[str]) -> Scan[int]:
        """Returns the page's number of records. The page is freed before the next request."""
        page = yield from logs_page(request)
        self._size.learn(page)
        _take(page, bulk.left, bulk.sink)
        seen.update(page.logs, page.others)
        return page.records


def _take(page: LogPage, left: dict[str, ListedCall], sink: CallSink) -> None:
    """Store the page's logs of the wanted calls. A log missing here is requested singly later."""
    found: list[tuple[ListedCall, CallLog]] = [
        (left.pop(session_id), log)
        for session_id, log in page.logs.items()
        if session_id in left and log.state is not LogState.MISSING
    ]
    found.sort(key=lambda pair: (pair[0].end or 0, pair[0].session_id))
    for portion in _portions(found, _most_entries(page)):
        sink.put(portion)


def _most_entries(page: LogPage) -> int:
    """How many entries of the page to store at once: fewer where they are long."""
    entries = sum(log.count for log in page.logs.values())
    size = page.size - page.others_size
    fitting = PORTION_BYTES * entries // size if size else PORTION
    return max(1, min(PORTION, fitting))


def _portions(
    found: Sequence[tuple[ListedCall, CallLog]], most: int
) -> Iterator[Sequence[tuple[ListedCall, CallLog]]]:
    """In the same order, cut where ``most`` entries are reached."""
    first = entries = 0
    for place, (_, log) in enumerate(found, start=1):
        entries += log.count
        if entries >= most or place == len(found):
            yield found[first:place]
            first, entries = place, 0


def _narrowed(listing: AnyListing, wanted: Sequence[ListedCall]) -> Window:
    """The part of the window that holds the wanted calls. The API's filter field (start or end) is
    undocumented: where the listing does not show it, this is the whole window.
    """
    if len(wanted) == len(listing.calls):
        return listing.window
    start, end = listing.window
    by_start = all(call.start is not None and start <= call.start <= end for call in listing.calls)
    by_end = all(call.end is not None and start <= call.end <= end for call in listing.calls)
    times = [
        time
        for call in wanted
        for time, counts in ((call.start, by_start), (call.end, by_end))
        if counts and time is not None
    ]
    if not times:
        return listing.window
    return Window(
        max(listing.window.start, min(times) - OVERLAP),
        min(listing.window.end, max(times) + OVERLAP),
    )


def _records(listing: AnyListing, window: Window) -> int:
    """An estimate of how many records that part of the listed window has."""
    if window == listing.window:
        return listing.records
    return sum(_near(call, window) for call in listing.calls)


def _near(call: CallRecord | ListedCall, window: Window) -> bool:
    return _inside(call.start, window) or _inside(call.end, window)


def _inside(time: int | None, window: Window) -> bool:
    return time is not None and window.start <= time <= window.end
