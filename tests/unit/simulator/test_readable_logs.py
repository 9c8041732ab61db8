"""What can be read of a call's log, when, and in which shape."""

import json

import pytest

from fuse_otel.simulator.quirks import Quirks
from fuse_otel.simulator.readable_logs import ReadableLogs, is_lost
from fuse_otel.simulator.world import World

NOW = 1_700_000_000
DAY = 86_400
WORLD = World(seed=3, rate=0.2, past=3 * 3600, start=NOW)
ALL = tuple(WORLD.starting(NOW - 3600, NOW - 1800))
LOGGED = next(call for call in ALL if call.log and call.exited and call.end - call.start > 20)
SILENT = next(call for call in ALL if not call.log)
NO_LOG = {"error": "No call log was found."}
GONE = {"error": "There are no call log details available for this call."}


def alone(call, now=NOW, **quirks):
    status, body = ReadableLogs(WORLD, Quirks(**quirks)).single_response(call.session_id, now)
    return status, json.loads(body)


def in_bulk(call, now=NOW, **quirks):
    body = ReadableLogs(WORLD, Quirks(**quirks)).bulk_value(call, now)
    return "absent" if body is None else json.loads(body)


def test_both_endpoints_show_the_same_entries():
    entries = list(WORLD.entries(LOGGED.session_id))
    assert alone(LOGGED) == (200, entries)
    assert in_bulk(LOGGED) == entries


def test_an_unknown_call_is_not_found():
    status, body = ReadableLogs(WORLD, Quirks()).single_response("300060;001;1529552581", NOW)
    assert (status, json.loads(body)) == (404, NO_LOG)


@pytest.mark.parametrize(
    ("shape", "answer"),
    [("not_found", (404, NO_LOG)), ("null", (200, None)), ("empty", (200, []))],
)
def test_a_missing_log_alone_is(shape, answer):
    assert alone(SILENT, missing_log=shape) == answer


@pytest.mark.parametrize(
    ("shape", "detail"), [("absent", "absent"), ("null", None), ("empty", []), ("error", NO_LOG)]
)
def test_a_missing_log_in_bulk_is(shape, detail):
    assert in_bulk(SILENT, missing_detail=shape) == detail


def test_details_are_gone_after_five_days():
    last = LOGGED.end + 5 * DAY
    assert alone(LOGGED, now=last)[0] == 200
    assert isinstance(in_bulk(LOGGED, now=last), list)
    assert alone(LOGGED, now=last + 1) == (200, GONE)
    assert in_bulk(LOGGED, now=last + 1) == GONE


def test_the_status_of_an_expired_log_is_a_quirk():
    assert alone(LOGGED, now=LOGGED.end + 6 * DAY, expired_status=404) == (404, GONE)


def test_a_log_may_be_readable_only_some_time_after_the_end():
    assert alone(LOGGED, now=LOGGED.end + 29, log_delay=30) == (404, NO_LOG)
    assert alone(LOGGED, now=LOGGED.end + 30, log_delay=30)[0] == 200


def test_a_log_may_grow_after_the_end():
    whole = list(WORLD.entries(LOGGED.session_id))
    lengths = []
    for second in range(LOGGED.start, LOGGED.end + 11):
        status, body = alone(LOGGED, now=second + 30, entry_delay=30, running_calls=True)
        entries = body if status == 200 else []
        assert entries == whole[: len(entries)]
        assert all(entry["timestamp"] <= second for entry in entries)
        lengths.append(len(entries))
    assert lengths == sorted(lengths)
    assert len(set(lengths)) > 3
    assert lengths[-1] == len(whole)


def test_a_log_without_visible_entries_yet_is_missing():
    assert alone(LOGGED, now=LOGGED.end, entry_delay=3600) == (404, NO_LOG)


def test_a_running_call_has_details_only_where_it_is_listed():
    now = LOGGED.end - 5
    assert alone(LOGGED, now=now) == (404, NO_LOG)
    status, body = alone(LOGGED, now=now, running_calls=True)
    assert status == 200
    assert 0 < len(body) < LOGGED.entries
    assert alone(LOGGED, now=now, running_calls=True, log_delay=60)[1] == body


def test_a_part_of_the_logs_may_be_lost():
    quirks = Quirks(lost_logs=0.3)
    details = ReadableLogs(WORLD, quirks)
    lost = [call for call in ALL if is_lost(call, quirks)]
    assert 0.15 < len(lost) / len(ALL) < 0.45
    assert details.single_response(lost[0].session_id, NOW)[0] == 404
    assert not any(is_lost(call, Quirks()) for call in ALL)


def test_php_may_lose_the_types_inside_entries():
    call = next(
        call for call in WORLD.starting(0, NOW) if call.log and call.end < NOW
        and any(not entry["event"]["data"] for entry in WORLD.entries(call.session_id))
    )  # fmt: skip
    _, entries = alone(call, string_numbers=True, empty_data_as_list=True)
    plain = WORLD.entries(call.session_id)
    assert [entry["timestamp"] for entry in entries] == [str(e["timestamp"]) for e in plain]
    for entry, before in zip(entries, plain, strict=True):
        data = before["event"]["data"]
        assert entry["event"]["data"] == [] or data
        assert data.get("has_audio") is not False or entry["event"]["data"]["has_audio"] == ""
    assert [] in [entry["event"]["data"] for entry in entries]
    assert {} in [entry["event"]["data"] for entry in alone(call, string_numbers=True)[1]]


def test_json_is_written_as_php_writes_it():
    _, body = ReadableLogs(WORLD, Quirks()).single_response(LOGGED.session_id, NOW)
    assert body.isascii()
    again = json.dumps(json.loads(body), separators=(",", ":"))
    assert body.decode() == again.replace("/", "\\/")
    call = next(c for c in ALL if c.log and any(
        "https://" in json.dumps(e) for e in WORLD.entries(c.session_id)))  # fmt: skip
    _, body = ReadableLogs(WORLD, Quirks()).single_response(call.session_id, NOW)
    assert b"https:\\/\\/" in body
    assert b"https://" not in body
