"""Telemetry of made-up calls, and Hypothesis strategies for any telemetry there can be."""

from hypothesis import strategies as st

from fuse_otel.core.model.call import Direction, LogCompleteness
from fuse_otel.core.model.tally import Tally
from fuse_otel.core.model.telemetry import CallSummary, Link, Span, SpanKind
from support.oracle.telemetry import LogRecord, Telemetry

SECOND = 10**9
NOON = 1_763_467_200 * SECOND  # 2025-11-18T12:00:00Z
TRACE_ID = bytes(range(16))

SUMMARY = CallSummary(
    application="claims line",
    direction=Direction.INBOUND,
    outcome="completed",
    details=LogCompleteness.FULL,
    error=False,
    start=None,
    end=None,
    seconds=0.0,
    modules=(),
    entries={},
)


def make_span(span_id=1, parent_id=0, **changes):
    values = {
        "name": "call claims line",
        "kind": SpanKind.SERVER,
        "start": NOON,
        "end": NOON + 5 * SECOND,
        "attributes": {"session.id": "300060;001;1529552581"},
    }
    return Span(span_id=span_id, parent_id=parent_id, **{**values, **changes})


def make_record(time=NOON, span_id=2, **changes):
    values = {
        "severity_number": 9,
        "severity_text": "INFO",
        "body": "Sending email",
        "attributes": {"session.id": "300060;001;1529552581"},
    }
    return LogRecord(time=time, span_id=span_id, **{**values, **changes})


def make_telemetry(spans=(), records=(), **changes):
    values = {"trace_id": TRACE_ID, "resource": {"service.name": "claims line"}}
    return Telemetry(
        spans=list(spans),
        records=list(records),
        summary=SUMMARY,
        tally=Tally(),
        **{**values, **changes},
    )


valid_texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
long_texts = st.integers(0, 20_000).map(lambda size: "x" * size)
any_texts = st.text(max_size=40)
int64s = st.integers(-(2**63), 2**63 - 1)
fixed64s = st.integers(0, 2**64 - 1)


def _attributes(texts, integers):
    values = st.one_of(
        texts, st.booleans(), integers, st.integers(0, 2), st.floats(), st.lists(texts).map(tuple)
    )
    return st.dictionaries(texts, values, max_size=8)


def _spans(texts, attributes, times):
    ids = st.integers(0, 2**64 - 1)
    links = st.lists(
        st.builds(Link, st.binary(min_size=16, max_size=16), st.binary(min_size=8, max_size=8)),
        max_size=2,
    )
    return st.builds(
        Span,
        span_id=ids,
        parent_id=ids,
        name=texts,
        kind=st.sampled_from(SpanKind),
        start=times,
        end=times,
        attributes=attributes,
        error=st.booleans(),
        message=texts,
        links=links.map(tuple),
    )


def _records(texts, attributes, times, severities):
    return st.builds(
        LogRecord,
        time=times,
        span_id=st.integers(0, 2**64 - 1),
        severity_number=severities,
        severity_text=texts,
        body=texts,
        attributes=attributes,
        event_name=texts,
    )


def telemetries(*, broken=False):
    """Telemetry that OTLP can carry as it is; with ``broken`` also what it cannot."""
    texts = any_texts if broken else st.one_of(valid_texts, long_texts)
    integers = st.integers(-(2**200), 2**200) if broken else int64s
    times = st.integers(-(2**70), 2**70) if broken else fixed64s
    severities = st.integers(-(2**40), 2**40) if broken else st.integers(0, 24)
    attributes = _attributes(texts, integers)
    return st.builds(
        make_telemetry,
        spans=st.lists(_spans(texts, attributes, times), max_size=4),
        records=st.lists(_records(texts, attributes, times, severities), max_size=6),
        trace_id=st.binary(min_size=16, max_size=16),
        resource=attributes,
    )
