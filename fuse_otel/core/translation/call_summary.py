"""A call as the few facts that the metrics count."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from fuse_otel.core.model.telemetry import CallSummary, ModuleRun, Span
from fuse_otel.core.translation.compiled_runs import CompiledRun
from fuse_otel.core.translation.root_span import NOT_REACHED, CallOutcome, outcome
from fuse_otel.core.translation.timeline import Execution, Timeline
from fuse_otel.core.translation.timestamps import SECOND


def summary(
    timeline: Timeline, service: str, root: Span, runs: Sequence[CompiledRun], error_policy: str
) -> CallSummary:
    """``root`` and ``runs`` are those of all of the call, sent or not.

    Durations are those of the timeline. The microsecond that a span lasts at least is left out: a
    call of 60 s stays in the bucket of 60 s.
    """
    modules = tuple(
        _timed(compiled.module, run)
        for compiled, run in zip(runs, timeline.executions, strict=True)
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
