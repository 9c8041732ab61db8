"""The quirks of a hostile or broken peer: odd ids, an end far ahead, values without bounds."""

import json
from collections import Counter

import pytest

from fuse_otel.simulator.content import WorldContent
from fuse_otel.simulator.odd_calls import (
    LONG_ID,
    LONG_NAME,
    NESTED_LISTS,
    ODD_TAIL,
    SHIFT,
    YEAR,
    fill_nested,
)
from fuse_otel.simulator.quirks import Quirks
from fuse_otel.simulator.requests import ApiQuery
from fuse_otel.simulator.responses import to_xml
from fuse_otel.simulator.world import World

NOW = 1_700_000_000
START, END = NOW - 3600, NOW - 600
WORLD = World(seed=3, rate=0.2, past=3 * 3600, start=NOW)
TRUE = {call.session_id: call for call in WORLD.starting(START, END) if call.end <= NOW}


def listing(content, endpoint="calls", **more):
    query = ApiQuery(endpoint, start=START, end=END, **more)
    return json.loads(content.page(query, NOW))


def log(content, session_id):
    status, body = content.log(session_id, NOW)
    assert status in {200, 404}
    return body if status == 200 else None


def some_but_not_all(chosen):
    return 0 < len(chosen) < len(TRUE)


@pytest.mark.parametrize(
    ("quirk", "is_odd"),
    [
        ("odd_ids_every", lambda listed: listed.endswith(ODD_TAIL)),
        ("long_ids_every", lambda listed: len(listed) == LONG_ID),
    ],
)
def test_a_call_with_an_odd_id_is_listed_read_and_known_by_that_id(quirk, is_odd):
    content = WorldContent(WORLD, Quirks.parsed([f"{quirk}=5"]))
    listed = [call["session_id"] for call in listing(content)["calls"]]
    odd = [session_id for session_id in listed if is_odd(session_id)]
    assert some_but_not_all(odd)
    assert {session_id.split("/")[0].rstrip("x") for session_id in listed} == TRUE.keys()
    assert {call.session_id for call in content.ended(START, NOW)} >= set(odd)
    for session_id in odd:
        usual = TRUE[session_id.split("/")[0].rstrip("x")]
        found = log(content, session_id)
        assert (json.loads(found) == list(content.entries(session_id))) if usual.log else not found
        assert log(content, usual.session_id) is None


def test_an_end_may_be_listed_a_year_ahead():
    content = WorldContent(WORLD, Quirks(end_ahead_every=5))
    ahead = Counter(
        call["end"] - TRUE[call["session_id"]].end for call in listing(content)["calls"]
    )
    assert set(ahead) == {0, YEAR}
    assert ahead[YEAR] < ahead[0]


def test_a_value_may_be_nested_deeply_in_json_and_in_xml():
    content = WorldContent(WORLD, Quirks(nested_every=1))
    body = log(content, next(call.session_id for call in TRUE.values() if call.log))
    filled = fill_nested(body, xml=False)
    assert b'"nested":' + b"[" * NESTED_LISTS + b"]" * NESTED_LISTS in filled
    xml = fill_nested(to_xml(body), xml=True)
    assert b"<nested>" + b"<item>" * NESTED_LISTS + b"</item>" * NESTED_LISTS in xml


def test_names_may_be_very_long():
    content = WorldContent(WORLD, Quirks(long_names_every=1))
    entries = json.loads(log(content, next(c.session_id for c in TRUE.values() if c.log)))
    for entry in entries:
        data = entry["event"]["data"]
        assert len(data["module_type"]) == len(max(data, key=len)) == LONG_NAME


def test_entries_may_be_stamped_hours_too_late():
    content = WorldContent(WORLD, Quirks(shifted_entries_every=4))
    shifts = {
        shown["timestamp"] - true["timestamp"]
        for call in TRUE.values()
        if call.log
        for shown, true in zip(
            json.loads(log(content, call.session_id)), WORLD.entries(call.session_id), strict=True
        )
    }
    assert shifts == {0, SHIFT}


@pytest.mark.parametrize("endpoint", ["calls", "all_logs"])
def test_an_endless_list_begins_again_with_other_session_ids(endpoint):
    content = WorldContent(WORLD, Quirks(endless_lists=True, all_logs_total=True))
    seen = set()
    for offset in range(0, 3 * len(TRUE), 100):
        page = listing(content, endpoint, offset=offset, limit=100)
        ids = {call["session_id"] for call in page["calls"]}
        assert len(ids) == 100
        assert not ids & seen
        assert page["total_calls"] > offset + 100
        seen |= ids
    again = next(session_id for session_id in seen if "again" in session_id)
    original = again.partition(";again")[0]
    assert log(content, again) == log(content, original)


def test_an_endless_list_without_calls_is_empty():
    content = WorldContent(WORLD, Quirks(endless_lists=True))
    query = ApiQuery("calls", start=5, end=6)
    assert json.loads(content.page(query, NOW)) == {"calls": [], "total_calls": 0}
