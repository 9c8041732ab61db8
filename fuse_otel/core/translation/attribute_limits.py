"""Attributes of a span or a log record within their limits."""

from __future__ import annotations

from fuse_otel.core.model.limits import Most
from fuse_otel.core.model.tally import Tally
from fuse_otel.core.model.telemetry import Value


def limited(attributes: dict[str, Value], most: Most, tally: Tally) -> dict[str, Value]:
    """The first attributes, as many as ``most`` allows; longer values are cut."""
    if len(attributes) > most.attributes:
        tally.truncations["attributes"] += 1
        attributes = dict(list(attributes.items())[: most.attributes])
    longest = most.length
    longer = [
        key
        for key, value in attributes.items()
        # Without a function: this runs for every attribute of every record.
        if (type(value) is str and len(value) > longest)
        or (type(value) is tuple and any(len(each) > longest for each in value))
    ]
    for key in longer:
        tally.truncations["value"] += 1
        attributes[key] = _cut(attributes[key], longest)
    return attributes


def _cut(value: Value, longest: int) -> Value:
    if isinstance(value, tuple):
        return tuple(each[:longest] for each in value)
    return value[:longest] if isinstance(value, str) else value
