"""Lists the calls of a window, page by page, until the list is complete."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from typing import Generic, TypeVar

from msgspec import Struct, field
from msgspec.structs import replace

from fuse_otel.core.model.call import CallPage, CallRecord, ListedCall
from fuse_otel.core.redaction.pseudonym import with_times
from fuse_otel.core.timing.windows import Window
from fuse_otel.poller.requests import NO_DOUBT, Doubt, ListPage, Scan, list_page

PASSES = 4  # one, and up to three more while the number of records does not match the total
# A pass ends after so many pages in a row, with so many records, that show nothing new. One page of
# repetitions is no end, nor are a few of one record each: the list may have moved meanwhile.
SILENT = 2
SILENT_RECORDS = 4
# A pass with more records than twice the first total (and 1,000), or than 30,000, is ended. When
# the total was always ahead of the records, reading did not end: 477 MB in 40 s, nothing stored.
MOST_RECORDS = 30_000
AHEAD = 1000


Call = TypeVar("Call", CallRecord, ListedCall)
_Other = TypeVar("_Other", CallRecord, ListedCall)


class Listing(Struct, Generic[Call], frozen=True):
    """The calls of a window in the API's order, each one. ``records`` counts all listed records.
    The calls of a new list are records: a pseudonym costs more than to find a call in the ledger,
    and most calls that a poll lists are known.

    ``whole`` is false if that number never matched the API's total, ``complete`` if the listing
    was ended because it was too long.
    """

    window: Window
    number: str
    calls: tuple[Call, ...]
    records: int
    whole: bool = True
    complete: bool = True

    @property
    def newest_first(self) -> bool:
        starts = [call.start for call in self.calls if call.start is not None]
        return len(starts) > 1 and starts[0] > starts[-1]

    def ids_and_times(self) -> Listing[CallRecord]:
        """All that requests for logs need of it. They may take hours, and no number in clear may
        stay in memory for so long.
        """
        return self.with_calls(
            CallRecord(call.session_id, call.start, call.end, "", "", "", call.logged)
            for call in self.calls
        )

    def with_calls(self, calls: Iterable[_Other]) -> Listing[_Other]:
        return Listing(
            self.window, self.number, tuple(calls), self.records, self.whole, self.complete
        )


AnyListing = Listing[CallRecord] | Listing[ListedCall]


class Paging(Struct):
    """What earlier lists have shown of the API's pages. ``full`` is the largest number of records
    on a page, as far as known; ``understated``: there were more records than the API's total.
    """

    limit: int
    full: int
    understated: bool = False

    @classmethod
    def by(cls, limit: int) -> Paging:
        return cls(limit, limit)

    def learn(self, page: int, total: int | None, listed: int) -> None:
        """``page`` records were followed by others; ``listed`` are all records so far."""
        if 0 < page < self.limit:
            self.full = page
        self.understated |= total is not None and total < listed

    def may_go_on(self, page: int) -> bool:
        """Whether to request another page although the total is reached."""
        return self.understated or page >= self.full


class ListingTooLong(Exception):
    """``listing`` has what was listed so far. Never leaves the poller."""

    def __init__(self, listing: Listing[CallRecord]) -> None:
        super().__init__()
        self.listing = listing


def list_window(
    window: Window, number: str, paging: Paging, doubt: Doubt = NO_DOUBT
) -> Scan[Listing[CallRecord]]:
    """List the window. Repeat up to three times while the number of records differs from the API's
    total, or while the list moved during the pass: a call may have come in on a page already read.

    The listing has the records of all passes. ``doubt`` goes with each
    request. Raises ``ListingTooLong``.
    """
    seen: dict[CallRecord, None] = {}
    before: AbstractSet[CallRecord] | None = None
    count = 0
    for _ in range(PASSES):
        one = yield from _list_once(window, number, paging, doubt)
        seen |= one.records
        count = max(count, one.listed)
        if one.too_long:
            calls = _one_a_session(seen)
            raise ListingTooLong(Listing(window, number, calls, count, whole=False, complete=False))
        even = one.total in {None, one.listed}
        # Some APIs repeat records on other pages: then two equal passes are the end.
        if (even and not one.moved) or before == one.records.keys():
            break
        before = one.records.keys()
    return Listing(window, number, _one_a_session(seen), count, whole=even)


class _Pass(Struct):
    """One pass over the pages: the distinct records in order, the number ``listed`` with
    repetitions, and the API's last ``total``. ``moved``: a page repeated a record.
    """

    records: dict[CallRecord, None] = field(default_factory=dict)
    listed: int = 0
    total: int | None = None
    moved: bool = False
    most: int | None = None

    def add(self, page: CallPage) -> None:
        self.moved |= any(record in self.records for record in page.calls)
        self.records |= dict.fromkeys(page.calls)
        self.listed += page.records
        self.total = self.total if page.total is None else page.total
        if self.most is None:
            named = MOST_RECORDS if self.total is None else 2 * self.total + AHEAD
            self.most = min(named, MOST_RECORDS)

    @property
    def too_long(self) -> bool:
        return self.most is not None and self.listed > self.most


def _list_once(window: Window, number: str, paging: Paging, doubt: Doubt) -> Scan[_Pass]:
    """Ends where the offset reaches the total (with a page that is not full), at an empty page, or
    after pages without new calls (otherwise an API that ignores the offset would be read
    endlessly).
    """
    one, last = _Pass(), 0
    silent: list[int] = []
    while True:
        page = yield from list_page(ListPage(window, number, one.listed, paging.limit, doubt))
        before = len(one.records)
        one.add(page)
        if page.records:
            paging.learn(last, one.total, one.listed)
        silent = [*silent, page.records] if len(one.records) == before else []
        counted = one.total is not None and one.listed >= one.total
        if page.records == 0 or _is_silent(silent) or one.too_long:
            return one
        if counted and not paging.may_go_on(page.records):
            return one
        last = page.records


def _is_silent(pages: Sequence[int]) -> bool:
    return len(pages) >= SILENT and sum(pages) >= SILENT_RECORDS


def _one_a_session(records: Iterable[CallRecord]) -> tuple[CallRecord, ...]:
    """Records that share a session id are one call, from the first start to the last end."""
    merged: dict[str, CallRecord] = {}
    for record in map(with_times, records):
        other = merged.get(record.session_id)
        merged[record.session_id] = record if other is None else _joined(other, record)
    return tuple(merged.values())


def _joined(first: CallRecord, second: CallRecord) -> CallRecord:
    starts = [call.start for call in (first, second) if call.start is not None]
    ends = [call.end for call in (first, second) if call.end is not None]
    return replace(
        first,
        start=min(starts, default=None),
        end=max(ends, default=None),
        logged=first.logged or second.logged,
    )
