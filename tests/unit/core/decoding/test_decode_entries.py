"""One entry of a log, as odd as it may come."""

import json

import pytest

from fuse_otel.core.decoding.answers import NotUnderstood, decode_call
from fuse_otel.core.model.call import Entry, LogState

PLAIN = {
    "event": {
        "line": "User input: 6 (dtmf)",
        "data": {"module_type": "number", "result_variable": "X", "language": "en-US"},
    },
    "class": "event",
    "timestamp": 1575898405,
}
ENTRY = Entry(
    index=0,
    log_class="event",
    line="User input: 6 (dtmf)",
    timestamp=1575898405,
    module_type="number",
    result_variable="X",
    data={"language": "en-US"},
)


def _changed(**changes: object) -> dict[str, object]:
    """``PLAIN`` with other values; ``event__line`` reaches inside, ``...`` takes away."""
    changed = json.loads(json.dumps(PLAIN))
    for path, value in changes.items():
        *parents, name = path.replace("class_", "class").split("__")
        holder = changed
        for parent in parents:
            holder = holder[parent]
        if value is ...:
            del holder[name]
        else:
            holder[name] = value
    return changed


def _read(*elements: object) -> tuple[tuple[Entry, ...], dict[str, int]]:
    log, anomalies = decode_call(json.dumps(elements).encode())
    assert log.state is LogState.PRESENT
    assert log.count == len(elements)
    return log.entries, dict(anomalies)


def test_an_entry_as_documented():
    assert _read(PLAIN) == ((ENTRY,), {})


@pytest.mark.parametrize("stamp", ["1575898405", 1575898405.7, "1575898405.7"])
def test_a_time_in_another_spelling_is_the_same_time(stamp):
    assert _read(_changed(timestamp=stamp)) == ((ENTRY,), {})


@pytest.mark.parametrize("stamp", [..., None, 0, -5, "", "now", True, [], {}, 1e300, 10**30])
def test_a_time_that_is_none_is_absent_and_counted(stamp):
    (entry,), odd = _read(_changed(timestamp=stamp))
    assert (entry.timestamp, odd) == (None, {"entry_time": 1})


@pytest.mark.parametrize(("value", "name"), [(5, "5"), (True, "true"), (0.5, "0.5")])
def test_a_module_type_that_is_a_number_becomes_text(value, name):
    (entry,), odd = _read(_changed(event__data__module_type=value))
    assert (entry.module_type, odd) == (name, {})


@pytest.mark.parametrize("value", [..., None, "", [], {}, ["prompt"]])
@pytest.mark.parametrize("key", ["module_type", "result_variable"])
def test_a_module_without_a_readable_name_is_counted(key, value):
    (entry,), odd = _read(_changed(**{f"event__data__{key}": value}))
    assert getattr(entry, key) is None
    assert "module_type" not in entry.data
    assert "result_variable" not in entry.data
    assert odd == {"entry_module": 1}


@pytest.mark.parametrize(("value", "line"), [(5, "5"), (False, "false")])
def test_a_line_that_is_a_number_becomes_text(value, line):
    (entry,), odd = _read(_changed(event__line=value))
    assert (entry.line, odd) == (line, {})


@pytest.mark.parametrize("value", [..., None, [], {"a": 1}])
def test_a_line_that_is_no_text_is_empty_and_counted(value):
    (entry,), odd = _read(_changed(event__line=value))
    assert (entry.line, odd) == ("", {"entry_line": 1})


@pytest.mark.parametrize("value", [..., None, [], {}])
def test_a_class_that_is_no_text_is_empty_and_counted(value):
    (entry,), odd = _read(_changed(class_=value))
    assert (entry.log_class, odd) == ("", {"entry_class": 1})


def test_phps_empty_array_is_an_empty_object():
    (entry,), odd = _read(_changed(event__data=[]))
    assert (entry.data, odd) == ({}, {"entry_module": 1})


@pytest.mark.parametrize("value", [..., None, 5, "text", [1]])
def test_data_of_another_shape_is_empty_and_counted(value):
    (entry,), odd = _read(_changed(event__data=value))
    assert (entry.data, odd) == ({}, {"entry_data": 1, "entry_module": 1})
    assert entry.line == ENTRY.line


@pytest.mark.parametrize("value", [..., None, 5, "text", [], [PLAIN["event"]], False, 0.5])
def test_an_event_of_another_shape_leaves_class_and_time(value):
    (entry,), odd = _read(_changed(event=value))
    assert (entry.log_class, entry.timestamp, entry.line) == ("event", 1575898405, "")
    assert odd == {"entry_event": 1, "entry_module": 1}


def test_an_element_that_is_no_object_is_skipped_but_counts_for_the_place():
    entries, odd = _read(None, PLAIN, [], "text", 5, 0.5, [PLAIN], PLAIN)
    assert [entry.index for entry in entries] == [1, 7]
    assert odd == {"entry": 6}


def test_of_duplicate_keys_the_last_counts():
    text = json.dumps([PLAIN])[:-2] + ', "timestamp": "7", "class": "info"}]'
    log, _ = decode_call(text.encode())
    assert (log.entries[0].timestamp, log.entries[0].log_class) == (7, "info")


def test_an_entry_shows_nothing_of_the_caller():
    assert repr(ENTRY) == "Entry(0)"


def test_unknown_keys_are_kept_in_data_alone():
    (entry,), odd = _read(_changed(surprise=1, event__surprise=2, event__data__surprise=[3]))
    assert (dict(entry.data), odd) == ({"language": "en-US", "surprise": [3]}, {})


def test_nesting_that_is_cut_off_is_not_understood():
    with pytest.raises(NotUnderstood):
        decode_call(b"[" * 100_000)
