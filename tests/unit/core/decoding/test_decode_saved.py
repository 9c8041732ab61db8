"""Saved answers, whichever of the three."""

import pytest
from support.builders.answer_values import RECORD, body_of, entry, lines_of, page_of

from fuse_otel.core.decoding.answers import NotUnderstood
from fuse_otel.core.decoding.saved_calls import decode_saved
from fuse_otel.core.model.call import MISSING_LOG


def test_saved_entries_have_no_record():
    ((record, log),) = decode_saved(body_of([entry("one")]))
    assert record is None
    assert lines_of(log) == [(0, "one")]


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
    ((record, log),) = decode_saved(body_of(wrap([call])))
    assert record == page_of(RECORD).calls[0]
    assert lines_of(log) == [(0, "one")]


def test_saved_records_that_share_an_id_are_one_call():
    calls = [
        {**RECORD, "detail": [entry("one")]},
        {**RECORD, "end": 1529552800, "detail": [entry("two")]},
        5,
        {"detail": []},
    ]
    ((record, log),) = decode_saved(body_of(calls))
    assert record is not None
    assert record.end == 1529552800
    assert lines_of(log) == [(0, "one"), (1, "two")]


def test_a_saved_list_without_details_is_calls_without_logs():
    ((record, log),) = decode_saved(body_of({"calls": [RECORD], "total_calls": 1}))
    assert (record, log) == (page_of(RECORD).calls[0], MISSING_LOG)


@pytest.mark.parametrize("body", [b"[]", b"{}", b'{"calls": []}', b'{"calls": null}'])
def test_a_saved_answer_without_calls_is_empty(body):
    assert decode_saved(body) == []


@pytest.mark.parametrize(
    "body", [b"", b"5", b'{"error": "x"}', b'{"a": 1}', b'{"calls": 5}', b"<p"]
)
def test_a_file_of_something_else_is_not_understood(body):
    with pytest.raises(NotUnderstood):
        decode_saved(body)
