"""What a peer may send to stop a reader: deep nesting, long names, many elements."""

import contextlib
import json
import time

import pytest
from support.builders.answer_values import body_of, entry, lines_of

from fuse_otel.core.decoding.answers import (
    NotUnderstood,
    decode_call,
    decode_calls,
    decode_error,
    decode_logs,
)
from fuse_otel.core.decoding.lenient_json import flattened
from fuse_otel.core.decoding.log_entries import MAX_ENTRIES, joined
from fuse_otel.core.decoding.saved_calls import decode_saved
from fuse_otel.core.model.limits import LONG_NAME, MAX_NAME

DEPTHS = [150, 250, 900, 3_000, 100_000]
OPENING = [("[", "]"), ('{"a":', "}"), ('[{"\\"[":', "}]")]


def nested(depth, opening=("[", "]")):
    return (opening[0] * depth + "null" + opening[1] * depth).encode()


def with_deep_value(body, depth, opening=("[", "]")):
    """The body with a deep value as one more key of the first entry's data."""
    return body.replace(b'"data": {', b'"data": {"deep": ' + nested(depth, opening) + b", ", 1)


@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize("opening", OPENING)
def test_a_deep_value_of_a_log_loses_itself_alone(depth, opening):
    body = json.dumps([entry("one"), entry("two")]).encode()
    log, odd = decode_call(with_deep_value(body, depth, opening))
    assert lines_of(log) == [(0, "one"), (1, "two")]
    assert set(log.entries[1].data) == set(log.entries[0].data) - {"deep"}
    assert set(odd) <= {"depth"}
    assert odd or depth < 1000


@pytest.mark.parametrize("depth", [3_000, 100_000])
@pytest.mark.parametrize("opening", OPENING[:2])
def test_a_log_of_nothing_but_nesting_is_not_understood(depth, opening):
    with pytest.raises(NotUnderstood):
        decode_call(nested(depth, opening))


@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize("opening", OPENING)
def test_a_deep_value_of_a_bulk_page_loses_itself_alone(depth, opening):
    calls = [{"session_id": name, "detail": [entry(name)]} for name in "abc"]
    body = json.dumps({"calls": calls}).encode()
    page = decode_logs(with_deep_value(body, depth, opening))
    assert {name: lines_of(log) for name, log in page.logs.items()} == {
        name: [(0, name)] for name in "abc"
    }
    assert set(page.anomalies) <= {"depth"}


@pytest.mark.parametrize("where", ["start", "type", "surprise", "session_id"])
def test_a_deep_value_of_a_record_leaves_the_other_calls_alone(where):
    calls = [{"session_id": name, "start": 1, "end": 2, "log": True} for name in "abc"]
    deep = json.dumps({**calls[0], where: "%"}).replace('"%"', nested(3000).decode())
    body = json.dumps({"calls": calls}).replace(json.dumps(calls[0]), deep)
    page = decode_calls(body.encode())
    lost = {"a"} if where == "session_id" else set()
    assert {call.session_id for call in page.calls} == {"a", "b", "c"} - lost
    assert page.records == 3


def test_a_deep_value_beside_damaged_text_loses_itself_alone():
    body = json.dumps([entry("one"), entry("%")]).encode().replace(b"%", b"caf\xe9 \\ud800")
    log, odd = decode_call(with_deep_value(body, 3000))
    assert lines_of(log) == [(0, "one"), (1, "caf\ufffd \ufffd")]
    assert set(odd) == {"depth"} | (set(odd) & {"repaired"})


@pytest.mark.parametrize("cut", [1, 50, 2999])
def test_a_deep_value_that_is_cut_off_is_not_understood(cut):
    for read in (decode_call, decode_calls, decode_logs, decode_saved):
        with pytest.raises(NotUnderstood):
            read(b'{"calls": ' + nested(3000)[:-cut] + b"}")


def test_what_is_shallow_stays_as_it_is_and_brackets_in_strings_do_not_count():
    body = json.dumps([["[" * 500, {"a": "]" * 500, "\\": '"['}]] * 3).encode()
    assert flattened(body) == body


def test_logs_of_deep_values_can_be_joined():
    body = json.dumps({"calls": [{"session_id": "a", "detail": [entry("x")]}] * 2}).encode()
    deep = nested(900)
    page = decode_logs(body.replace(b'"data": {', b'"data": {"deep": ' + deep + b", "))
    assert [line for _, line in lines_of(page.logs["a"])] in (["x"], ["x", "x"])
    assert joined(page.logs["a"], page.logs["a"]).count >= 1


@pytest.mark.parametrize("key", ["module_type", "result_variable"])
def test_a_name_longer_than_any_name_is_replaced(key):
    long = entry("x")
    long["event"]["data"][key] = "n" * (MAX_NAME + 1)
    log, odd = decode_call(body_of([long]))
    assert getattr(log.entries[0], key) == LONG_NAME
    assert odd == {"long": 1}
    long["event"]["data"][key] = "n" * MAX_NAME
    assert getattr(decode_call(body_of([long]))[0].entries[0], key) == "n" * MAX_NAME


def test_long_classes_and_numbers_are_replaced():
    log, odd = decode_call(body_of([{**entry("x"), "class": "c" * 10**6}]))
    assert (log.entries[0].log_class, odd) == (LONG_NAME, {"long": 1})
    record = {"session_id": "a", "start": 1, "end": 2, "log": True, "src": "1" * 10**6}
    page = decode_calls(body_of({"calls": [{**record, "dest": "2" * 10**6, "type": "t" * 9999}]}))
    (call,) = page.calls
    assert (call.src, call.dest, call.type) == (LONG_NAME,) * 3
    assert page.anomalies == {"long": 3}


def test_a_long_session_id_stays_whole_because_the_ids_hash_it():
    ids = ["a" * 70_000 + end for end in "xy"]
    page = decode_calls(body_of({"calls": [{"session_id": each} for each in ids]}))
    assert [call.session_id for call in page.calls] == ids


@pytest.mark.slow
def test_a_log_has_at_most_so_many_entries():
    body = b"[" + b",".join([b"{}"] * (MAX_ENTRIES + 5)) + b"]"
    log, odd = decode_call(body)
    assert (len(log.entries), log.count) == (MAX_ENTRIES, MAX_ENTRIES + 5)
    assert odd["list_long"] == 1


@pytest.mark.parametrize("depth", DEPTHS)
def test_a_file_of_nested_pages_is_read_or_not_understood(depth):
    with contextlib.suppress(NotUnderstood):
        decode_saved(b'{"calls": ' * depth + b"[]" + b"}" * depth)


def hostile(size):
    yield b'{"error": "' + b"no details " * (size // 11) + b'"}'
    yield b"[" * size
    yield b'"' + b"\\" * size
    yield b"[" + b'"[",' * (size // 4)
    yield b"<result>" + b"<a>" * (size // 3)
    yield b"<result>" + b"&" * size
    yield b"<" * size
    yield b"NaN," * (size // 4)
    yield b'{"calls": [' + b'{"a":' * (size // 5)


def seconds(data):
    """Of the processor, the least of three tries: other programs only add to it."""
    return min(_seconds(data) for _ in range(3))


def _seconds(data):
    began = time.process_time()
    for read in (decode_call, decode_calls, decode_logs, decode_saved, decode_error):
        with contextlib.suppress(NotUnderstood):
            read(data)
    return time.process_time() - began


@pytest.mark.slow
@pytest.mark.parametrize("number", range(9))
def test_the_time_to_read_grows_with_the_length_alone(number):
    """Ten times the text takes some ten times as long; a quadratic reader takes a hundred times."""
    short, long = (list(hostile(size))[number] for size in (10_000, 100_000))
    assert seconds(long) < 40 * max(seconds(short), 0.005)
