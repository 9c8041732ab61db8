"""Attributes of a span or a log record within their limits."""

from __future__ import annotations

from fuse_otel.core.model.limits import Most
from fuse_otel.core.model.tally import Tally
from fuse_otel.core.model.telemetry import Attributes, Value

LONGEST_ID = 256  # characters: a session id


def limited(attributes: dict[str, Value], most: Most, tally: Tally) -> dict[str, Value]:
    """The first attributes, as many as ``most`` allows; longer values are cut."""
    if len(attributes) > most.attributes:
        tally.truncations["attributes"] += 1
        attributes = dict(list(attributes.items())[: most.attributes])
    if is_within(attributes, most):
        return attributes
    return _with_cut_values(attributes, most.length, tally)


def is_within(attributes: Attributes, most: Most) -> bool:
    """Whether the limits cut nothing; ``False`` as well where a value is a list."""
    if len(attributes) > most.attributes:
        return False
    longest = most.length
    # Without a function or a list: this runs for every attribute.
    for value in attributes.values():
        if type(value) is str:
            if len(value) > longest:
                return False
        elif type(value) is tuple:
            return False
    return True


def fits(attributes: Attributes, most: Most, more: int) -> bool:
    """Whether the limits cut nothing, also of ``more`` attributes with an id of a call."""
    room = Most(most.attributes - more, most.length)
    return most.length >= LONGEST_ID and is_within(attributes, room)


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
