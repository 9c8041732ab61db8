"""Reading a window's list of calls until it is whole."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace

from fuse_otel.core.call import CallRecord, ListedCall
from fuse_otel.core.party import pseudonymise
from fuse_otel.core.windows import Window
from fuse_otel.poller.request import ListPage, Reading, list_page

READINGS = 3


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


def list_window(
    window: Window, number: str, limit: int, key: bytes | None, mismatched: Callable[[], None]
) -> Reading[Listing]:
    """List the window; again, up to three times, while the count differs from the API's own.

    What any of the readings showed is listed. ``mismatched`` is told if none came out even.
    """
    seen: dict[CallRecord, None] = {}
    before: AbstractSet[CallRecord] | None = None
    count = 0
    for _ in range(READINGS):
        records, listed, even = yield from _read_once(window, number, limit)
        seen |= records
        count = max(count, listed)
        if even or before == records.keys():
            break
        before = records.keys()
    if not even:
        mismatched()
    calls = tuple(_one_a_session(pseudonymise(record, key) for record in seen))
    return Listing(window, number, calls, count, whole=even)


def _read_once(
    window: Window, number: str, limit: int
) -> Reading[tuple[dict[CallRecord, None], int, bool]]:
    """One pass over the pages: the different records in their order, how many were listed with
    repetitions, and whether these were as many as the API said.

    Ends where the offset reaches the latest total, at an empty page, or at a page that shows
    nothing new (an API that ignores the offset would be asked for ever).
    """
    records: dict[CallRecord, None] = {}
    offset, total = 0, None
    while True:
        page = yield from list_page(ListPage(window, number, offset, limit))
        before = len(records)
        records |= dict.fromkeys(page.calls)
        offset += page.records
        total = total if page.total is None else page.total
        if total is not None and offset >= total:
            return records, offset, offset == total
        if page.records == 0 or len(records) == before:
            return records, offset, total is None


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
