"""Which calls a list shows, and how it is paged, under every quirk."""

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fuse_otel.simulator.content import WorldContent
from fuse_otel.simulator.quirks import Quirks
from fuse_otel.simulator.requests import ApiQuery
from fuse_otel.simulator.world import World

NOW = 1_700_000_000
START, END = NOW - 3600, NOW - 600
WORLD = World(seed=3, rate=0.2, past=3 * 3600, start=NOW)
ALL = tuple(WORLD.starting(0, NOW + 3600))


def listing(quirks=None, *, content=None, now=NOW, endpoint="calls", start=START, end=END, **more):
    content = content or WorldContent(WORLD, quirks or Quirks())
    return json.loads(content.page(ApiQuery(endpoint, start=start, end=end, **more), now))


def ids(document):
    return [call["session_id"] for call in document["calls"]]


def expected(*, start=START, end=END, by="start", now=NOW):
    return {c.session_id for c in ALL if start <= getattr(c, by) < end and c.end <= now}


@pytest.mark.parametrize("by", ["start", "end"])
def test_a_window_filters_by(by):
    assert set(ids(listing(Quirks.parsed([f"filter_by={by}"])))) == expected(by=by)


@pytest.mark.parametrize(("bounds", "beyond"), [("half_open", 0), ("inclusive", 1)])
def test_the_end_of_a_window_is(bounds, beyond):
    call = next(c for c in ALL if c.start > START and c.end < NOW)
    document = listing(Quirks.parsed([f"bounds={bounds}"]), start=call.start - 9, end=call.start)
    assert (call.session_id in ids(document)) == bool(beyond)
    assert set(ids(document)) == expected(start=call.start - 9, end=call.start + beyond)


def test_bounds_may_both_be_exclusive():
    call = next(c for c in ALL if c.start > START and c.end < NOW)
    quirks = Quirks.parsed(["bounds=exclusive"])
    document = listing(quirks, start=call.start, end=call.start + 9)
    assert set(ids(document)) == expected(start=call.start + 1, end=call.start + 9)


@pytest.mark.parametrize("by", ["start", "end"])
@pytest.mark.parametrize("order", ["newest", "oldest"])
def test_a_list_is_ordered(order, by):
    calls = listing(Quirks.parsed([f"order={order}", f"order_by={by}"]))["calls"]
    keys = [(call[by], call["session_id"]) for call in calls]
    assert keys == sorted(keys, reverse=order == "newest")


@given(
    st.integers(1, 40),
    st.sampled_from(["newest", "oldest"]),
    st.integers(0, 20),
    st.sampled_from(["calls", "all_logs"]),
)
def test_pages_join_to_the_whole_list(limit, order, cap, endpoint):
    window = {"endpoint": endpoint, "start": START, "end": START + 120}
    content = WorldContent(WORLD, Quirks.parsed([f"order={order}", f"page_cap={cap}"]))
    whole = ids(listing(Quirks.parsed([f"order={order}"]), **window))
    read = []
    while page := ids(listing(content=content, offset=len(read), limit=limit, **window)):
        assert len(page) <= min(limit, cap or limit)
        read += page
    assert read == whole
    assert len(whole) > 15


def test_total_calls_counts_the_window_not_the_page():
    document = listing(limit=3)
    assert len(document["calls"]) == 3
    assert document["total_calls"] == len(expected())


def test_bulk_pages_have_no_total_unless_requested():
    assert "total_calls" not in listing(endpoint="all_logs")
    document = listing(Quirks(all_logs_total=True), endpoint="all_logs")
    assert document["total_calls"] == len(expected())


def test_total_calls_may_be_off():
    assert listing(Quirks(total_off_by=-2))["total_calls"] == len(expected()) - 2
    assert listing(Quirks(total_off_by=-2), start=5, end=6)["total_calls"] == 0


def test_total_calls_may_never_match():
    content = WorldContent(WORLD, Quirks(total_drifts=True))
    totals = [listing(content=content)["total_calls"] for _ in range(14)]
    assert len(expected()) not in totals
    assert all(first != second for first, second in pairwise(totals))


def test_total_calls_may_be_absent():
    assert listing(Quirks(omit_total=True)).keys() == {"calls"}


def test_the_default_limit_is_a_quirk_and_the_requested_one_is_bounded():
    assert len(ids(listing(Quirks(default_limit=7)))) == 7
    assert len(ids(listing(limit=0))) == 1
    assert len(ids(listing(limit=1_000_000))) == len(expected())


def test_a_number_limits_list_and_total_also_for_outbound_calls():
    number = next(c.number for c in ALL if c.src == "Outbound" and START <= c.start < END)
    document = listing(number=number)
    mine = {c.session_id for c in ALL if c.number == number} & expected()
    assert set(ids(document)) == mine
    assert document["total_calls"] == len(mine)


def test_a_call_is_not_listed_before_it_has_ended():
    call = next(c for c in ALL if c.start < NOW - 5 and c.end > NOW)
    window = {"start": call.start, "end": call.start + 1}
    assert call.session_id not in ids(listing(**window))
    assert call.session_id not in ids(listing(now=call.end - 0.5, **window))
    assert call.session_id in ids(listing(now=call.end, **window))


@pytest.mark.parametrize("by", ["start", "end"])
def test_running_calls_may_be_listed_with_an_end_that_grows(by):
    call = next(c for c in ALL if c.start < NOW - 5 and c.end > NOW + 10)
    content = WorldContent(WORLD, Quirks.parsed(["running_calls=yes", f"filter_by={by}"]))
    for now in (NOW, NOW + 1, call.end):
        document = listing(content=content, start=NOW - 3 * 3600, end=now + 1, now=now)
        (end,) = (c["end"] for c in document["calls"] if c["session_id"] == call.session_id)
        assert end == now
        assert ids(document) == [c["session_id"] for c in sorted(
            document["calls"], key=lambda c: (c["start"], c["session_id"]), reverse=True
        )]  # fmt: skip


def test_a_window_never_reaches_into_the_future():
    assert set(ids(listing(start=NOW - 60, end=10**12))) == expected(start=NOW - 60, end=NOW + 1)


def test_the_window_may_be_ignored():
    document = listing(Quirks(ignore_window=True), start=5, end=6)
    assert set(ids(document)) == expected(start=NOW - 3599, end=NOW + 1)


def test_calls_past_the_retention_may_vanish_from_the_lists():
    quirks = Quirks(retention=1800, list_expired=False)
    shown = set(ids(listing(quirks)))
    assert shown == {c.session_id for c in ALL if c.end >= NOW - 1800} & expected()
    assert shown < expected()


@pytest.mark.parametrize("order", ["newest", "oldest"])
def test_late_arrivals_appear_after_the_first_page_of_each_window(order):
    content = WorldContent(WORLD, Quirks.parsed(["late_arrivals=2", f"order={order}"]))
    whole = ids(listing(Quirks.parsed([f"order={order}"])))
    first = listing(content=content, limit=5)
    late = whole[:2] if order == "newest" else whole[-2:]
    assert first["total_calls"] == len(whole) - 2
    assert not set(late) & set(ids(listing(content=content, endpoint="all_logs")))
    second = listing(content=content, limit=5, offset=5)
    assert second["total_calls"] == len(whole)
    assert ids(second) == whole[5:10]
    repeated = set(ids(first)) & set(ids(second))
    assert len(repeated) == (2 if order == "newest" else 0)


def test_only_so_many_windows_are_remembered():
    content = WorldContent(WORLD, Quirks(late_arrivals=1))
    early = {"start": NOW - 7200, "end": NOW - 7000}
    short = listing(content=content, **early)["total_calls"]
    for second in range(4096):
        content.page(ApiQuery("calls", start=second, end=second), NOW)
    assert listing(content=content, **early)["total_calls"] == short
    assert listing(content=content, **early)["total_calls"] == short + 1


def test_every_nth_call_may_be_listed_twice():
    whole, doubled = ids(listing()), ids(listing(Quirks(duplicate_every=3)))
    assert list(dict.fromkeys(doubled)) == whole
    assert len(doubled) == len(whole) + len(whole) // 3
    assert doubled[2] == doubled[3]


def test_every_nth_call_may_be_listed_as_two_records_of_one_session():
    whole, split = listing()["calls"], listing(Quirks(split_every=3))
    assert split["total_calls"] == len(whole) + len(whole) // 3
    later, earlier = split["calls"][2:4]
    call = whole[2]
    assert {later["session_id"], earlier["session_id"]} == {call["session_id"]}
    assert (earlier["start"], later["end"]) == (call["start"], call["end"])
    assert call["start"] <= earlier["end"] == later["start"] <= call["end"]


def test_an_empty_window_is_an_empty_list():
    assert listing(start=5, end=6) == {"calls": [], "total_calls": 0}


def test_list_records_have_the_keys_and_types_of_the_examples():
    for call in listing()["calls"]:
        assert {name: type(value) for name, value in call.items()} == {
            "dest": str, "src": str, "start": int, "end": int, "session_id": str, "type": str,
            "log": bool,
        }  # fmt: skip
    for call in listing(endpoint="all_logs")["calls"]:
        assert {name: type(value) for name, value in call.items()} == {
            "dest": str, "src": str, "start": str, "end": str, "session_id": str, "detail": list,
        }  # fmt: skip


def test_a_bulk_record_may_lack_its_detail():
    for call in listing(Quirks(missing_detail="absent"), endpoint="all_logs")["calls"]:
        assert ("detail" in call) == WORLD.find(call["session_id"]).log


def test_numbers_and_booleans_may_come_as_strings():
    plain = listing()
    php = listing(Quirks(string_numbers=True))
    assert php["total_calls"] == str(plain["total_calls"])
    for call, other in zip(plain["calls"], php["calls"], strict=True):
        changed = {"start": str(call["start"]), "end": str(call["end"])}
        assert other == {**call, **changed, "log": "1" if call["log"] else ""}
