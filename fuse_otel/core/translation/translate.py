"""A call and its entries as OpenTelemetry: one trace, a span for each execution, a log record for
each entry, and the few numbers that the metrics count. The call itself is the root span.

Total: every call has a translation, and nothing is raised. Pure: the same call and
options give the same values.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from enum import StrEnum

from msgspec import Struct

from fuse_otel.core.model import semconv
from fuse_otel.core.model.call import CallLog, Direction, ListedCall, LogCompleteness
from fuse_otel.core.model.ids import CallIds
from fuse_otel.core.model.module_kinds import module_kind
from fuse_otel.core.model.options import ModelOptions
from fuse_otel.core.model.tally import Tally
from fuse_otel.core.model.telemetry import Attributes, CallSummary, ModuleRun, Span, SpanKind, Value
from fuse_otel.core.redaction.compiled_entries import CompiledEntries
from fuse_otel.core.redaction.redactor import Redactor
from fuse_otel.core.translation.attribute_limits import limited
from fuse_otel.core.translation.compiled_runs import CompiledRun, compiled_run
from fuse_otel.core.translation.module_span import error_message, error_type
from fuse_otel.core.translation.timeline import Execution, Timeline, build_timeline
from fuse_otel.core.translation.timestamps import SECOND

NAMELESS = "plum-fuse"
INFO = (9, "INFO")
SEVERITIES = {
    "debug": (5, "DEBUG"),
    "info": INFO,
    "prompt": INFO,
    "event": INFO,
    "error": (17, "ERROR"),
}
EVENTS = {"prompt": semconv.EVENT_PROMPT, "event": semconv.EVENT_EVENT}


class TranslatedCall(Struct):
    """``root`` is ``None`` for growth of a sent call. ``runs`` are the executions that are sent,
    by their numbers from 0. ``first`` is the index of the first entry whose record is sent.
    """

    timeline: Timeline
    ids: CallIds
    resource: Attributes
    root: Span | None
    runs: dict[int, CompiledRun]
    late: bool
    first: int
    summary: CallSummary
    tally: Tally


def translate(
    call: ListedCall,
    log: CallLog,
    details: LogCompleteness,
    options: ModelOptions,
    compiled: CompiledEntries,
    sent_entries: int | None = None,
) -> TranslatedCall:
    """``sent_entries``: the call was sent before, with so many elements of the API's array. Then
    the result has only completely new executions, marked late, and only new entries have records.
    """
    tally = Tally(notes=[] if options.explain else None)
    redactor = Redactor(call, options, compiled)
    timeline = build_timeline(call, log, details, redactor, tally, sent_entries or 0)
    ids = CallIds(options.namespace, call.session_id)
    name, version = timeline.application or (None, None)
    service = service_name(call, name, options)
    ended = outcome(timeline)
    root = root_span(timeline, ended, ids, service, options, tally)
    new = [_is_new(timeline, number, sent_entries) for number in range(len(timeline.executions))]
    grown = sent_entries is not None
    runs = [
        compiled_run(timeline, number, ids, options, tally, compiled.runs, late=late and grown)
        for number, late in enumerate(new)
    ]
    return TranslatedCall(
        timeline=timeline,
        ids=ids,
        resource=resource(service, version, options),
        root=None if grown else root,
        runs={number: run for number, run in enumerate(runs) if new[number]},
        late=grown,
        first=sent_entries or 0,
        summary=summary(timeline, ended, service, root, runs, options.error_policy),
        tally=tally,
    )


def _is_new(timeline: Timeline, number: int, sent_entries: int | None) -> bool:
    first = timeline.entries[timeline.executions[number].places[0]]
    return sent_entries is None or first.index >= sent_entries


def severity_of(log_class: str, options: ModelOptions) -> tuple[int, str] | None:
    """``None`` for a class that has none: its records are INFO."""
    return options.severities.get(log_class) or SEVERITIES.get(log_class)


def service_name(call: ListedCall, application: str | None, options: ModelOptions) -> str:
    """The application's name, unless the configuration maps our number or the name itself."""
    if semconv.SERVICE_NAME in options.resource_attributes:
        return options.resource_attributes[semconv.SERVICE_NAME]
    names = options.service_names
    for key in (call.destination, application):
        if key and key in names:
            return names[key]
    return application or NAMELESS


def resource(name: str, version: str | None, options: ModelOptions) -> dict[str, Value]:
    attributes: dict[str, Value] = {
        semconv.SERVICE_NAME: name,
        semconv.SERVICE_NAMESPACE: NAMELESS,
    }
    if version:
        attributes[semconv.SERVICE_VERSION] = version
    if options.account:
        attributes[semconv.ACCOUNT] = options.account
    if options.environment:
        attributes[semconv.DEPLOYMENT_ENVIRONMENT_NAME] = options.environment
    return {**attributes, **options.resource_attributes}


def summary(
    timeline: Timeline,
    ended: CallOutcome,
    service: str,
    root: Span,
    runs: Sequence[CompiledRun],
    error_policy: str,
) -> CallSummary:
    """``ended`` is its ``outcome``; ``root`` and ``runs`` are all of the call's, sent or not.

    Durations are those of the timeline. The microsecond that a span lasts at least is left out: a
    call of 60 s stays in the bucket of 60 s.
    """
    modules = tuple(
        _timed(compiled.module, run)
        for compiled, run in zip(runs, timeline.executions, strict=True)
    )
    return CallSummary(
        application=service,
        direction=timeline.call.direction,
        outcome=ended,
        details=timeline.details,
        error=root.error,
        start=timeline.times.start,
        end=timeline.times.end,
        seconds=(timeline.end - timeline.start) / SECOND,
        modules=modules,
        entries=Counter([entry.log_class for entry in timeline.redacted]),
        contained=ended is not CallOutcome.UNKNOWN and not any(map(_answered, modules)),
        version=timeline.application[1] if timeline.application else "",
        failed=_failed_run(modules, error_policy) if root.error else None,
    )


def _failed_run(modules: tuple[ModuleRun, ...], error_policy: str) -> ModuleRun | None:
    """The first execution with an error. Under the policy ``last`` only the last one counts."""
    counted = modules[-1:] if error_policy == "last" else modules
    return next((run for run in counted if run.error), None)


def _answered(run: ModuleRun) -> bool:
    """Whether the execution transferred the caller. A result that was not logged counts as such,
    as it does for the outcome of the call.
    """
    return bool(run.transfer) and run.transfer not in NOT_REACHED


def _timed(module: ModuleRun, run: Execution) -> ModuleRun:
    return ModuleRun(
        module.module_type,
        module.result_variable,
        module.error,
        (run.end - run.start) / SECOND,
        module.errors,
        module.transfer,
        module.inputs,
        module.http,
    )


NOT_REACHED = {"busy", "noanswer"}


class CallOutcome(StrEnum):
    """How a call ended. Errors are independent of it."""

    COMPLETED = "completed"  # an exit module ran
    TRANSFERRED = "transferred"  # the last thing that ran was a transfer
    HANGUP = "hangup"  # neither
    UNKNOWN = "unknown"  # nothing is known of what happened


def root_span(
    timeline: Timeline,
    ended: CallOutcome,
    ids: CallIds,
    service: str,
    options: ModelOptions,
    tally: Tally,
) -> Span:
    """``ended`` is its ``outcome``."""
    errors = [p for p, entry in enumerate(timeline.redacted) if entry.log_class == "error"]
    attributes = _attributes(timeline, ended, len(errors))
    if timeline.too_large:
        tally.truncations["log"] += 1
    counted = _counted(timeline, errors, options.error_policy)
    if counted:
        attributes[semconv.ERROR_TYPE] = error_type(timeline.redacted[counted[0]])
    return Span(
        span_id=ids.span_id(0),
        parent_id=0,
        name=f"call {service}",
        kind=SpanKind.CONSUMER
        if timeline.call.direction is Direction.OUTBOUND
        else SpanKind.SERVER,
        start=timeline.start,
        end=timeline.span_end,
        attributes=limited(attributes, options.limits.span, tally),
        error=bool(counted),
        message=error_message(timeline.redacted[counted[0]]) if counted else "",
    )


def outcome(timeline: Timeline) -> CallOutcome:
    if not timeline.executions:
        return CallOutcome.UNKNOWN
    kinds = [module_kind(run.module_type) for run in timeline.executions]
    if "exit" in kinds:
        return CallOutcome.COMPLETED
    last = timeline.executions[-1]
    results = {timeline.redacted[p].attributes.get(semconv.TRANSFER_RESULT) for p in last.places}
    if kinds[-1] == "transfer" and not results & NOT_REACHED:
        return CallOutcome.TRANSFERRED
    return CallOutcome.HANGUP


def _counted(timeline: Timeline, errors: list[int], policy: str) -> list[int]:
    """The errors that make the call failed: all, or only those of the last execution."""
    if policy == "last" and timeline.executions:
        return [place for place in errors if place >= timeline.executions[-1].places[0]]
    return errors


def _attributes(timeline: Timeline, ended: CallOutcome, errors: int) -> dict[str, Value]:
    call = timeline.call
    attributes: dict[str, Value] = {
        semconv.SESSION_ID: timeline.session_id,
        semconv.CALL_DIRECTION: call.direction.value,
        semconv.CALL_OUTCOME: ended.value,
    }
    if call.type:
        attributes[semconv.CALL_TYPE] = call.type
    if call.user_hash:
        attributes[semconv.USER_HASH] = call.user_hash
    if call.destination:
        attributes[semconv.CALL_DESTINATION] = call.destination
    if timeline.entries:
        redacted = timeline.redacted
        answers = [entry.attributes.get(semconv.INPUT_RESULT) for entry in redacted]
        attributes[semconv.CALL_EXECUTIONS] = len(timeline.executions)
        attributes[semconv.CALL_PROMPTS] = [each.log_class for each in redacted].count("prompt")
        attributes[semconv.CALL_INPUTS] = answers.count("match")
        attributes[semconv.CALL_ERRORS] = errors
    if timeline.details is not LogCompleteness.FULL:
        attributes[semconv.DETAILS] = timeline.details.value
    if timeline.too_large:
        attributes[semconv.TRUNCATED] = True
    if timeline.times.corrected or timeline.times[:2] == (None, None):
        attributes[semconv.TIME_INFERRED] = True
    return attributes
