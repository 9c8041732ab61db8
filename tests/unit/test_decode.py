"""The three answers, whole and odd."""

import json

import pytest

from fuse_otel.core.call import EXPIRED_LOG, MISSING_LOG, CallLog, LogState
from fuse_otel.core.decode import (
    NotUnderstood,
    decode_call,
    decode_calls,
    decode_error,
    decode_logs,
    decode_saved,
)

EXPIRED = {"error": "There are no call log details available for this call."}
NOT_FOUND = {"error": "No call log was found."}
RECORD = {
    "dest": "8009957586",
    "src": "2125551234",
    "start": 1529552691,
    "end": 1529552697,
    "session_id": "300060;001;1529552581",
    "type": "inbound",
    "log": True,
}


def entry(line: str, module: str = "prompt") -> dict[str, object]:
    data = {"module_type": module, "result_variable": "var_0"}
    return {"event": {"line": line, "data": data}, "class": "info", "timestamp": 1529552692}


def _bytes(value: object) -> bytes:
    return json.dumps(value).encode()


def _calls(*records: object, **more: object):
    return decode_calls(_bytes({"calls": records, "total_calls": len(records), **more}))


def _logs(*details: object, session_id: str = "a") -> tuple[CallLog, dict[str, int]]:
    """What ``/all_logs`` says of one call that has a record for each of ``details``."""
    records = [{"session_id": session_id, "detail": detail} for detail in details]
    page = decode_logs(_bytes({"calls": records}))
    assert page.records == len(details)
    (log,) = page.logs.values()
    return log, dict(page.anomalies)


def _lines(log: CallLog) -> list[tuple[int, str]]:
    return [(found.index, found.line) for found in log.entries]


# --- /calls ---------------------------------------------------------------------------------------


def test_a_listed_call():
    page = _calls(RECORD)
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
    assert _calls(odd, total_calls="1") == _calls(RECORD)


def test_a_record_shows_no_number():
    assert "2125551234" not in repr(_calls(RECORD))


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
def test_only_a_clear_no_says_that_there_is_no_log(value, logged, odd):
    page = _calls({**RECORD, "log": value})
    assert (page.calls[0].logged, page.anomalies) == (logged, odd)


@pytest.mark.parametrize("key", ["start", "end"])
@pytest.mark.parametrize("value", [None, 0, "soon", []])
def test_an_unreadable_time_is_absent_and_counted(key, value):
    page = _calls({**RECORD, key: value})
    assert getattr(page.calls[0], key) is None
    assert page.anomalies == {"record_time": 1}


def test_unreadable_party_and_type_are_empty():
    (call,) = _calls({**RECORD, "src": None, "dest": [], "type": {}}).calls
    assert (call.src, call.dest, call.type) == ("", "", "")


@pytest.mark.parametrize("value", [None, "", [], {}, True])
def test_a_record_without_an_id_is_counted_as_a_record_and_skipped(value):
    page = _calls(RECORD, {**RECORD, "session_id": value})
    assert (len(page.calls), page.records, page.anomalies) == (1, 2, {"record_id": 1})


def test_a_numeric_id_is_its_digits():
    assert _calls({**RECORD, "session_id": 17}).calls[0].session_id == "17"


@pytest.mark.parametrize("value", [None, 5, "text", [], [RECORD]])
def test_an_element_that_is_no_object_is_counted_and_skipped(value):
    page = _calls(value, RECORD)
    assert (len(page.calls), page.records) == (1, 2)
    assert page.anomalies["record"] == 1


def test_of_records_that_share_an_id_the_one_that_ends_last_stays():
    later = {**RECORD, "end": 1529552800, "type": "transfer"}
    for order in ([RECORD, later], [later, RECORD], [later, {**RECORD, "end": None}]):
        page = _calls(*order)
        assert [call.type for call in page.calls] == ["transfer"]
        assert page.records == 2
        assert page.anomalies["record_repeated"] == 1


@pytest.mark.parametrize("value", [-1, "many", [], True])
def test_a_total_that_is_no_count_is_none(value):
    page = _calls(RECORD, total_calls=value)
    assert (page.total, page.anomalies) == (None, {"total": 1})


def test_an_absent_total_is_none():
    page = decode_calls(_bytes({"calls": []}))
    assert (page.calls, page.records, page.total, page.anomalies) == ((), 0, None, {})


def test_an_array_with_holes_in_its_numbering_comes_as_an_object():
    page = decode_calls(_bytes({"calls": {"3": RECORD, "7": {**RECORD, "session_id": "b"}}}))
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
    b'{"calls": [' + b"[" * 100_000 + b"]" * 100_000 + b"]}",
]


@pytest.mark.parametrize("body", NO_ANSWER, ids=lambda body: body[:24].decode())
@pytest.mark.parametrize("read", [decode_calls, decode_logs])
def test_an_answer_that_is_no_list_of_calls_is_not_understood(read, body):
    with pytest.raises(NotUnderstood) as caught:
        read(body)
    assert "database" not in str(caught.value)
    assert "Bad Gateway" not in str(caught.value)


# --- damaged text ---------------------------------------------------------------------------------


def _line(written: bytes) -> bytes:
    return _bytes({"calls": [{"session_id": "a", "detail": [entry("%")]}]}).replace(b"%", written)


@pytest.mark.parametrize(
    ("written", "line"),
    [
        (rb"\ud83d\ude00", "\U0001f600"),
        (rb"x \ud800 y", "x \ufffd y"),
        (rb"\udc00\ud800", "\ufffd\ufffd"),
        (rb"\ud800\ud83d\ude00", "\ufffd\U0001f600"),
        (rb"\\ud800 \ud800", "\\ud800 \ufffd"),
        (b"caf\xe9", "caf\ufffd"),
        (rb"\" NaN \ud800 Infinity", '" NaN \ufffd Infinity'),
        (b"tab\tand\nline", "tab\tand\nline"),
        (b"NaN \x01", "NaN \x01"),
    ],
)
def test_a_line_of_damaged_text_is_repaired(written, line):
    page = decode_logs(_line(written))
    assert [found.line for found in page.logs["a"].entries] == [line]
    assert sum(page.anomalies.values()) == page.anomalies["repaired"]


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity", "1e999", "1" * 5000])
def test_a_number_that_is_none_becomes_null(value):
    body = _bytes([entry("line")]).replace(
        b'"module_type"', b'"x": ' + value.encode() + b', "module_type"'
    )
    log, odd = decode_call(body)
    assert dict(log.entries[0].data) == {"x": None}
    assert odd == {"repaired": 1}


def test_a_number_too_large_spoils_its_own_call_alone():
    body = _bytes({"calls": [{"session_id": "a", "detail": [entry("x")]}, {"session_id": "b"}]})
    page = decode_logs(body.replace(b"1529552692", b"1e999"))
    assert page.logs["a"].entries[0].timestamp is None
    assert page.anomalies == {"repaired": 1, "entry_time": 1}


def test_a_call_that_is_beyond_repair_spoils_itself_alone():
    deep = "[" * 900 + "]" * 900
    body = f'{{"calls": [{{"session_id": "a", "end": 1e999, "x": {deep}}}, {{"session_id": "b"}}]}}'
    assert set(decode_logs(body.encode()).logs) == {"a", "b"}


def test_a_byte_order_mark_is_taken_off():
    body = b"\xef\xbb\xbf" + _bytes([entry("line")])
    assert _lines(decode_call(body)[0]) == [(0, "line")]
    assert [log.count for _, log in decode_saved(body)] == [1]


def test_repairing_takes_one_pass_over_a_cut_text():
    # Quadratic work on half a megabyte of escapes would meet the suite's own time limit.
    with pytest.raises(NotUnderstood):
        decode_call(b'[NaN, "' + rb"\"" * 250_000)


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
def test_what_stands_where_entries_are_due(detail, log, odd):
    assert _logs(detail) == (log, odd)


def test_a_record_without_details_is_missing():
    assert decode_logs(b'{"calls": [{"session_id": "a"}]}').logs == {"a": MISSING_LOG}


def test_a_log_that_holds_nothing_readable_is_present():
    assert _logs([5])[0] == CallLog(LogState.PRESENT, (), 1)


def test_entries_with_holes_in_their_numbering_come_as_an_object():
    log, odd = _logs({"4": entry("one"), "9": entry("two")})
    assert (_lines(log), odd) == ([(0, "one"), (1, "two")], {"list_is_object": 1})


def test_logs_of_records_that_share_an_id_are_joined_in_order():
    log, odd = _logs([entry("one"), None], [entry("two")], [entry("three")])
    assert _lines(log) == [(0, "one"), (2, "two"), (3, "three")]
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
    assert _lines(_logs(*details)[0]) == [(0, "one"), (1, "two")]


def test_that_a_log_expired_outweighs_that_it_is_missing():
    assert _logs(EXPIRED, None)[0] == EXPIRED_LOG
    assert _logs(None, EXPIRED)[0] == EXPIRED_LOG
    assert _logs(None, None)[0] == MISSING_LOG


def test_a_log_without_an_id_is_skipped():
    page = decode_logs(_bytes({"calls": [{"detail": [entry("one")]}]}))
    assert (page.logs, page.records, page.anomalies) == ({}, 1, {"record_id": 1})


# --- /call ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "log"),
    [([], MISSING_LOG), (None, MISSING_LOG), (EXPIRED, EXPIRED_LOG), (NOT_FOUND, MISSING_LOG)],
)
def test_a_call_without_entries(answer, log):
    assert decode_call(_bytes(answer)) == (log, {})


def test_an_unknown_error_is_missing_and_counted():
    assert decode_call(b'{"error": "?"}') == (MISSING_LOG, {"detail_error": 1})


@pytest.mark.parametrize("body", [b"", b"<p>", b"[{}", b'"x"', b"5", b"false", b'{"calls": []}'])
def test_an_answer_that_is_no_log_is_not_understood(body):
    with pytest.raises(NotUnderstood):
        decode_call(body)


def test_the_apis_own_reason_is_read():
    assert decode_error(_bytes(NOT_FOUND)) == "No call log was found."
    for body in (b"", b"<html>", b"[]", b"{}", b'{"error": []}'):
        assert decode_error(body) == ""


# --- saved files ----------------------------------------------------------------------------------


def test_saved_entries_have_no_record():
    ((record, log),) = decode_saved(_bytes([entry("one")]))
    assert record is None
    assert _lines(log) == [(0, "one")]


@pytest.mark.parametrize(
    "wrap",
    [
        lambda calls: {"calls": calls},
        lambda calls: {"calls": {str(n + 3): call for n, call in enumerate(calls)}},
        lambda calls: calls,
        lambda calls: calls[0],
    ],
)
def test_saved_calls_have_record_and_log(wrap):
    call = {**RECORD, "start": "1529552691", "detail": [entry("one")]}
    del call["log"]
    ((record, log),) = decode_saved(_bytes(wrap([call])))
    assert record == _calls(RECORD).calls[0]
    assert _lines(log) == [(0, "one")]


def test_saved_records_that_share_an_id_are_one_call():
    calls = [
        {**RECORD, "detail": [entry("one")]},
        {**RECORD, "end": 1529552800, "detail": [entry("two")]},
        5,
        {"detail": []},
    ]
    ((record, log),) = decode_saved(_bytes(calls))
    assert record is not None
    assert record.end == 1529552800
    assert _lines(log) == [(0, "one"), (1, "two")]


def test_a_saved_list_without_details_is_calls_without_logs():
    ((record, log),) = decode_saved(_bytes({"calls": [RECORD], "total_calls": 1}))
    assert (record, log) == (_calls(RECORD).calls[0], MISSING_LOG)


@pytest.mark.parametrize("body", [b"[]", b"{}", b'{"calls": []}', b'{"calls": null}'])
def test_a_saved_answer_without_calls_is_empty(body):
    assert decode_saved(body) == []


@pytest.mark.parametrize(
    "body", [b"", b"5", b'{"error": "x"}', b'{"a": 1}', b'{"calls": 5}', b"<p"]
)
def test_a_file_of_something_else_is_not_understood(body):
    with pytest.raises(NotUnderstood):
        decode_saved(body)
