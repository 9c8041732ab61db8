"""The size limit of a call in a signal, and what is dropped first above it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from fuse_otel.core.model import semconv
from fuse_otel.core.model.limits import MAX_CALL
from fuse_otel.core.model.telemetry import Span, Value
from support.oracle.telemetry import LogRecord, Telemetry

_DEBUG_BELOW = 9  # OTLP's INFO
_ERROR_FROM = 17  # OTLP's ERROR
_Member = TypeVar("_Member", LogRecord, Span)


def fit_records(telemetry: Telemetry, size: Callable[[Telemetry], int]) -> None:
    """Drop records until ``size`` of the rest is within the limit. The root counts what is dropped.

    Debug records are dropped first, errors last. Of the others the latest are dropped: a runaway
    loop repeats its beginning.
    """
    dropped = _drop_records(telemetry, size)
    if dropped:
        telemetry.tally.truncations["entries"] += dropped
        _mark(telemetry, {semconv.TRUNCATED: True, semconv.DROPPED_ENTRIES: dropped})


def _drop_records(telemetry: Telemetry, size: Callable[[Telemetry], int]) -> int:
    before = len(telemetry.records)
    now = size(telemetry)
    if now > MAX_CALL:
        telemetry.records = [r for r in telemetry.records if r.severity_number >= _DEBUG_BELOW]
        now = size(telemetry)
    while now > MAX_CALL and telemetry.records:
        keep = min(len(telemetry.records) * MAX_CALL // now, len(telemetry.records) - 1)
        telemetry.records = _kept(telemetry.records, keep, _is_error)
        now = size(telemetry)
    return before - len(telemetry.records)


def fit_spans(telemetry: Telemetry, size: Callable[[Telemetry], int]) -> None:
    """Drop executions until ``size`` is within the limit: the latest first, those with errors
    last. The root stays.
    """
    before = len(telemetry.spans)
    while (now := size(telemetry)) > MAX_CALL and len(telemetry.spans) > 1:
        keep = max(1, min(len(telemetry.spans) * MAX_CALL // now, len(telemetry.spans) - 1))
        telemetry.spans = _kept(telemetry.spans, keep, _is_error_or_root)
        _mark(telemetry, {semconv.TRUNCATED: True})
    dropped = before - len(telemetry.spans)
    if dropped:
        telemetry.tally.truncations["executions"] += dropped


def _is_error_or_root(span: Span) -> bool:
    return span.error or span.parent_id == 0


def _is_error(record: LogRecord) -> bool:
    return record.severity_number >= _ERROR_FROM


def _kept(
    members: list[_Member], most: int, is_important: Callable[[_Member], bool]
) -> list[_Member]:
    """The first ``most`` in their order. Important ones are chosen before all others."""
    chosen = sorted(range(len(members)), key=lambda place: not is_important(members[place]))[:most]
    return [members[place] for place in sorted(chosen)]


def _mark(telemetry: Telemetry, marks: dict[str, Value]) -> None:
    if telemetry.spans and telemetry.spans[0].parent_id == 0:
        root = telemetry.spans[0]
        root.attributes = {**root.attributes, **marks}
