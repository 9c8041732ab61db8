"""Trees from OTLP/JSON: complete requests, joined ones, halves, and files somebody edited."""

from hypothesis import given
from hypothesis import strategies as st
from support.builders.telemetry_values import (
    NOON,
    SECOND,
    TRACE_ID,
    make_record,
    make_span,
    make_telemetry,
)
from support.oracle.writer import encode_logs, encode_traces

from fuse_otel.core.encoding.otlp_json import logs_json, traces_json
from fuse_otel.core.model.telemetry import Profile, SpanKind
from fuse_otel.views.call_tree import call_trees

SESSION = "300060;001;1529552581"


def record(index, span_id, second, **changes):
    attributes = {"session.id": SESSION, "log.record.uid": f"{TRACE_ID.hex()}-{index}"}
    return make_record(NOON + second * SECOND, span_id, attributes=attributes, **changes)


def module_span(span_id, name, start, end, **changes):
    times = {"start": NOON + start * SECOND, "end": NOON + end * SECOND}
    return make_span(span_id, 1, name=name, **{"kind": SpanKind.INTERNAL, **times, **changes})


CALL = make_telemetry(
    spans=[
        make_span(1, error=True, attributes={"session.id": SESSION, "fuse.call.outcome": "hangup"}),
        module_span(2, "start start", 0, 1),
        module_span(3, "rest lookup", 1, 4, kind=SpanKind.CLIENT, error=True),
        module_span(4, "exit hangup", 4, 5),
    ],
    records=[
        record(0, 2, 0, body="Executing"),
        record(1, 3, 1, body="Asking"),
        record(2, 3, 4, body="Timed out", severity_number=17, severity_text="ERROR"),
    ],
)


def traces(*calls):
    return traces_json(b"".join(map(encode_traces, calls)))


def logs(*calls):
    return logs_json(b"".join(encode_logs(call, Profile.GENERIC, "") for call in calls))


def test_a_call_is_its_executions_with_their_records_in_order():
    (tree,) = call_trees(traces(CALL), logs(CALL))
    assert (tree.trace_id, tree.session_id) == (TRACE_ID.hex(), SESSION)
    assert (tree.name, tree.error) == ("call claims line", True)
    assert (tree.start, tree.end) == (NOON, NOON + 5 * SECOND)
    assert tree.resource == {"service.name": "claims line"}
    assert tree.attributes["fuse.call.outcome"] == "hangup"
    assert [(e.name, e.kind, e.error) for e in tree.executions] == [
        ("start start", 1, False),
        ("rest lookup", 3, True),
        ("exit hangup", 1, False),
    ]
    assert [[r.body for r in e.records] for e in tree.executions] == [
        ["Executing"],
        ["Asking", "Timed out"],
        [],
    ]
    last = tree.executions[1].records[1]
    assert (last.time, last.severity_number, last.severity_text) == (NOON + 4 * SECOND, 17, "ERROR")
    assert tree.records == ()


def test_a_call_that_was_written_twice_is_shown_once():
    assert call_trees(traces(CALL, CALL), logs(CALL, CALL)) == call_trees(traces(CALL), logs(CALL))


def test_growth_that_was_sent_later_joins_its_call():
    growth = make_telemetry(
        [module_span(9, "survey mood", 2, 3)], [record(3, 9, 2, body="Asking the mood")]
    )
    (tree,) = call_trees(traces(growth, CALL), logs(CALL, growth))
    names = [execution.name for execution in tree.executions]
    assert names == ["start start", "rest lookup", "survey mood", "exit hangup"]
    assert tree.executions[2].records[0].body == "Asking the mood"
    assert tree.name == "call claims line"


def test_calls_come_in_the_order_they_are_met():
    other = make_telemetry([make_span(1, name="call other")], trace_id=bytes(16))
    assert [tree.name for tree in call_trees(traces(other, CALL), {})] == [
        "call other",
        "call claims line",
    ]


def test_logs_alone_make_a_call_of_records():
    (tree,) = call_trees({}, logs(CALL))
    assert (tree.name, tree.session_id, tree.error) == ("call", SESSION, False)
    assert (tree.start, tree.end) == (NOON, NOON + 4 * SECOND)
    assert [each.body for each in tree.records] == ["Executing", "Asking", "Timed out"]
    assert tree.resource == {"service.name": "claims line"}


def test_executions_without_a_root_take_their_envelope():
    growth = make_telemetry([module_span(9, "survey mood", 2, 3)])
    (tree,) = call_trees(traces(growth), {})
    assert (tree.start, tree.end) == (NOON + 2 * SECOND, NOON + 3 * SECOND)


def test_values_of_every_kind_are_read():
    value = {
        "kvlistValue": {
            "values": [
                {"key": "list", "value": {"arrayValue": {"values": [{"stringValue": "a"}]}}},
                {"key": "int", "value": {"intValue": "-7"}},
                {"key": "number", "value": {"intValue": 8}},
                {"key": "double", "value": {"doubleValue": 0.5}},
                {"key": "bool", "value": {"boolValue": True}},
                {"key": "bytes", "value": {"bytesValue": "AAE="}},
                {"key": "nothing", "value": {}},
                {"key": "no number", "value": {"intValue": "seven"}},
            ]
        }
    }
    span = {"traceId": "ab", "attributes": [{"key": "all", "value": value}]}
    (tree,) = call_trees({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}, {})
    assert tree.attributes["all"] == {
        "list": ("a",),
        "int": -7,
        "number": 8,
        "double": 0.5,
        "bool": True,
        "bytes": "AAE=",
        "nothing": None,
        "no number": 0,
    }


def test_values_nested_absurdly_are_cut_off():
    value = {"stringValue": "deep"}
    for _ in range(2000):
        value = {"arrayValue": {"values": [value]}}
    span = {"traceId": "ab", "attributes": [{"key": "deep", "value": value}]}
    (tree,) = call_trees({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}, {})
    assert "deep" not in str(tree.attributes["deep"])


NAMES = st.sampled_from(
    ["resourceSpans", "scopeSpans", "spans", "resourceLogs", "scopeLogs", "logRecords", "traceId",
     "spanId", "parentSpanId", "status", "code", "attributes", "key", "value", "stringValue",
     "intValue", "arrayValue", "values", "startTimeUnixNano", "body", "resource"]
)  # fmt: skip
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=4)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(NAMES, inner)),
    max_leaves=12,
)


@given(JSON, JSON)
def test_json_of_any_shape_is_no_error(span, record):
    call_trees(
        {"resourceSpans": [{"resource": record, "scopeSpans": [{"spans": [span]}]}]},
        {"resourceLogs": [{"resource": span, "scopeLogs": [{"logRecords": [record]}]}]},
    )
    for odd in (span, record):
        if isinstance(odd, dict):
            assert isinstance(call_trees(odd, odd), list)
