"""Details: bulk where many are wanted, one by one where few are."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from fuse_otel.core.model.call import (
    EXPIRED_LOG,
    MISSING_LOG,
    CallLog,
    Direction,
    ListedCall,
    LogPage,
    LogState,
)
from fuse_otel.core.timing.windows import Window
from fuse_otel.errors import (
    ServerFailed,
    SourceError,
    Throttled,
    TimedOut,
    TooLarge,
    Unreachable,
)
from fuse_otel.poller.fetch_logs import BulkSize, LogFetcher
from fuse_otel.poller.ingest import FetchedCall
from fuse_otel.poller.list_calls import Listing
from fuse_otel.poller.options import PollerOptions
from fuse_otel.poller.requests import LogsPage, ReadCalls, Request, WindowPoisoned

START = 10_000
LOG = CallLog(LogState.PRESENT)


def call(number: int) -> ListedCall:
    time = START + 10 * number
    return ListedCall(
        f"{number:03}",
        time,
        time,
        Direction.INBOUND,
        "",
        logged=True,
        user_hash=None,
        destination=None,
    )


def listing_of(calls: Sequence[ListedCall], *, newest_first: bool = False) -> Listing:
    ordered = tuple(reversed(calls)) if newest_first else tuple(calls)
    return Listing(Window(START - 1, START + 10_001), "", ordered, len(calls))


class Api:
    """Answers requests out of ``calls``. As the sink it keeps the fetched calls in order."""

    def __init__(self, calls: Sequence[ListedCall], *, newest_first: bool = False) -> None:
        self.calls = list(reversed(calls)) if newest_first else list(calls)
        self.asked: list[Request] = []
        self.fetched: list[tuple[str, CallLog | SourceError]] = []
        self.log = LOG
        self.portions: list[int] = []
        self.missing: set[str] = set()
        self.size_of_a_call = 1000

    def answer(self, request: Request) -> object:
        if isinstance(request, ReadCalls):
            return dict.fromkeys(request.session_ids, self.log)
        assert isinstance(request, LogsPage)
        inside = [c for c in self.calls if request.window.start <= c.start <= request.window.end]
        page = inside[request.offset : request.offset + request.limit]
        logs = {
            c.session_id: MISSING_LOG if c.session_id in self.missing else self.log for c in page
        }
        others = logs.keys() - (logs.keys() if request.wanted is None else request.wanted)
        for other in others:
            del logs[other]
        size = self.size_of_a_call
        return LogPage(
            logs,
            len(page),
            size * len(page),
            others=frozenset(others),
            others_size=size * len(others),
        )

    def read(
        self,
        wanted: Sequence[ListedCall],
        listing: Listing | None,
        fails: Callable[[Request], Exception | None] = lambda request: None,
        works: Callable[[], bool] = lambda: True,
        **options: int,
    ) -> None:
        details = LogFetcher(PollerOptions("a", **options), works)
        scan = details.read(wanted, listing, self)
        request = next(scan, None)
        while request is not None:
            self.asked.append(request)
            error = fails(request)
            try:
                request = scan.throw(error) if error else scan.send(self.answer(request))
            except StopIteration:
                return

    def put(self, fetched: Sequence[FetchedCall]) -> None:
        self.fetched += [(call.session_id, log) for call, log in fetched]
        self.portions.append(len(fetched))

    @property
    def bulk(self) -> list[LogsPage]:
        return [request for request in self.asked if isinstance(request, LogsPage)]

    @property
    def single(self) -> list[tuple[str, ...]]:
        return [request.session_ids for request in self.asked if isinstance(request, ReadCalls)]


CALLS = [call(number) for number in range(1000)]


def ids(calls: Sequence[ListedCall]) -> list[str]:
    return [call.session_id for call in calls]


def test_few_of_many_are_read_one_by_one_at_most_four_at_once():
    api = Api(CALLS)
    api.read(CALLS[0:600:100], listing_of(CALLS))
    assert api.bulk == []
    assert [len(batch) for batch in api.single] == [4, 2]


def test_neighbours_are_read_in_bulk_within_their_part_of_the_window():
    api = Api(CALLS)
    api.read(CALLS[500:520], listing_of(CALLS))
    assert api.single == []
    assert {request.window for request in api.bulk} == {Window(START + 4999, START + 5191)}
    assert [one for one, _ in api.fetched] == ids(CALLS[500:520])


def test_of_a_page_with_many_other_calls_the_wanted_logs_alone_are_decoded():
    api = Api(CALLS)
    wanted = [*CALLS[500:508], *CALLS[520:524]]
    api.read(wanted, listing_of(CALLS))
    assert [request.wanted for request in api.bulk] == [set(ids(wanted))]
    assert [one for one, _ in api.fetched] == ids(wanted)


def test_a_page_of_wanted_calls_is_decoded_whole():
    api = Api(CALLS)
    api.read(CALLS[500:520], listing_of(CALLS))
    assert [request.wanted for request in api.bulk] == [None]


def test_without_a_window_calls_are_read_one_by_one():
    api = Api(CALLS)
    api.read(CALLS[:9], None)
    assert [len(batch) for batch in api.single] == [4, 4, 1]


def test_bulk_of_a_newest_first_list_is_read_from_its_old_end():
    api = Api(CALLS, newest_first=True)
    api.read(CALLS, listing_of(CALLS, newest_first=True))
    assert [request.offset for request in api.bulk][:1] == [800]
    # Page by page the older calls come first.
    assert sorted(ids(CALLS)[:200]) == [one for one, _ in api.fetched[:200]]
    assert len({one for one, _ in api.fetched}) == len(api.fetched) == 1000


def test_bulk_of_an_oldest_first_list_is_read_from_its_start():
    api = Api(CALLS)
    api.read(CALLS, listing_of(CALLS))
    assert [one for one, _ in api.fetched] == ids(CALLS)


def test_pages_grow_towards_the_wanted_size():
    api = Api(CALLS)
    api.size_of_a_call = 16_000
    api.read(CALLS, listing_of(CALLS), bulk_limit=50, bulk_bytes=1_600_000)
    assert [request.limit for request in api.bulk][:4] == [50, 100, 100, 100]


@pytest.mark.parametrize(
    ("records", "size", "calls"),
    [(200, 800_000, 400), (200, 16_000_000, 100), (1, 99_000_000, 1), (0, 20, 200), (200, 0, 200)],
)
def test_the_size_of_a_page_is_learnt(records, size, calls):
    learnt = BulkSize(200, 8_000_000)
    learnt.learn(LogPage({}, records, size))
    assert learnt.calls == calls


def test_calls_that_bulk_leaves_out_are_requested_one_by_one():
    api = Api(CALLS[:20])
    api.missing = {"003", "017"}
    api.read(CALLS[:20], listing_of(CALLS[:20]))
    assert api.single == [("003", "017")]
    assert sorted(one for one, _ in api.fetched) == ids(CALLS[:20])


def test_a_page_that_is_too_large_is_requested_in_smaller_parts():
    api = Api(CALLS)
    api.read(
        CALLS,
        listing_of(CALLS),
        lambda r: TooLarge("x") if isinstance(r, LogsPage) and r.limit > 60 else None,
    )
    assert [request.limit for request in api.bulk][:2] == [200, 50]
    assert sorted(one for one, _ in api.fetched) == ids(CALLS)
    assert api.single == []


def test_a_window_whose_few_calls_are_too_large_is_halved_while_bulk_pays():
    bad = call(3)
    api = Api(CALLS[:20])
    api.read(
        CALLS[:20],
        listing_of(CALLS[:20]),
        lambda r: (
            TooLarge("x")
            if isinstance(r, LogsPage) and r.window.start <= bad.start <= r.window.end
            else None
        ),
    )
    assert sorted(one for one, _ in api.fetched) == ids(CALLS[:20])
    assert "003" in {one for batch in api.single for one in batch}
    assert len(api.asked) < 20


def test_a_bulk_window_that_is_not_answered_is_halved():
    bad = call(7)
    api = Api(CALLS[:100])
    api.read(
        CALLS[:100],
        listing_of(CALLS[:100]),
        lambda r: (
            WindowPoisoned(ServerFailed("x"))
            if isinstance(r, LogsPage) and r.window.start <= bad.start <= r.window.end
            else None
        ),
    )
    assert "007" in {one for batch in api.single for one in batch}
    assert sum(map(len, api.single)) <= 8
    assert len(api.bulk) < 20
    assert len(set(api.bulk)) == len(api.bulk)  # none is repeated
    assert sorted(one for one, _ in api.fetched) == ids(CALLS[:100])


@pytest.mark.parametrize("error", [TimedOut("x"), Unreachable("x"), Throttled("x")])
def test_few_calls_of_a_bulk_request_that_is_not_answered_in_time_are_read_singly_at_once(error):
    api = Api(CALLS[:40])
    api.read(
        CALLS[:40],
        listing_of(CALLS[:40]),
        lambda r: (
            WindowPoisoned(error) if isinstance(r, LogsPage) and r.window.seconds > 9 else None
        ),
    )
    assert len(api.bulk) == 1 or isinstance(error, Unreachable)
    assert sorted(one for one, _ in api.fetched) == ids(CALLS[:40])


def test_bulk_that_does_not_work_is_not_requested():
    api = Api(CALLS[:20])
    api.read(CALLS[:20], listing_of(CALLS[:20]), works=lambda: False)
    assert api.bulk == []
    assert sum(map(len, api.single)) == 20


def test_bulk_that_stops_working_is_not_halved():
    api = Api(CALLS[:20])
    works = iter([True, False])
    api.read(
        CALLS[:20],
        listing_of(CALLS[:20]),
        lambda r: WindowPoisoned(ServerFailed("x")) if isinstance(r, LogsPage) else None,
        lambda: next(works),
    )
    assert len(api.bulk) == 1
    assert sum(map(len, api.single)) == 20


def test_single_requests_that_are_not_answered_are_reported_as_errors():
    api = Api(CALLS[:6])
    api.read(
        CALLS[:6],
        None,
        lambda r: WindowPoisoned(ServerFailed("x")) if "001" in r.session_ids else None,
    )
    errors = {one for one, log in api.fetched if isinstance(log, ServerFailed)}
    assert errors == set(ids(CALLS[:4]))
    assert dict(api.fetched)["004"] == LOG


def test_an_expired_log_in_bulk_is_an_answer():
    api = Api(CALLS[:20])
    api.answer = lambda r: LogPage(dict.fromkeys(ids(CALLS[:20]), EXPIRED_LOG), 20, 100)
    api.read(CALLS[:20], listing_of(CALLS[:20]))
    assert len(api.asked) == 1
    assert len(api.fetched) == 20


def test_an_api_that_ignores_the_offset_of_bulk_does_not_get_requests_for_ever():
    api = Api(CALLS)
    same = LogPage(dict.fromkeys(ids(CALLS[:10]), LOG), 10, 100)
    bulk = api.answer
    api.answer = lambda r: same if isinstance(r, LogsPage) else bulk(r)
    api.read(CALLS[:30], listing_of(CALLS[:30]))
    assert len(api.bulk) == 2
    assert sum(map(len, api.single)) == 20


def test_the_whole_window_is_read_where_times_do_not_show_the_filter():
    wild = [
        ListedCall(
            f"{n}", 1, 2, Direction.INBOUND, "", logged=True, user_hash=None, destination=None
        )
        for n in range(40)
    ]
    api = Api(CALLS)
    api.read(wild[:20], Listing(Window(START, START + 99), "", tuple(wild), 40))
    assert {request.window for request in api.bulk} == {Window(START, START + 99)}


def test_a_portion_ends_with_four_thousand_entries_or_two_megabytes():
    api = Api(CALLS[:200])
    api.log = CallLog(LogState.PRESENT, count=100)
    api.read(CALLS[:200], listing_of(CALLS[:200]))
    assert api.portions == [40] * 5
    api = Api(CALLS[:200])
    api.log, api.size_of_a_call = CallLog(LogState.PRESENT, count=100), 100_000
    api.read(CALLS[:100], listing_of(CALLS[:100]))
    assert api.portions == [20] * 5


def test_a_page_of_empty_logs_is_one_portion():
    api = Api(CALLS[:200])
    api.read(CALLS[:200], listing_of(CALLS[:200]))
    assert api.portions == [200]
