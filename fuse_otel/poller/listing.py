"""Reading a window's list of calls until it is whole."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from fuse_otel.core.call import CallRecord, ListedCall
from fuse_otel.core.party import pseudonymise
from fuse_otel.core.windows import Window
from fuse_otel.poller.request import ListPage, Reading, list_page

READINGS = 3


@dataclass(frozen=True, slots=True)
class Listing:
    """The calls of a window in the API's order, each once. ``records`` counts what was listed.

    ``whole`` is false if the count never came to what the API named; ``settled`` tells that two
    readings agreed all the same.
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


def list_window(
    window: Window, number: str, limit: int, key: bytes | None, mismatched: Callable[[], None]
) -> Reading[Listing]:
    """List the window; again, up to three times, while the count differs from the API's own.

    What any of the readings showed is listed. ``mismatched`` is told if none came out even.
    """
    seen: dict[CallRecord, None] = {}
    before: set[CallRecord] | None = None
    count = 0
    for _ in range(READINGS):
        records, even = yield from _read_once(window, number, limit)
        seen.update(dict.fromkeys(records))
        count = max(count, len(records))
        same = before == set(records)
        if even or same:
            break
        before = set(records)
    if not even:
        mismatched()
    calls = tuple(_one_a_session(pseudonymise(record, key) for record in seen))
    return Listing(window, number, calls, count, whole=even)


def _read_once(window: Window, number: str, limit: int) -> Reading[tuple[list[CallRecord], bool]]:
    """One pass over the pages: what came, and whether it was as much as the API said.

    Ends where the offset reaches the latest total, at an empty page, or at a page that shows
    nothing new (an API that ignores the offset would be asked for ever).
    """
    records: list[CallRecord] = []
    known: set[CallRecord] = set()
    offset = 0
    while True:
        page = yield from list_page(ListPage(window, number, offset, limit))
        fresh = set(page.calls) - known
        offset += page.records
        records.extend(page.calls)
        known |= fresh
        if page.total is not None and offset >= page.total:
            return records, offset == page.total
        if page.records == 0 or not fresh:
            return records, page.total is None


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
