"""An entry as the transform sees it: what its line and its data tell, once redacted."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from fuse_otel.core.call import Entry
from fuse_otel.core.data import allowed_data
from fuse_otel.core.lines import REDACTED, Facts, facts_of
from fuse_otel.core.scrub import scrub
from fuse_otel.core.telemetry import Link, Value

MAX_BODY = 32 * 1024  # characters of a log record's body
_AUTHORS_TEXT = {"call log"}  # modules whose lines are whatever the author wrote
_TRACEPARENT = re.compile(r"\b[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}\b")
_SEARCHED = 4096  # characters of a line that are searched for a traceparent
_NESTED = 64  # headers that are


@dataclass(slots=True)
class Reading:
    """``attributes`` are those of the line and of the data; ``body`` is what may leave of the
    line; ``link`` is a trace context that stands in the entry.
    """

    body: str
    attributes: dict[str, Value]
    facts: Facts
    link: Link | None


def read(entry: Entry, module_type: str, redactions: Counter[str]) -> Reading:
    data = allowed_data(entry.data, module_type, redactions)
    facts = _facts(entry, module_type, redactions)
    attributes = {**data, **facts.attributes}
    return Reading(facts.body[:MAX_BODY], attributes, facts, _link(entry))


def _facts(entry: Entry, module_type: str, redactions: Counter[str]) -> Facts:
    if entry.log_class == "prompt":
        return _prompt(entry, redactions)
    if module_type in _AUTHORS_TEXT:
        redactions["author_text"] += 1
        return Facts(REDACTED, known=False)
    return facts_of(entry.line, redactions)


def _prompt(entry: Entry, redactions: Counter[str]) -> Facts:
    """A prompt's text leaves only if the entry says that it is always the same."""
    if entry.data.get("type") == "static":
        return Facts(scrub(entry.line[:MAX_BODY], redactions))
    redactions["prompt"] += 1
    return Facts(REDACTED)


def _link(entry: Entry) -> Link | None:
    """A W3C trace context that stands in the entry; the first valid one."""
    for text in _texts(entry):
        if text.count("-") < 3:  # noqa: PLR2004 - the separators of a traceparent
            continue
        for match in _TRACEPARENT.finditer(text[:_SEARCHED]):
            trace_id, span_id = bytes.fromhex(match[1]), bytes.fromhex(match[2])
            if any(trace_id) and any(span_id) and not match[0].startswith("ff"):
                return Link(trace_id, span_id)
    return None


def _texts(entry: Entry) -> Iterator[str]:
    yield entry.line
    for value in entry.data.values():
        if isinstance(value, str):
            yield value
        elif isinstance(value, Mapping):
            inner = list(value.values())[:_NESTED]
            yield from (text for text in inner if isinstance(text, str))


def log_class(entry: Entry) -> str:
    """The raw class, if it may be one: an open set of short words."""
    name = entry.log_class
    if len(name) <= 32 and name.isidentifier() and name.isascii():  # noqa: PLR2004
        return name.lower()
    return "unknown"
