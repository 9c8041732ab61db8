"""Damaged text: bytes that are no JSON, or no UTF-8."""

import pytest
from support.builders.answer_values import body_of, entry, lines_of

from fuse_otel.core.decoding.answers import NotUnderstood, decode_call, decode_logs
from fuse_otel.core.decoding.saved_calls import decode_saved


def _line(written: bytes) -> bytes:
    return body_of({"calls": [{"session_id": "a", "detail": [entry("%")]}]}).replace(b"%", written)


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
        (rb"a\x41 it\'s \u12G4 \u", "a\\x41 it\\'s \\u12G4 \\u"),
        (b"line\\\nfeed", "line\\\nfeed"),
    ],
)
def test_a_line_of_damaged_text_is_repaired(written, line):
    page = decode_logs(_line(written))
    assert [found.line for found in page.logs["a"].entries] == [line]
    assert sum(page.anomalies.values()) == page.anomalies["repaired"]


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity", "1e999", "1" * 5000])
def test_a_number_that_is_none_becomes_null(value):
    body = body_of([entry("line")]).replace(
        b'"module_type"', b'"x": ' + value.encode() + b', "module_type"'
    )
    log, odd = decode_call(body)
    assert dict(log.entries[0].data) == {"x": None}
    assert odd == {"repaired": 1}


def test_a_number_too_large_spoils_its_own_call_alone():
    body = body_of({"calls": [{"session_id": "a", "detail": [entry("x")]}, {"session_id": "b"}]})
    page = decode_logs(body.replace(b"1529552692", b"1e999"))
    assert page.logs["a"].entries[0].timestamp is None
    assert page.anomalies == {"repaired": 1, "entry_time": 1}


def test_a_call_that_is_beyond_repair_spoils_itself_alone():
    deep = "[" * 900 + "]" * 900
    body = f'{{"calls": [{{"session_id": "a", "end": 1e999, "x": {deep}}}, {{"session_id": "b"}}]}}'
    assert set(decode_logs(body.encode()).logs) == {"a", "b"}


def test_a_byte_order_mark_is_taken_off():
    body = b"\xef\xbb\xbf" + body_of([entry("line")])
    assert lines_of(decode_call(body)[0]) == [(0, "line")]
    assert [log.count for _, log in decode_saved(body)] == [1]


def test_repairing_takes_one_pass_over_a_cut_text():
    # Quadratic work on two megabytes of escapes would meet the suite's own time limit.
    with pytest.raises(NotUnderstood):
        decode_call(b'[NaN, "' + rb"\"" * 1_000_000)
