"""Executions that were translated before: the same entries, in the same application, make a span
that differs in its ids and times alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fuse_otel.core.model import semconv
from fuse_otel.core.model.bounded_table import BoundedTable
from fuse_otel.core.model.ids import CallIds
from fuse_otel.core.model.module_kinds import TRANSFER, WEB, module_kind
from fuse_otel.core.model.options import ModelOptions
from fuse_otel.core.model.tally import Tally
from fuse_otel.core.model.telemetry import HttpRequest, ModuleRun, Span
from fuse_otel.core.redaction.compiled_entries import RedactedEntry, size_of
from fuse_otel.core.translation.attribute_limits import fits
from fuse_otel.core.translation.module_span import (
    InputAttempts,
    attempts_of,
    error_type,
    execution_span,
)
from fuse_otel.core.translation.timeline import UNKNOWN, Timeline
from fuse_otel.core.translation.timestamps import SECOND

_OWN = 3  # attributes of a span that another call may have and this one has not
RunKey = tuple[object, ...]


@dataclass(slots=True)
class CompiledRun:
    """``span`` and ``module`` are those of the execution that was translated first. What its call
    alone has is written anew for each: ids, times, ``session.id``, the number of the execution and
    of the visit, the time to the answer, marks. ``kept``: others may share it.

    ``template`` is what the encoder keeps here; ``size`` is in bytes.
    """

    span: Span
    module: ModuleRun
    attempts: InputAttempts
    kept: bool = False
    size: int = 0
    template: Any = None


def compiled_run(
    timeline: Timeline,
    number: int,
    ids: CallIds,
    options: ModelOptions,
    tally: Tally,
    table: BoundedTable[RunKey, CompiledRun],
    *,
    late: bool,
) -> CompiledRun:
    """The ``number``-th execution, counted from 0."""
    key = _key(timeline, number)
    known = table.get(key) if key else None
    if known is not None:
        return known
    attempts = attempts_of(timeline, number)
    span = execution_span(timeline, number, ids, options, tally, attempts, late=late)
    module = _module_run(timeline, number, error=span.error)
    made = CompiledRun(span, module, attempts)
    if key and fits(span.attributes, options.limits.span, _OWN):
        made.kept, made.size = True, _size(span)
        table.put(key, made)
    return made


def _key(timeline: Timeline, number: int) -> RunKey | None:
    """``None`` if one of its entries is not kept."""
    redacted = timeline.redacted
    serials = [redacted[place].serial for place in timeline.executions[number].places]
    return None if 0 in serials else (timeline.applications[number], *serials)


def _size(span: Span) -> int:
    texts = [span.name, span.message, *map(str, span.attributes.values())]
    return 1_000 + sum(map(size_of, texts))


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
        transfer=_last(entries, semconv.TRANSFER_RESULT) if kind == TRANSFER else "",
        inputs=tuple(
            str(entry.attributes[semconv.INPUT_RESULT])
            for entry in entries
            if semconv.INPUT_RESULT in entry.attributes
        ),
        http=_http(entries, error=error) if kind in WEB else None,
    )


def _failed(entries: Sequence[RedactedEntry]) -> list[RedactedEntry]:
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
