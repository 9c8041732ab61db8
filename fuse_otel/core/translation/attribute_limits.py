"""Attributes of a span or a log record within their limits."""

from __future__ import annotations

from collections import Counter

from fuse_otel.core.model.limits import Most
from fuse_otel.core.model.telemetry import Value


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
