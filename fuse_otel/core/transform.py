"""A call and its entries → OpenTelemetry: one trace, a span an execution, a log record an entry.

Total: whatever a call holds, something comes out and nothing is raised. Pure: the same call and
options give the same values.
"""

from __future__ import annotations

from fuse_otel.core.call import CallLog, Details, ListedCall
from fuse_otel.core.ids import CallIds
from fuse_otel.core.options import ModelOptions
from fuse_otel.core.reader import reader_of
from fuse_otel.core.records import log_record
from fuse_otel.core.resource import resource, service_name
from fuse_otel.core.root import root_span
from fuse_otel.core.spans import execution_span
from fuse_otel.core.story import Story, tell
from fuse_otel.core.summary import summary
from fuse_otel.core.telemetry import LogRecord, Tally, Telemetry


def transform(
    call: ListedCall,
    log: CallLog,
    details: Details,
    options: ModelOptions,
    sent_entries: int | None = None,
) -> Telemetry:
    """``sent_entries``: the call was sent before, with so many elements of the API's array. Then
    only what is new comes out: new records, and whole new executions, marked late.
    """
    tally = Tally(notes=[] if options.explain else None)
    reader = reader_of(call, options.redaction, explain=options.explain)
    story = tell(call, log, details, reader, tally, sent_entries or 0)
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


def _is_new(story: Story, number: int, sent_entries: int | None) -> bool:
    first = story.entries[story.executions[number].places[0]]
    return sent_entries is None or first.index >= sent_entries


def _records(
    story: Story, ids: CallIds, options: ModelOptions, tally: Tally, first: int
) -> list[LogRecord]:
    return [
        log_record(story, place, number, ids, options, tally)
        for number, run in enumerate(story.executions)
        for place in run.places
        if story.entries[place].index >= first
    ]
