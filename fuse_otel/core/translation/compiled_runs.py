"""Executions that were translated before: the same entries, in the same application, make a span
that differs in its ids and times alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

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

_OWN = 3  # attributes of a span that another call may have and this one has not
_MOST_PLACES = 32  # entries: a menu that is asked three times has about ten
_PLACE = 64  # bytes: one of the key, its number, and what the module's facts have for it
_CALLS_OWN = {
    semconv.SESSION_ID,
    semconv.MODULE_ORDINAL,
    semconv.MODULE_VISIT,
    semconv.INPUT_WAIT,
    semconv.TIME_INFERRED,
    semconv.LATE,
}
RunKey = tuple[object, ...]


class CompiledRun(Struct):
    """``kept``: others may share it. Then ``span`` has nothing that its call alone has, which is
    written anew for each: ids, times, ``session.id``, the number of the execution and of the
    visit, the time to the answer, marks. ``module`` never has its seconds.

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
    if key and table.came_before(hash(key)) and fits(span.attributes, options.limits.span, _OWN):
        made.kept, made.span = True, _shared(span)
        made.size = _size(made.span, len(key))
        table.put(key, made)
    return made


def _shared(span: Span) -> Span:
    attributes = {name: value for name, value in span.attributes.items() if name not in _CALLS_OWN}
    return replace(span, span_id=0, parent_id=0, start=0, end=0, attributes=attributes)


def _key(timeline: Timeline, number: int) -> RunKey | None:
    """``None`` if one of its entries is not kept, or if it has so many that it hardly repeats."""
    redacted, places = timeline.redacted, timeline.executions[number].places
    if len(places) > _MOST_PLACES:
        return None
    serials = [redacted[place].serial for place in places]
    return None if 0 in serials else (timeline.applications[number], *serials)


def _size(span: Span, places: int) -> int:
    texts = [span.name, span.message, *map(str, span.attributes.values())]
    return 1_000 + _PLACE * places + sum(map(size_of, texts))


def _module_run(timeline: Timeline, number: int, *, error: bool) -> ModuleRun:
    run, (module_type, name) = timeline.executions[number], timeline.names[number]
    entries = [timeline.redacted[place] for place in run.places]
    kind = module_kind(module_type)
    return ModuleRun(
        module_type,
        name,
        error,
        0.0,
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
