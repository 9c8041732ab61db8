"""Records that are as documented are decoded at once, all others value by value: the same calls."""

from itertools import product

import msgspec
import pytest
from support.builders.answer_values import RECORD, body_of

from fuse_otel.core.decoding.answers import RawRecord, call_record, decode_calls
from fuse_otel.core.model.tally import Tally

ODD = {
    "session_id": ["", 7, None, True, "\u00e9" * 300, "s\u0000"],
    "start": ["1529552691", 0, -1, 1.0, 1.5, None, True, 253_402_300_800, 10**30, "", "soon"],
    "end": ["1529552697", 0, 253_402_300_799, 1e9, False, [1]],
    "src": ["", None, 5005550100, "x" * 5000, {"a": 1}],
    "dest": ["Outbound", 8005550111.0, "9" * 5000],
    "type": ["inbound", False, "t" * 100_000],
    "log": [True, False, 1, 0, "no", "perhaps", None],
}


def value_by_value(record):
    tally = Tally()
    raw = msgspec.json.decode(body_of(record), type=RawRecord)
    return call_record(raw, tally), dict(+tally.anomalies)


def page_of(*records):
    page = decode_calls(body_of({"calls": list(records), "total_calls": len(records)}))
    return page, dict(+page.anomalies)


@pytest.mark.parametrize("field", ODD)
def test_a_record_is_the_same_call_in_both_ways(field):
    for value in ODD[field]:
        record = {**RECORD, field: value}
        page, anomalies = page_of(record)
        call, expected = value_by_value(record)
        assert (list(page.calls), anomalies) == ([call] if call else [], expected)


@pytest.mark.parametrize("field", ODD)
def test_a_record_without_a_field_is_the_same_call_in_both_ways(field):
    record = {name: value for name, value in RECORD.items() if name != field}
    page, anomalies = page_of(record)
    call, expected = value_by_value(record)
    assert (list(page.calls), anomalies) == ([call] if call else [], expected)


def test_one_odd_record_leaves_the_others_as_they_are():
    odd = {**RECORD, "session_id": "odd", "start": "1529552691", "log": "yes"}
    for order in product([RECORD, odd], repeat=2):
        page, anomalies = page_of(*order)
        assert {call.session_id for call in page.calls} == {each["session_id"] for each in order}
        assert (page.records, sum(anomalies.values())) == (2, order[0] is order[1])
