"""A call as the few facts that the metrics count."""

from __future__ import annotations

from collections import Counter

from fuse_otel.core.model import semconv
from fuse_otel.core.model.module_kinds import WEB, module_kind
from fuse_otel.core.model.telemetry import CallSummary, HttpRequest, ModuleRun, Span
from fuse_otel.core.redaction.redactor import RedactedEntry
from fuse_otel.core.translation.module_span import error_type
from fuse_otel.core.translation.root_span import NOT_REACHED, CallOutcome, outcome
from fuse_otel.core.translation.timeline import UNKNOWN, Timeline
from fuse_otel.core.translation.timestamps import SECOND


def summary(
    timeline: Timeline, service: str, root: Span, executions: list[Span], error_policy: str
) -> CallSummary:
    """``root`` and ``executions`` are the spans of all of the call, sent or not.

    Durations are those of the timeline. The microsecond that a span lasts at least is left out: a
    call of 60 s stays in the bucket of 60 s.
    """
    modules = tuple(
        _module_run(timeline, number, error=span.error) for number, span in enumerate(executions)
    )
    ended = outcome(timeline)
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
        entries=Counter(entry.log_class for entry in timeline.redacted),
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


def _module_run(timeline: Timeline, number: int, *, error: bool) -> ModuleRun:
    run, (module_type, name) = timeline.executions[number], timeline.names[number]
    entries = [timeline.redacted[place] for place in run.places]
    kind = module_kind(module_type)
    return ModuleRun(
        module_type,
        name,
        error,
        (run.end - run.start) / SECOND,
        errors=tuple(map(error_type, _failed(entries))) if error else (),
        transfer=_last(entries, semconv.TRANSFER_RESULT) if kind == "transfer" else "",
        inputs=tuple(
            str(entry.attributes[semconv.INPUT_RESULT])
            for entry in entries
            if semconv.INPUT_RESULT in entry.attributes
        ),
        http=_http(entries, error=error) if kind in WEB else None,
    )


def _failed(entries: list[RedactedEntry]) -> list[RedactedEntry]:
    return [entry for entry in entries if entry.log_class == "error"]


def _last(entries: list[RedactedEntry], name: str) -> str:
    """The last value of an attribute, or ``unknown``."""
    values = (entry.attributes[name] for entry in reversed(entries) if name in entry.attributes)
    return str(next(values, UNKNOWN))


def _http(entries: list[RedactedEntry], *, error: bool) -> HttpRequest:
    status, server = _last(entries, semconv.HTTP_STATUS), _last(entries, semconv.SERVER_ADDRESS)
    if status != UNKNOWN:
        return HttpRequest(server, f"{status[0]}xx")
    return HttpRequest(server, "error" if error else UNKNOWN)
