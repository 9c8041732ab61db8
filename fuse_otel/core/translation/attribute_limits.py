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
    # Without a function or a list: this runs for every attribute of every record.
    for value in attributes.values():
        if type(value) is str:
            if len(value) > longest:
                break
        elif type(value) is tuple:
            break
    else:
        return attributes
    return _with_cut_values(attributes, longest, tally)


def _with_cut_values(attributes: dict[str, Value], longest: int, tally: Tally) -> dict[str, Value]:
    for key, value in attributes.items():
        cut = _cut(value, longest)
        if cut != value:
            tally.truncations["value"] += 1
            attributes[key] = cut
    return attributes


def _cut(value: Value, longest: int) -> Value:
    if isinstance(value, tuple):
        return tuple(each[:longest] for each in value)
    return value[:longest] if isinstance(value, str) else value
