"""How large a call may be on the wire, and what goes first when it is larger."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from fuse_otel.core import semconv
from fuse_otel.core.telemetry import Telemetry, Value

MAX_CALL = 2_500_000  # bytes of a call in a signal
MAX_VALUE = 2048  # characters of an attribute's value
MAX_SPAN_ATTRIBUTES = 128
MAX_RECORD_ATTRIBUTES = 96
_DEBUG_BELOW = 9  # OTLP's INFO


def limited(attributes: dict[str, Value], most: int, truncations: Counter[str]) -> dict[str, Value]:
    """At most ``most`` attributes, the first ones; longer values are cut."""
    if len(attributes) > most:
        truncations["attributes"] += 1
        attributes = dict(list(attributes.items())[:most])
    for key, value in attributes.items():
        if isinstance(value, str) and len(value) > MAX_VALUE:
            truncations["value"] += 1
            attributes[key] = value[:MAX_VALUE]
    return attributes


def fit_records(telemetry: Telemetry, size: Callable[[Telemetry], int]) -> None:
    """Drop records until ``size`` of what is left is within the limit.

    Debug records go first, then the last ones. The root says how many went.
    """
    dropped = _drop_records(telemetry, size)
    if dropped:
        telemetry.tally.truncations["entries"] += dropped
        _mark(telemetry, {semconv.TRUNCATED: True, semconv.DROPPED_ENTRIES: dropped})


def _drop_records(telemetry: Telemetry, size: Callable[[Telemetry], int]) -> int:
    before = len(telemetry.records)
    if size(telemetry) > MAX_CALL:
        telemetry.records = [r for r in telemetry.records if r.severity_number >= _DEBUG_BELOW]
    while (now := size(telemetry)) > MAX_CALL and telemetry.records:
        keep = len(telemetry.records) * MAX_CALL // now
        telemetry.records = telemetry.records[: min(keep, len(telemetry.records) - 1)]
    return before - len(telemetry.records)


def fit_spans(telemetry: Telemetry, size: Callable[[Telemetry], int]) -> None:
    """Drop the last executions until ``size`` is within the limit; the root stays."""
    before = len(telemetry.spans)
    while (now := size(telemetry)) > MAX_CALL and len(telemetry.spans) > 1:
        keep = max(1, len(telemetry.spans) * MAX_CALL // now)
        telemetry.spans = telemetry.spans[: min(keep, len(telemetry.spans) - 1)]
        _mark(telemetry, {semconv.TRUNCATED: True})
    dropped = before - len(telemetry.spans)
    if dropped:
        telemetry.tally.truncations["executions"] += dropped


def _mark(telemetry: Telemetry, marks: dict[str, Value]) -> None:
    if telemetry.spans and telemetry.spans[0].parent_id == 0:
        root = telemetry.spans[0]
        root.attributes = {**root.attributes, **marks}
