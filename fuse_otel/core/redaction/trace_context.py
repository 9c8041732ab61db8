"""W3C trace contexts in the entries of a call."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from fuse_otel.core.model.call import Entry
from fuse_otel.core.model.telemetry import Link

_TRACEPARENT = re.compile(
    r"(?<![0-9a-z])(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(?![0-9a-f])"
)
_DASHES = 3  # in a traceparent
_SEARCHED = 4096  # characters of a text that are searched for one
_NESTED = 64  # headers that are, in any shape
_DEPTH = 4
_CONTAINERS = (dict, list)


def may_hold_link(text: str) -> bool:
    """``False`` for most texts, which hold no trace context: this runs for each of them."""
    return text.count("-") >= _DASHES


def link_in(entry: Entry) -> Link | None:
    """The first valid W3C trace context in the entry. It holds no personal data, so it is read
    before redaction.
    """
    for value in (entry.line, *entry.data.values()):
        if isinstance(value, str):
            found = _link_in(value) if may_hold_link(value) else None
        elif isinstance(value, _CONTAINERS):
            links = (_link_in(text) for text in _nested(value, _DEPTH))
            found = next((link for link in links if link), None)
        else:
            continue
        if found:
            return found
    return None


def _link_in(text: str) -> Link | None:
    for match in _TRACEPARENT.finditer(text[:_SEARCHED]):
        trace_id, span_id = bytes.fromhex(match[1]), bytes.fromhex(match[2])
        if any(trace_id) and any(span_id):
            return Link(trace_id, span_id)
    return None


def _nested(value: object, depth: int) -> Iterator[str]:
    """Headers come as an object, as a list of pairs, or deeper inside a request."""
    if isinstance(value, str):
        yield value
    elif depth and isinstance(value, _CONTAINERS):
        values = value.values() if isinstance(value, dict) else value
        for inner in islice(values, _NESTED):
            yield from _nested(inner, depth - 1)
