"""What the data model's rules read of an entry: two entries of which they read the same are the
same, whatever else is in them. Its class leaves as a word.
"""

from __future__ import annotations

import re
from functools import lru_cache

from fuse_otel.core.model.call import Entry
from fuse_otel.core.model.module_kinds import AUTHORS_TEXT, module_kind
from fuse_otel.core.redaction.data import readable
from fuse_otel.core.redaction.keyed import zeroed
from fuse_otel.core.redaction.lines import PROMPT
from fuse_otel.core.redaction.trace_context import link_in, may_hold_link

UNKNOWN_CLASS = "unknown"
_CLASS = re.compile(r"[a-z][a-z_]*\Z")
_LONGEST_CLASS = 32


def log_class_of(name: str) -> str:
    """The raw class as a word of an open set; ``unknown`` for all but a short word."""
    return _class_word(name) if len(name) <= _LONGEST_CLASS else UNKNOWN_CLASS


@lru_cache(maxsize=256)
def _class_word(name: str) -> str:
    word = name.lower()
    return word if _CLASS.match(word) else UNKNOWN_CLASS


Read = tuple[object, ...]


def all_of(entry: Entry) -> Read:
    return (entry.log_class, entry.line, entry.module_type, entry.result_variable, entry.data)


def read_of(entry: Entry, module_type: str) -> Read | None:
    """``module_type`` is that of its execution, as it may leave. ``None`` if a part that is not
    read holds a trace context.
    """
    kind, prompt = module_kind(module_type), log_class_of(entry.log_class) == PROMPT
    line, data = readable_line(entry, kind, prompt=prompt), entry.data
    if data:
        data = readable(data, kind, prompt=prompt)
    hides = data is not entry.data or (line is not entry.line and may_hold_link(entry.line))
    if hides and link_in(entry):
        return None
    left_out = len(entry.data) - len(data)
    return (entry.log_class, line, entry.module_type, entry.result_variable, data, left_out)


def readable_line(entry: Entry, kind: str, *, prompt: bool) -> str | None:
    """What ``line_facts`` reads of the line: another line with the same result, without what a
    caller keyed, or ``None`` if the line is not read at all.
    """
    if prompt:
        return entry.line if entry.data.get("type") == "static" else None
    if kind in AUTHORS_TEXT:
        return None
    return zeroed(entry.line)
