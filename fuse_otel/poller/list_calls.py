"""Reading a window's list of calls until it is whole."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace

from fuse_otel.core.model.call import CallPage, CallRecord, ListedCall
from fuse_otel.core.redaction.pseudonym import pseudonymise
from fuse_otel.core.timing.windows import Window
from fuse_otel.poller.requests import ListPage, Scan, list_page

READINGS = 4  # one, and three more while the count does not come out even
# Pages in a row, and the records on them, that show nothing new. One page may hold nothing but
# repetitions, and so may a few of one record each when the list has moved meanwhile.
SILENT = 2
SILENT_RECORDS = 4


@dataclass(frozen=True, slots=True)
class Listing:
    """The calls of a window in the API's order, each once. ``records`` counts what was listed.

    ``whole`` is false if the count never came to what the API named.
    """

    window: Window
    number: str
    calls: tuple[ListedCall, ...]
    records: int
    whole: bool = True

    @property
    def newest_first(self) -> bool:
        starts = [call.start for call in self.calls if call.start is not None]
        return len(starts) > 1 and starts[0] > starts[-1]


@dataclass(slots=True)
class Paging:
    """What the lists have shown of the API's pages. ``full`` is how many records a page holds at
    most, as far as it is known; ``understated``: there were more records than the API named.
    """

    limit: int
    full: int
    understated: bool = False

    @classmethod
    def by(cls, limit: int) -> Paging:
        return cls(limit, limit)

    def learn(self, page: int, total: int | None, listed: int) -> None:
        """``page`` records were followed by others, ``listed`` are known in all."""
        if 0 < page < self.limit:
            self.full = page
        self.understated |= total is not None and total < listed

    def may_go_on(self, page: int) -> bool:
        """Whether there may be another page although the total is reached."""
        return self.understated or page >= self.full


def list_window(window: Window, number: str, key: bytes | None, paging: Paging) -> Scan[Listing]:
    """List the window; again, up to three times, while the count differs from the API's own or the
    list moved under the reading: a call may have come in where the reading had been already.

    What any of the readings showed is listed.
    """
    seen: dict[CallRecord, None] = {}
    before: AbstractSet[CallRecord] | None = None
    count = 0
    for _ in range(READINGS):
        once = yield from _read_once(window, number, paging)
        seen |= once.records
        count = max(count, once.listed)
        even = once.total in {None, once.listed}
        # Where the API itself repeats records on other pages, two readings agree.
        if (even and not once.moved) or before == once.records.keys():
            break
        before = once.records.keys()
    calls = tuple(_one_a_session(pseudonymise(record, key) for record in seen))
    return Listing(window, number, calls, count, whole=even)


@dataclass(slots=True)
class _Once:
    """One pass over the pages: the different records in their order, how many were ``listed`` with
    repetitions, and how many there are as the API said last. ``moved``: a page showed again what
    one before it had shown.
    """

    records: dict[CallRecord, None] = field(default_factory=dict)
    listed: int = 0
    total: int | None = None
    moved: bool = False

    def add(self, page: CallPage) -> None:
        self.moved |= any(record in self.records for record in page.calls)
        self.records |= dict.fromkeys(page.calls)
        self.listed += page.records
        self.total = self.total if page.total is None else page.total


def _read_once(window: Window, number: str, paging: Paging) -> Scan[_Once]:
    """Ends where the offset reaches that total (with a page that is not full), at an empty page, or
    after pages that showed nothing new (an API that ignores the offset would be asked for ever).
    """
    once, last = _Once(), 0
    silent: list[int] = []
    while True:
        page = yield from list_page(ListPage(window, number, once.listed, paging.limit))
        before = len(once.records)
        once.add(page)
        if page.records:
            paging.learn(last, once.total, once.listed)
        silent = [*silent, page.records] if len(once.records) == before else []
        counted = once.total is not None and once.listed >= once.total
        if page.records == 0 or _is_silent(silent):
            return once
        if counted and not paging.may_go_on(page.records):
            return once
        last = page.records


def _is_silent(pages: Sequence[int]) -> bool:
    return len(pages) >= SILENT and sum(pages) >= SILENT_RECORDS


def _one_a_session(calls: Iterable[ListedCall]) -> Iterable[ListedCall]:
    """Records that share a session id are one call, from the first start to the last end."""
    merged: dict[str, ListedCall] = {}
    for call in calls:
        other = merged.get(call.session_id)
        merged[call.session_id] = call if other is None else _joined(other, call)
    return merged.values()


def _joined(first: ListedCall, second: ListedCall) -> ListedCall:
    starts = [call.start for call in (first, second) if call.start is not None]
    ends = [call.end for call in (first, second) if call.end is not None]
    return replace(
        first,
        start=min(starts, default=None),
        end=max(ends, default=None),
        logged=first.logged or second.logged,
    )
