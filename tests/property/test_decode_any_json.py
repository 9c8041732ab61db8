"""Decoding is total: any JSON, and any bytes at all, give values or ``NotUnderstood``."""

import json
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.scale import scaled

from fuse_otel.core.decoding.answers import (
    NotUnderstood,
    decode_call,
    decode_calls,
    decode_error,
    decode_logs,
)
from fuse_otel.core.decoding.lenient_json import repaired
from fuse_otel.core.decoding.saved_calls import decode_saved
from fuse_otel.core.model.call import CallLog, CallRecord, Entry
from fuse_otel.core.model.tally import Anomaly

KINDS = {str(kind) for kind in Anomaly}
KEYS = st.sampled_from(
    [
        *("calls", "total_calls", "error", "session_id", "start", "end", "src", "dest", "type"),
        *("log", "detail", "event", "line", "data", "class", "timestamp"),
        *("module_type", "result_variable", "0", "7"),
    ]
)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(min_value=10**18, max_value=10**60)
    | st.floats()
    | st.text()
    | st.text(st.characters(categories=["Cs", "Cc", "L", "P"]))
    | st.sampled_from(["1529552691", "exit", "There are no call log details available."])
)
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner) | st.dictionaries(KEYS | st.text(), inner), max_leaves=20
)
ENTRY = st.fixed_dictionaries(
    {},
    optional={
        "event": JSON | st.fixed_dictionaries({}, optional={"line": JSON, "data": JSON}),
        "class": JSON,
        "timestamp": JSON,
    },
)
DETAIL = st.lists(ENTRY | JSON) | JSON
CALL = st.fixed_dictionaries(
    {"session_id": st.sampled_from(["a", "b"]) | JSON},
    optional={"detail": DETAIL, **dict.fromkeys(["start", "end", "src", "dest", "log"], JSON)},
)
PAGE = st.fixed_dictionaries({"calls": st.lists(CALL | JSON)}, optional={"total_calls": JSON})

many = settings(max_examples=scaled(60))


def _written(value: object, *, ascii_only: bool) -> bytes:
    return json.dumps(value, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")


def _check_entries(entries: tuple[Entry, ...], count: int) -> None:
    places = [entry.index for entry in entries]
    assert places == sorted(set(places))
    assert all(0 <= place < count for place in places)
    for entry in entries:
        assert isinstance(entry.line, str)
        assert isinstance(entry.log_class, str)
        assert entry.timestamp is None or type(entry.timestamp) is int
        assert entry.module_type is None or entry.module_type != ""
        assert entry.result_variable is None or entry.result_variable != ""
        assert not {"module_type", "result_variable"} & set(entry.data)
        # Nothing that cannot be written as UTF-8 or strict JSON is left.
        json.dumps([entry.line, entry.data], allow_nan=False, ensure_ascii=False).encode()


def _check_log(log: CallLog) -> None:
    _check_entries(log.entries, log.count)


def _check_record(record: CallRecord) -> None:
    assert record.session_id
    for text in (record.session_id, record.src, record.dest, record.type):
        text.encode()
    for time in (record.start, record.end):
        assert time is None or 0 < time < 2**38


@many
@given(PAGE, st.booleans())
def test_a_page_of_anything_is_read(value, ascii_only):
    data = _written(value, ascii_only=ascii_only)
    listed, logs = decode_calls(data), decode_logs(data)
    assert listed.records == logs.records == len(value["calls"])
    assert len(listed.calls) <= listed.records
    assert {record.session_id for record in listed.calls} == set(logs.logs)
    for record in listed.calls:
        _check_record(record)
    for log in logs.logs.values():
        _check_log(log)
    assert set(listed.anomalies) | set(logs.anomalies) <= KINDS


@many
@given(st.lists(ENTRY | JSON), st.booleans())
def test_a_log_of_anything_is_read(value, ascii_only):
    log, anomalies = decode_call(_written(value, ascii_only=ascii_only))
    assert log.count == len(value)
    assert len(log.entries) == sum(isinstance(element, dict) for element in value)
    _check_log(log)
    assert set(anomalies) <= KINDS


@many
@given(JSON | PAGE | st.lists(CALL | JSON))
def test_any_json_in_a_file_is_read_or_not_understood(value):
    try:
        calls = decode_saved(_written(value, ascii_only=False))
    except NotUnderstood:
        return
    for record, log in calls:
        _check_log(log)
        if record is not None:
            _check_record(record)


def _cut_anywhere(page: dict[str, object], place: float) -> bytes:
    whole = _written(page, ascii_only=True)
    return whole[: int(len(whole) * place)]


@many
@given(PAGE, st.floats(0, 0.999))
def test_a_cut_page_is_not_understood(page, place):
    for read in (decode_calls, decode_logs):
        with pytest.raises(NotUnderstood):
            read(_cut_anywhere(page, place))


@many
@given(st.binary() | st.text('{}[]",:\\ud8c0NaN-1e9 ').map(str.encode))
@pytest.mark.parametrize("read", [decode_calls, decode_logs, decode_call, decode_saved])
def test_any_bytes_are_read_or_not_understood(read, data):
    try:
        read(data)
    except NotUnderstood:
        return


@many
@given(st.binary() | JSON.map(lambda value: _written(value, ascii_only=False)))
def test_the_reason_in_any_bytes_is_a_text(data):
    decode_error(data).encode()


@many
@given(JSON)
def test_repairing_what_is_whole_changes_nothing(value):
    data = _written(value, ascii_only=True)
    try:
        strict = json.loads(data, parse_constant=_refuse)
    except ValueError:
        return
    if "\\ud" not in data.decode():
        assert json.loads(repaired(data)) == strict


def _refuse(word: str) -> float:
    raise ValueError(word)


@many
@given(PAGE)
def test_decoding_twice_gives_the_same(page):
    data = _written(page, ascii_only=True)
    assert decode_calls(data) == decode_calls(data)
    assert decode_logs(data) == decode_logs(data)
    assert isinstance(decode_logs(data).anomalies, Counter)
