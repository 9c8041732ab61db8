"""The size limit of a call in a signal, and what is dropped first above it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from fuse_otel.core.encoding.record_writer import WrittenRecord
from fuse_otel.core.encoding.span_writer import WrittenSpan, write_root
from fuse_otel.core.model import semconv
from fuse_otel.core.model.limits import MAX_CALL
from fuse_otel.core.model.telemetry import Value
from fuse_otel.core.translation.translate import TranslatedCall

_DEBUG_BELOW = 9  # OTLP's INFO
_ERROR_FROM = 17  # OTLP's ERROR
_Member = TypeVar("_Member", WrittenRecord, WrittenSpan)
Size = Callable[[], int]


def fit_records(call: TranslatedCall, records: list[WrittenRecord], size: Size) -> None:
    """Drop records until ``size`` of the rest is within the limit. The root counts what is dropped.

    Debug records are dropped first, errors last. Of the others the latest are dropped: a runaway
    loop repeats its beginning.
    """
    dropped = _drop_records(records, size)
    if dropped:
        call.tally.truncations["entries"] += dropped
        _mark(call, {semconv.TRUNCATED: True, semconv.DROPPED_ENTRIES: dropped})


def _drop_records(records: list[WrittenRecord], size: Size) -> int:
    before = len(records)
    now = size()
    if now > MAX_CALL:
        records[:] = [each for each in records if each[1] >= _DEBUG_BELOW]
        now = size()
    while now > MAX_CALL and records:
        keep = min(len(records) * MAX_CALL // now, len(records) - 1)
        records[:] = _kept(records, keep, _is_error)
        now = size()
    return before - len(records)


def fit_spans(call: TranslatedCall, spans: list[WrittenSpan], size: Size) -> None:
    """Drop executions until ``size`` is within the limit: the latest first, those with errors
    last. The root stays.
    """
    before = len(spans)
    while (now := size()) > MAX_CALL and len(spans) > 1:
        keep = max(1, min(len(spans) * MAX_CALL // now, len(spans) - 1))
        spans[:] = _kept(spans, keep, _is_error_or_root)
        _mark(call, {semconv.TRUNCATED: True})
        spans[:1] = write_root(call) or spans[:1]
    dropped = before - len(spans)
    if dropped:
        call.tally.truncations["executions"] += dropped


def _is_error_or_root(span: WrittenSpan) -> bool:
    return span[0]


def _is_error(record: WrittenRecord) -> bool:
    return record[1] >= _ERROR_FROM


def _kept(
    members: list[_Member], most: int, is_important: Callable[[_Member], bool]
) -> list[_Member]:
    """The first ``most`` in their order. Important ones are chosen before all others."""
    chosen = sorted(range(len(members)), key=lambda place: not is_important(members[place]))[:most]
    return [members[place] for place in sorted(chosen)]


def _mark(call: TranslatedCall, marks: dict[str, Value]) -> None:
    if call.root:
        call.root.attributes = {**call.root.attributes, **marks}
