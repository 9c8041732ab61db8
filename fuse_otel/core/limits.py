"""How large a call may be on the wire, and what goes first when it is larger."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

from fuse_otel.core import semconv
from fuse_otel.core.telemetry import LogRecord, Span, Telemetry, Value

MAX_CALL = 2_500_000  # bytes of a call in a signal
MAX_VALUE = 2048  # characters of an attribute's value
_DEBUG_BELOW = 9  # OTLP's INFO
_ERROR_FROM = 17  # OTLP's ERROR
_Thing = TypeVar("_Thing")


class Most(NamedTuple):
    """Attributes of a span or record, characters of a value."""

    attributes: int
    length: int


_SPAN, _RECORD = Most(128, MAX_VALUE), Most(96, MAX_VALUE)


@dataclass(frozen=True, slots=True)
class Limits:
    """What a span, a log record and the links of a span may be at most."""

    span: Most = _SPAN
    record: Most = _RECORD
    links: int = 128


MODEL = Limits()
"""The data model's own; others may only be tighter."""


def limited(
    attributes: dict[str, Value], most: Most, truncations: Counter[str]
) -> dict[str, Value]:
    """At most so many attributes, the first ones; longer values are cut."""
    if len(attributes) > most.attributes:
        truncations["attributes"] += 1
        attributes = dict(list(attributes.items())[: most.attributes])
    longest = most.length
    longer = [
        key
        for key, value in attributes.items()
        # Asked here: this runs for every attribute of every record.
        if (type(value) is str and len(value) > longest)
        or (type(value) is tuple and any(len(each) > longest for each in value))
    ]
    for key in longer:
        truncations["value"] += 1
        attributes[key] = _cut(attributes[key], longest)
    return attributes


def _cut(value: Value, longest: int) -> Value:
    if isinstance(value, tuple):
        return tuple(each[:longest] for each in value)
    return value[:longest] if isinstance(value, str) else value


def fit_records(telemetry: Telemetry, size: Callable[[Telemetry], int]) -> None:
    """Drop records until ``size`` of what is left is within the limit.

    Debug records go first, errors last, and of the others the latest. The root says how many went.
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
        telemetry.spans = _kept(telemetry.spans, keep, _matters)
        _mark(telemetry, {semconv.TRUNCATED: True})
    dropped = before - len(telemetry.spans)
    if dropped:
        telemetry.tally.truncations["executions"] += dropped


def _matters(span: Span) -> bool:
    return span.error or span.parent_id == 0


def _is_error(record: LogRecord) -> bool:
    return record.severity_number >= _ERROR_FROM


def _kept(things: list[_Thing], most: int, matters: Callable[[_Thing], bool]) -> list[_Thing]:
    """The first ``most``, those that matter before all others, in their order."""
    chosen = sorted(range(len(things)), key=lambda place: not matters(things[place]))[:most]
    return [things[place] for place in sorted(chosen)]


def _mark(telemetry: Telemetry, marks: dict[str, Value]) -> None:
    if telemetry.spans and telemetry.spans[0].parent_id == 0:
        root = telemetry.spans[0]
        root.attributes = {**root.attributes, **marks}
