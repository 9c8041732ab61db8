"""A call in the few numbers that the metrics of the calls count."""

from __future__ import annotations

from collections import Counter

from fuse_otel.core.root import outcome
from fuse_otel.core.story import Story
from fuse_otel.core.telemetry import CallSummary, ModuleRun, Span
from fuse_otel.core.times import SECOND


def summary(story: Story, service: str, root: Span, executions: list[Span]) -> CallSummary:
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
