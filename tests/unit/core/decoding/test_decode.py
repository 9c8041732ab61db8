"""The three answers, whole and odd."""

import pytest
from support.builders.answer_values import RECORD, body_of, entry, lines_of, page_of

from fuse_otel.core.decoding.answers import (
    NotUnderstood,
    decode_call,
    decode_calls,
    decode_error,
    decode_logs,
)
from fuse_otel.core.model.call import EXPIRED_LOG, MISSING_LOG, CallLog, LogState

EXPIRED = {"error": "There are no call log details available for this call."}
NOT_FOUND = {"error": "No call log was found."}


def _logs(*details: object, session_id: str = "a") -> tuple[CallLog, dict[str, int]]:
    """What ``/all_logs`` says of one call that has a record for each of ``details``."""
    records = [{"session_id": session_id, "detail": detail} for detail in details]
    page = decode_logs(body_of({"calls": records}))
    assert page.records == len(details)
    (log,) = page.logs.values()
    return log, dict(page.anomalies)


# --- /calls ---------------------------------------------------------------------------------------


def test_a_listed_call():
    page = page_of(RECORD)
    (call,) = page.calls
    assert (call.session_id, call.start, call.end) == (RECORD["session_id"], 1529552691, 1529552697)
    assert (call.src, call.dest, call.type, call.logged) == (
        "2125551234",
        "8009957586",
        "inbound",
        True,
    )
    assert (page.records, page.total, page.anomalies) == (1, 1, {})


def test_numbers_and_flags_may_be_text_and_text_may_be_numbers():
    odd = {
        **RECORD,
        "start": "1529552691",
        "end": 1529552697.0,
        "src": 2125551234,
        "dest": 8009957586.0,
        "log": "1",
    }
    assert page_of(odd, total_calls="1") == page_of(RECORD)


def test_a_record_shows_no_number():
    assert "2125551234" not in repr(page_of(RECORD))


@pytest.mark.parametrize(
    ("value", "logged", "odd"),
    [
        (False, False, {}),
        ("0", False, {}),
        (0, False, {}),
        ("", False, {}),
        (None, True, {"record_log": 1}),
        ("perhaps", True, {"record_log": 1}),
    ],
)
def test_only_a_clear_false_means_no_log(value, logged, odd):
    page = page_of({**RECORD, "log": value})
    assert (page.calls[0].logged, page.anomalies) == (logged, odd)


@pytest.mark.parametrize("key", ["start", "end"])
@pytest.mark.parametrize("value", [None, 0, "soon", []])
def test_an_unreadable_time_is_absent_and_counted(key, value):
    page = page_of({**RECORD, key: value})
    assert getattr(page.calls[0], key) is None
    assert page.anomalies == {"record_time": 1}


def test_unreadable_caller_and_type_are_empty():
    (call,) = page_of({**RECORD, "src": None, "dest": [], "type": {}}).calls
    assert (call.src, call.dest, call.type) == ("", "", "")


@pytest.mark.parametrize("value", [None, "", [], {}, True])
def test_a_record_without_an_id_is_counted_as_a_record_and_skipped(value):
    page = page_of(RECORD, {**RECORD, "session_id": value})
    assert (len(page.calls), page.records, page.anomalies) == (1, 2, {"record_id": 1})


def test_a_numeric_id_is_its_digits():
    assert page_of({**RECORD, "session_id": 17}).calls[0].session_id == "17"


@pytest.mark.parametrize("value", [None, 5, "text", [], [RECORD]])
def test_an_element_that_is_no_object_is_counted_and_skipped(value):
    page = page_of(value, RECORD)
    assert (len(page.calls), page.records) == (1, 2)
    assert page.anomalies["record"] == 1


def test_of_records_that_share_an_id_the_one_that_ends_last_stays():
    later = {**RECORD, "end": 1529552800, "type": "transfer"}
    for order in ([RECORD, later], [later, RECORD], [later, {**RECORD, "end": None}]):
        page = page_of(*order)
        assert [call.type for call in page.calls] == ["transfer"]
        assert page.records == 2
        assert page.anomalies["record_repeated"] == 1


@pytest.mark.parametrize("value", [-1, "many", [], True])
def test_a_total_that_is_no_count_is_none(value):
    page = page_of(RECORD, total_calls=value)
    assert (page.total, page.anomalies) == (None, {"total": 1})


def test_an_absent_total_is_none():
    page = decode_calls(body_of({"calls": []}))
    assert (page.calls, page.records, page.total, page.anomalies) == ((), 0, None, {})


def test_an_array_with_holes_in_its_numbering_comes_as_an_object():
    page = decode_calls(body_of({"calls": {"3": RECORD, "7": {**RECORD, "session_id": "b"}}}))
    assert [call.session_id for call in page.calls] == [RECORD["session_id"], "b"]
    assert (page.records, page.anomalies) == (2, {"list_is_object": 1})


@pytest.mark.parametrize("body", ['{"calls": null}', '{"total_calls": 0}', '{"calls": {}}'])
def test_a_list_that_php_left_out_is_empty(body):
    page = decode_calls(body.encode())
    assert (page.calls, page.records) == ((), 0)


NO_ANSWER = [
    b"",
    b"   ",
    b"<html><body>502 Bad Gateway</body></html>",
    b'{"calls": [{"session_id": "a"}, {"session',
    b'{"calls": [], }',
    b"{}",
    b"[]",
    b"null",
    b"5",
    b'"calls"',
    b'{"error": "database error"}',
    b'{"error": "database error", "total_calls": 0}',
    b'{"calls": "none"}',
    b'{"calls": {"a": {}}}',
    b'{"calls": [' + b"[" * 100_000,
]


@pytest.mark.parametrize("body", NO_ANSWER, ids=lambda body: body[:24].decode())
@pytest.mark.parametrize("read", [decode_calls, decode_logs])
def test_an_answer_that_is_no_list_of_calls_is_not_understood(read, body):
    with pytest.raises(NotUnderstood) as caught:
        read(body)
    assert "database" not in str(caught.value)
    assert "Bad Gateway" not in str(caught.value)


# --- details --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("detail", "log", "odd"),
    [
        (None, MISSING_LOG, {}),
        ([], MISSING_LOG, {}),
        ({}, MISSING_LOG, {}),
        (EXPIRED, EXPIRED_LOG, {}),
        ({"error": "there are NO details of it available"}, EXPIRED_LOG, {}),
        (NOT_FOUND, MISSING_LOG, {}),
        ({"error": "database error"}, MISSING_LOG, {"detail_error": 1}),
        ({"error": None}, MISSING_LOG, {"detail_error": 1}),
        ({"message": "?"}, MISSING_LOG, {"detail": 1}),
        ("none", MISSING_LOG, {"detail": 1}),
        (False, MISSING_LOG, {"detail": 1}),
        (0, MISSING_LOG, {"detail": 1}),
    ],
)
def test_anything_in_place_of_the_entries_is_read(detail, log, odd):
    assert _logs(detail) == (log, odd)


def test_a_record_without_details_is_missing():
    assert decode_logs(b'{"calls": [{"session_id": "a"}]}').logs == {"a": MISSING_LOG}


def test_a_log_that_holds_nothing_readable_is_present():
    assert _logs([5])[0] == CallLog(LogState.PRESENT, (), 1)


def test_entries_with_holes_in_their_numbering_come_as_an_object():
    log, odd = _logs({"4": entry("one"), "9": entry("two")})
    assert (lines_of(log), odd) == ([(0, "one"), (1, "two")], {"list_is_object": 1})


def test_logs_of_records_that_share_an_id_are_joined_in_order():
    log, odd = _logs([entry("one"), None], [entry("two")], [entry("three")])
    assert lines_of(log) == [(0, "one"), (2, "two"), (3, "three")]
    assert log.count == 4
    assert odd == {"entry": 1, "record_repeated": 2}


@pytest.mark.parametrize(
    "details",
    [
        ([entry("one"), entry("two")], [entry("one"), entry("two")]),
        ([entry("one")], [entry("one"), entry("two")]),
        ([entry("one"), entry("two")], [entry("one")]),
        ([entry("one"), entry("two")], None),
        (EXPIRED, [entry("one"), entry("two")]),
    ],
)
def test_a_record_that_repeats_the_log_adds_nothing(details):
    assert lines_of(_logs(*details)[0]) == [(0, "one"), (1, "two")]


def test_expired_counts_more_than_missing():
    assert _logs(EXPIRED, None)[0] == EXPIRED_LOG
    assert _logs(None, EXPIRED)[0] == EXPIRED_LOG
    assert _logs(None, None)[0] == MISSING_LOG


def test_a_log_without_an_id_is_skipped():
    page = decode_logs(body_of({"calls": [{"detail": [entry("one")]}]}))
    assert (page.logs, page.records, page.anomalies) == ({}, 1, {"record_id": 1})


# --- /call ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "log"),
    [([], MISSING_LOG), (None, MISSING_LOG), (EXPIRED, EXPIRED_LOG), (NOT_FOUND, MISSING_LOG)],
)
def test_a_call_without_entries(answer, log):
    assert decode_call(body_of(answer)) == (log, {})


def test_an_unknown_error_is_missing_and_counted():
    assert decode_call(b'{"error": "?"}') == (MISSING_LOG, {"detail_error": 1})


@pytest.mark.parametrize("body", [b"", b"<p>", b"[{}", b'"x"', b"5", b"false", b'{"calls": []}'])
def test_an_answer_that_is_no_log_is_not_understood(body):
    with pytest.raises(NotUnderstood):
        decode_call(body)


def test_the_apis_own_reason_is_read():
    assert decode_error(body_of(NOT_FOUND)) == "No call log was found."
    for body in (b"", b"<html>", b"[]", b"{}", b'{"error": []}'):
        assert decode_error(body) == ""
