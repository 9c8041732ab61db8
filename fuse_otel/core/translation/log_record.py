"""An entry as a log record."""

from __future__ import annotations

from fuse_otel.core.model import semconv
from fuse_otel.core.model.ids import CallIds
from fuse_otel.core.model.options import ModelOptions
from fuse_otel.core.model.telemetry import LogRecord, Tally, Value
from fuse_otel.core.translation.attribute_limits import limited
from fuse_otel.core.translation.module_span import error_type
from fuse_otel.core.translation.timeline import Timeline

INFO = (9, "INFO")
SEVERITIES = {
    "debug": (5, "DEBUG"),
    "info": INFO,
    "prompt": INFO,
    "event": INFO,
    "error": (17, "ERROR"),
}
_EVENTS = {"prompt": semconv.EVENT_PROMPT, "event": semconv.EVENT_EVENT}


def log_record(
    story: Timeline, place: int, number: int, ids: CallIds, options: ModelOptions, tally: Tally
) -> LogRecord:
    """The record of the entry at ``place``, which belongs to execution ``number`` (from 0)."""
    entry, reading = story.entries[place], story.readings[place]
    known = reading.log_class
    severity = options.severities.get(known) or SEVERITIES.get(known)
    if severity is None:
        tally.anomalies["class"] += 1
        severity = INFO
    moment = story.moments[place]
    attributes: dict[str, Value] = {
        semconv.SESSION_ID: story.call.session_id,
        semconv.MODULE_TYPE: story.names[number][0],
        semconv.MODULE_NAME: story.names[number][1],
        semconv.LOG_CLASS: known,
        semconv.LOG_RECORD_UID: ids.log_record_uid(entry.index),
        **reading.attributes,
    }
    if known == "error":
        attributes[semconv.ERROR_TYPE] = error_type(reading)
    if moment.inferred:
        attributes[semconv.TIME_INFERRED] = True
    return LogRecord(
        time=moment.nanoseconds,
        span_id=ids.span_id(story.executions[number].ordinal),
        severity_number=severity[0],
        severity_text=severity[1],
        body=reading.body,
        attributes=limited(attributes, options.limits.record, tally.truncations),
        event_name=_EVENTS.get(known, ""),
    )
