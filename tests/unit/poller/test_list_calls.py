from __future__ import annotations

from collections.abc import Sequence

from fuse_otel.core.model.call import CallPage, CallRecord
from fuse_otel.core.timing.windows import Window
from fuse_otel.poller.list_calls import (
    MOST_RECORDS,
    Listing,
    ListingTooLong,
    Paging,
    list_window,
)
from fuse_otel.poller.requests import ListPage

WINDOW = Window(100, 200)


def record(session_id: str, start: int | None = 110, end: int | None = 120, **more) -> CallRecord:
    fields = {"src": "5005550100", "dest": "8005550100", "type": "inbound", "logged": True}
    return CallRecord(session_id, start, end, **(fields | more))


def page(*ids: str, total: int | None = None, records: int | None = None) -> CallPage:
    return CallPage(tuple(map(record, ids)), len(ids) if records is None else records, total)


def listed(
    pages: Sequence[CallPage], paging: Paging | None = None
) -> tuple[Listing, list[int], int]:
    """The listing, the offsets asked for, and how many mismatches it came to."""
    paging = paging or Paging.by(1000)
    reading = list_window(WINDOW, "7", paging)
    offsets, answers = [], iter(pages)
    request = next(reading)
    try:
        while True:
            assert isinstance(request, ListPage)
            assert (request.window, request.number, request.limit) == (WINDOW, "7", 1000)
            offsets.append(request.offset)
            request = reading.send(next(answers))
    except StopIteration as done:
        assert next(answers, None) is None
        return done.value, offsets, int(not done.value.whole)


def ids(listing: Listing) -> list[str]:
    return [call.session_id for call in listing.calls]


def test_one_page_that_holds_all_is_one_request():
    listing, offsets, mismatches = listed([page("a", "b", total=2)])
    assert (ids(listing), offsets, mismatches) == (["a", "b"], [0], 0)
    assert listing.whole


def test_pages_follow_until_the_total():
    listing, offsets, _ = listed([page("a", "b", total=3), page("c", total=3)])
    assert (ids(listing), offsets) == (["a", "b", "c"], [0, 2])


def test_the_latest_total_counts():
    pages = [page("a", "b", total=2 + 1), page("c", "d", total=5), page("e", total=5)]
    listing, offsets, mismatches = listed(pages)
    assert (ids(listing), offsets, mismatches) == (["a", "b", "c", "d", "e"], [0, 2, 4], 0)


def test_without_a_total_an_empty_page_is_the_end():
    listing, offsets, mismatches = listed([page("a"), page()])
    assert (ids(listing), offsets, mismatches) == (["a"], [0, 1], 0)


def test_an_api_that_ignores_the_offset_does_not_get_requests_for_ever():
    repeated = [page("a", "b", total=9)] * 3
    listing, offsets, mismatches = listed([*repeated, *repeated])
    assert (ids(listing), offsets, mismatches) == (["a", "b"], [0, 2, 4, 0, 2, 4], 1)


def test_a_page_of_nothing_but_repetitions_is_not_the_end():
    pages = [page("a", total=3), page("a", total=3), page("b", total=3), page(total=3)]
    listing, offsets, mismatches = listed(pages * 2)
    assert (ids(listing), offsets, mismatches) == (["a", "b"], [0, 1, 2, 3] * 2, 0)


def test_a_list_that_moved_while_it_was_read_is_read_again():
    """Newest first: `d` and `e` came in on top, so that the last page repeats what was there."""
    moving = [page("c", "b", total=4), page("a", "z", total=4), page("a", "z", total=6)]
    still = [page("e", "d", total=6), page("c", "b", total=6), page("a", "z", total=6)]
    pages = [*moving, page(total=6), *still, page(total=6)]
    listing, offsets, mismatches = listed(pages, Paging(1000, full=2))
    assert set(ids(listing)) == set("zabcde")
    assert (offsets, mismatches) == ([0, 2, 4, 6] * 2, 0)


def test_records_count_unreadable_and_repeated_ones():
    listing, _, mismatches = listed([page("a", total=3, records=3)])
    assert (ids(listing), listing.records, mismatches) == (["a"], 3, 0)


def test_two_equal_readings_are_complete_and_counted():
    listing, offsets, mismatches = listed([page("a", total=5), page(total=5)] * 2)
    assert (ids(listing), offsets, mismatches) == (["a"], [0, 1, 0, 1], 1)


def test_a_second_reading_that_comes_out_even_is_no_mismatch():
    listing, _, mismatches = listed([page("a", total=2), page(total=2), page("a", "b", total=2)])
    assert (ids(listing), mismatches) == (["a", "b"], 0)


def test_after_three_more_readings_all_that_any_showed_is_listed():
    readings = [each for one in "abcd" for each in (page(one, total=9), page())]
    listing, _, mismatches = listed(readings)
    assert (ids(listing), mismatches) == (["a", "b", "c", "d"], 1)


def test_a_total_of_less_than_came_is_a_mismatch():
    _, _, mismatches = listed([page("a", "b", total=1), page(total=1)] * 2)
    assert mismatches == 1


def test_where_totals_were_too_low_only_an_empty_page_is_the_end():
    paging = Paging.by(1000)
    listed([page("a", "b", total=1), page(total=1)] * 2, paging)
    pages = [page("a", "b", total=2), page("c", total=2), page(total=2)]
    listing, offsets, mismatches = listed(pages * 2, paging)
    assert (ids(listing), offsets, mismatches) == (["a", "b", "c"], [0, 2, 3, 0, 2, 3], 1)


def test_after_a_full_page_there_may_be_more_than_the_total():
    """An API that holds pages of two, whatever was asked, and counts a call too few."""
    first = [page("a", "b", total=4), page("c", "d", total=4), page("e", total=4)]
    listing, offsets, mismatches = listed([*first, page(total=4)] * 2)
    assert (ids(listing), offsets[:4], mismatches) == (["a", "b", "c", "d", "e"], [0, 2, 4, 5], 1)


def test_records_of_one_session_are_one_call_from_first_start_to_last_end():
    records = (
        record("a", 110, 120, logged=False),
        record("b", 111, 112),
        record("a", 105, 118),
        record("a", None, None),
    )
    listing, _, _ = listed([CallPage(records, 4, 4)])
    first = listing.calls[0]
    assert ids(listing) == ["a", "b"]
    assert (first.start, first.end, first.logged) == (105, 120, True)


def test_a_call_with_one_time_has_both_and_ends_no_earlier_than_it_starts():
    records = (record("a", None, 120), record("b", 110, None), record("c", 110, 100))
    listing, _, _ = listed([CallPage(records, 3, 3)])
    assert [(call.start, call.end) for call in listing.calls] == [
        (120, 120),
        (110, 110),
        (110, 110),
    ]


def test_the_order_shows_whether_the_newest_come_first():
    newer, older = record("a", 120, 130), record("b", 110, 111)
    unknown = record("c", None, None)
    assert listed([CallPage((newer, unknown, older), 3, 3)])[0].newest_first
    assert not listed([CallPage((older, newer), 2, 2)])[0].newest_first
    assert not listed([CallPage((newer,), 1, 1)])[0].newest_first


def endless(limit: int = 1000, total_ahead: int = 1):
    """Pages of new records whose total is always ahead."""
    listed = 0
    while True:
        ids = [f"{n}" for n in range(listed, listed + limit)]
        listed += limit
        yield page(*ids, total=listed + total_ahead)


def read_endless(pages) -> tuple[ListingTooLong, int]:
    scan = list_window(WINDOW, "7", Paging.by(1000))
    next(scan)
    requests = 1
    for answer in pages:
        try:
            scan.send(answer)
        except ListingTooLong as error:
            return error, requests
        requests += 1
    raise AssertionError("it goes on for ever")


def test_a_list_whose_total_always_runs_ahead_is_ended():
    error, requests = read_endless(endless())
    assert requests < 6
    assert len(error.listing.calls) == requests * 1000
    assert not error.listing.complete


def test_a_list_without_a_total_and_without_an_end_is_ended():
    pages = (page(*(f"{n};{i}" for i in range(1000))) for n in range(100))
    _, requests = read_endless(pages)
    assert requests * 1000 == MOST_RECORDS + 1000


def test_a_window_may_hold_more_than_the_first_total():
    pages = [page("a", "b", total=2), page("c", "d", total=4), page("e", total=5)]
    listing, _, _ = listed(pages, Paging(1000, full=2))
    assert ids(listing) == ["a", "b", "c", "d", "e"]
