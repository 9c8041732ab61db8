"""An entry as the translation sees it: what its line and its data tell, once redacted."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from fuse_otel.core.model import semconv
from fuse_otel.core.model.call import Entry
from fuse_otel.core.model.module_kinds import (
    ANNOUNCING,
    AUTHORS_TEXT,
    GOING_ON,
    LEAVING,
    module_kind,
)
from fuse_otel.core.model.telemetry import Link, Tally, Value
from fuse_otel.core.redaction.data import allowed_data
from fuse_otel.core.redaction.lines import Facts, facts_of
from fuse_otel.core.redaction.scrub import REDACTED, scrub_start

MAX_BODY = 32 * 1024  # bytes of a log record's body
UNKNOWN_CLASS = "unknown"
PROMPT = "prompt"
# Facts that hold words or numbers of a line, and the kinds of modules whose lines tell them.
WRITERS = {
    semconv.APPLICATION_TARGET: GOING_ON,
    semconv.URL_FULL: LEAVING,
    semconv.SERVER_ADDRESS: LEAVING,
    semconv.HTTP_STATUS: LEAVING,
    semconv.DURATION: frozenset({"transfer", "record", "call recording"}),
}
_CLASS = re.compile(r"[a-z][a-z_]{0,31}\Z")
_TRACEPARENT = re.compile(
    r"(?<![0-9a-z])(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(?![0-9a-f])"
)
_DASHES = 3  # in a traceparent
_SEARCHED = 4096  # characters of a text that are searched for one
_NESTED = 64  # headers that are, in whatever shape
_DEPTH = 4


@dataclass(slots=True)
class RedactedEntry:
    """``log_class`` is the raw class as a word; ``attributes`` are those of the line and of the
    data; ``body`` is what may leave of the line; ``link`` is a trace context that stands in the
    entry.
    """

    log_class: str
    body: str
    attributes: dict[str, Value]
    facts: Facts
    link: Link | None


def read(entry: Entry, module_type: str, tally: Tally) -> RedactedEntry:
    """Under ``strict``, without rules of the operator's own."""
    log_class, kind = class_of(entry.log_class), module_kind(module_type)
    prompt = log_class == PROMPT
    attributes = allowed_data(entry.data, kind, tally.redactions, prompt=prompt)
    facts = facts_told(entry, kind, tally, prompt=prompt)
    if facts.attributes:
        attributes |= facts.attributes
    return RedactedEntry(log_class, facts.body, attributes, facts, link_in(entry))


def facts_told(entry: Entry, kind: str, tally: Tally, *, prompt: bool) -> Facts:
    """What the line of an entry of a module of that kind tells, under ``strict``."""
    if prompt:
        return _prompt(entry, tally)
    if kind in AUTHORS_TEXT:
        tally.redactions["author_text"] += 1
        return Facts(REDACTED, known=False)
    facts = facts_of(entry.line, tally.redactions)
    if (facts.attributes or facts.application) and _is_strange(facts, kind):
        # Any other module that writes such a line writes somebody's own text.
        tally.redactions["line"] += 1
        return Facts(REDACTED, known=False)
    return facts


def _is_strange(facts: Facts, kind: str) -> bool:
    """Whether modules of that kind write no such lines."""
    if facts.application and kind not in ANNOUNCING:
        return True
    for name in facts.attributes:
        writers = WRITERS.get(name)
        if writers is not None and kind not in writers:
            return True
    return False


def _prompt(entry: Entry, tally: Tally) -> Facts:
    """A prompt's text leaves only if the entry says that it is always the same."""
    if entry.data.get("type") != "static":
        tally.redactions["prompt"] += 1
        return Facts(REDACTED)
    most = most_of_body(entry.line, tally)
    return Facts(scrub_start(entry.line, most, tally.redactions))


def most_of_body(line: str, tally: Tally) -> int:
    """How many characters of the line may be in a body; a character takes up to four bytes."""
    most = MAX_BODY if line.isascii() else MAX_BODY // 4
    if len(line) > most:
        tally.truncations["body"] += 1
    return most


def link_in(entry: Entry) -> Link | None:
    """A W3C trace context that stands in the entry; the first valid one."""
    found = _link_in(entry.line)
    for value in entry.data.values():
        if found:
            break
        if isinstance(value, str):
            found = _link_in(value)
        elif isinstance(value, dict | list):
            links = (_link_in(text) for text in _nested(value, _DEPTH))
            found = next((link for link in links if link), None)
    return found


def _link_in(text: str) -> Link | None:
    if text.count("-") < _DASHES:
        return None
    for match in _TRACEPARENT.finditer(text[:_SEARCHED]):
        trace_id, span_id = bytes.fromhex(match[1]), bytes.fromhex(match[2])
        if any(trace_id) and any(span_id):
            return Link(trace_id, span_id)
    return None


def _nested(value: object, depth: int) -> Iterator[str]:
    """Headers come as an object, as a list of pairs, or deeper inside a request."""
    if isinstance(value, str):
        yield value
    elif depth and isinstance(value, dict | list):
        values = value.values() if isinstance(value, dict) else value
        for inner in list(values)[:_NESTED]:
            yield from _nested(inner, depth - 1)


@lru_cache(maxsize=256)
def class_of(name: str) -> str:
    """An open set of short words; anything else is ``unknown``."""
    word = name.lower()
    return word if _CLASS.match(word) else UNKNOWN_CLASS
