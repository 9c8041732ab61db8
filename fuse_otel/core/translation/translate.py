"""A call and its entries → OpenTelemetry: one trace, a span an execution, a log record an entry.

Total: whatever a call holds, something comes out and nothing is raised. Pure: the same call and
options give the same values.

A call in the few numbers that the metrics of the calls count.
"""

from __future__ import annotations

from collections import Counter

from fuse_otel.core.model.call import CallLog, ListedCall, LogCompleteness
from fuse_otel.core.model.ids import CallIds
from fuse_otel.core.model.options import ModelOptions
from fuse_otel.core.model.telemetry import CallSummary, LogRecord, ModuleRun, Span, Tally, Telemetry
from fuse_otel.core.redaction.redactor import redactor_for
from fuse_otel.core.translation.log_record import log_record
from fuse_otel.core.translation.module_span import execution_span
from fuse_otel.core.translation.resource import resource, service_name
from fuse_otel.core.translation.root_span import outcome, root_span
from fuse_otel.core.translation.timeline import Timeline, build_timeline
from fuse_otel.core.translation.timestamps import SECOND


def summary(story: Timeline, service: str, root: Span, executions: list[Span]) -> CallSummary:
    """``root`` and ``executions`` are the spans of all of the call, sent or not."""
    runs = (
        ModuleRun(name[0], name[1], span.error, (span.end - span.start) / SECOND)
        for name, span in zip(story.names, executions, strict=True)
    )
    return CallSummary(
        application=service,
        direction=story.call.direction,
        outcome=outcome(story),
        details=story.details,
        error=root.error,
        start=story.call.start,
        end=story.call.end,
        seconds=(root.end - root.start) / SECOND,
        modules=tuple(runs),
        entries=Counter(reading.log_class for reading in story.readings),
    )


def transform(
    call: ListedCall,
    log: CallLog,
    details: LogCompleteness,
    options: ModelOptions,
    sent_entries: int | None = None,
) -> Telemetry:
    """``sent_entries``: the call was sent before, with so many elements of the API's array. Then
    only what is new comes out: new records, and whole new executions, marked late.
    """
    tally = Tally(notes=[] if options.explain else None)
    reader = redactor_for(call, options.redaction, explain=options.explain)
    story = build_timeline(call, log, details, reader, tally, sent_entries or 0)
    ids = CallIds(options.namespace, call.session_id)
    name, version = story.application or (None, None)
    service = service_name(call, name, options)
    root = root_span(story, ids, service, options, tally)
    new = [_is_new(story, number, sent_entries) for number in range(len(story.executions))]
    executions = [
        execution_span(story, number, ids, options, tally, late=late and sent_entries is not None)
        for number, late in enumerate(new)
    ]
    sent_again = [span for span, late in zip(executions, new, strict=True) if late]
    return Telemetry(
        trace_id=ids.trace_id,
        resource=resource(service, version, options),
        spans=[root, *executions] if sent_entries is None else sent_again,
        records=_records(story, ids, options, tally, sent_entries or 0),
        summary=summary(story, service, root, executions),
        tally=tally,
    )


def _is_new(story: Timeline, number: int, sent_entries: int | None) -> bool:
    first = story.entries[story.executions[number].places[0]]
    return sent_entries is None or first.index >= sent_entries


def _records(
    story: Timeline, ids: CallIds, options: ModelOptions, tally: Tally, first: int
) -> list[LogRecord]:
    return [
        log_record(story, place, number, ids, options, tally)
        for number, run in enumerate(story.executions)
        for place in run.places
        if story.entries[place].index >= first
    ]
