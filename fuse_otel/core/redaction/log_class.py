"""The class of an entry as a word."""

from __future__ import annotations

import re
from functools import lru_cache

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
