"""A call and its entries as OpenTelemetry: one trace, a span for each execution, a log record for
each entry, and the few numbers that the metrics count.

Total: every call has a translation, and nothing is raised. Pure: the same call and
options give the same values.
"""

from __future__ import annotations

from fuse_otel.core.model import semconv
from fuse_otel.core.model.bounded_table import BoundedTable
from fuse_otel.core.model.call import CallLog, ListedCall, LogCompleteness
from fuse_otel.core.model.ids import CallIds
from fuse_otel.core.model.options import ModelOptions
from fuse_otel.core.model.tally import Anomaly, Tally
from fuse_otel.core.model.telemetry import Value
from fuse_otel.core.redaction.redactor import Redactor
from fuse_otel.core.translation.attribute_limits import limited
from fuse_otel.core.translation.compiled_runs import compiled_run
from fuse_otel.core.translation.module_span import error_type
from fuse_otel.core.translation.timeline import Timeline, build_timeline
from fuse_otel.core.translation.translate import outcome, resource, root_span, service_name, summary
from support.oracle.telemetry import LogRecord, Telemetry

INFO = (9, "INFO")
SEVERITIES = {
    "debug": (5, "DEBUG"),
    "info": INFO,
    "prompt": INFO,
    "event": INFO,
    "error": (17, "ERROR"),
}
_EVENTS = {"prompt": semconv.EVENT_PROMPT, "event": semconv.EVENT_EVENT}


_EMPTY = BoundedTable(0, 0)


class _NoTable:
    """Keeps no entry."""

    def key(self, _read, _own_id=b""):
        return None

    def get(self, _key):
        return None

    def same(self, redacted, _names):
        return redacted


def transform(
    call: ListedCall,
    log: CallLog,
    details: LogCompleteness,
    options: ModelOptions,
    sent_entries: int | None = None,
) -> Telemetry:
    """``sent_entries``: the call was sent before, with so many elements of the API's array. Then
    the result has only new records and completely new executions, marked late.
    """
    tally = Tally(notes=[] if options.explain else None)
    redactor = Redactor(call, options, _NoTable())
    timeline = build_timeline(call, log, details, redactor, tally, sent_entries or 0)
    ids = CallIds(options.namespace, call.session_id)
    name, version = timeline.application or (None, None)
    service = service_name(call, name, options)
    ended = outcome(timeline)
    root = root_span(timeline, ended, ids, service, options, tally)
    new = [_is_new(timeline, number, sent_entries) for number in range(len(timeline.executions))]
    executions = [
        compiled_run(
            timeline, number, ids, options, tally, _EMPTY, late=late and sent_entries is not None
        )
        for number, late in enumerate(new)
    ]
    spans = [run.span for run in executions]
    sent_again = [span for span, late in zip(spans, new, strict=True) if late]
    return Telemetry(
        trace_id=ids.trace_id,
        resource=resource(service, version, options),
        spans=[root, *spans] if sent_entries is None else sent_again,
        records=_records(timeline, ids, options, tally, sent_entries or 0),
        summary=summary(timeline, ended, service, root, executions, options.error_policy),
        tally=tally,
    )


def _is_new(timeline: Timeline, number: int, sent_entries: int | None) -> bool:
    first = timeline.entries[timeline.executions[number].places[0]]
    return sent_entries is None or first.index >= sent_entries


def _records(
    timeline: Timeline, ids: CallIds, options: ModelOptions, tally: Tally, first: int
) -> list[LogRecord]:
    return [
        log_record(timeline, place, number, ids, options, tally)
        for number, run in enumerate(timeline.executions)
        for place in run.places
        if timeline.entries[place].index >= first
    ]


def log_record(
    timeline: Timeline, place: int, number: int, ids: CallIds, options: ModelOptions, tally: Tally
) -> LogRecord:
    """The record of the entry at ``place``, which belongs to execution ``number`` (from 0)."""
    entry, redacted = timeline.entries[place], timeline.redacted[place]
    log_class = redacted.log_class
    severity = options.severities.get(log_class) or SEVERITIES.get(log_class)
    if severity is None:
        tally.anomalies[Anomaly.CLASS] += 1
        severity = INFO
    moment = timeline.moments[place]
    attributes: dict[str, Value] = {
        semconv.SESSION_ID: timeline.session_id,
        semconv.MODULE_TYPE: timeline.names[number][0],
        semconv.MODULE_NAME: timeline.names[number][1],
        semconv.LOG_CLASS: log_class,
        semconv.LOG_RECORD_UID: ids.log_record_uid(entry.index),
        **redacted.attributes,
    }
    if place == 0 and timeline.call.user_hash:
        # One record is enough to find the call in a store of logs.
        attributes[semconv.USER_HASH] = timeline.call.user_hash
    if log_class == "error":
        attributes[semconv.ERROR_TYPE] = error_type(redacted)
    if moment.inferred:
        attributes[semconv.TIME_INFERRED] = True
    return LogRecord(
        time=moment.nanoseconds,
        span_id=ids.span_id(timeline.executions[number].ordinal),
        severity_number=severity[0],
        severity_text=severity[1],
        body=redacted.body,
        attributes=limited(attributes, options.limits.record, tally),
        event_name=_EVENTS.get(log_class, ""),
    )
