"""A line of the log as text."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fuse_otel.instrumentation.log_line import json_line, logfmt, timestamp


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"msg": "poll done", "account": "main"}, 'msg="poll done" account=main'),
        (
            {"n": 0, "seconds": 0.5, "up": True, "down": False},
            "n=0 seconds=0.500 up=true down=false",
        ),
        ({"absent": None, "empty": ""}, 'empty=""'),
        ({"reason": 'it said "no"'}, r'reason="it said \"no\""'),
        ({"path": "a\\b"}, r'path="a\\b"'),
        ({"query": "a=b"}, 'query="a=b"'),
        ({"reason": "two\nlines\r\tand\x1bmore"}, r'reason="two\nlines\r\tand\u001bmore"'),
        ({"reason": "line\u2028separator"}, r'reason="line\u2028separator"'),
        ({"name": "größe"}, "name=größe"),
        ({"name": "\ud800"}, r'name="\\ud800"'),
    ],
)
def test_logfmt(fields, text):
    assert logfmt(fields) == text


def test_json_keeps_types_and_drops_what_is_absent():
    line = json_line({"msg": "größe", "n": 3, "seconds": 0.12345, "up": True, "none": None})
    assert line == '{"msg": "größe", "n": 3, "seconds": 0.123, "up": true}'


@given(st.dictionaries(st.from_regex(r"[a-z]{1,8}", fullmatch=True), st.text()))
def test_any_text_is_one_line_in_both_forms(fields):
    for written in (logfmt(fields), json_line(fields)):
        assert "\n" not in written
        assert "\r" not in written
        written.encode()


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_json_gives_back_what_it_was_given(text):
    assert json.loads(json_line({"reason": text})) == {"reason": text}


def test_time_is_utc_with_milliseconds():
    assert timestamp(1_790_000_000.0419) == "2026-09-21T14:13:20.041Z"
    assert timestamp(0) == "1970-01-01T00:00:00.000Z"
