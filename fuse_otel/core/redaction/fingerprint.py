"""A fingerprint in place of a hidden line: equal lines can be counted and found, not read.

The line is reduced to a shape: words of the shipped list stay, any other word becomes ``<w>``, any
word with a digit ``<n>``, and nothing else is left. The fingerprint is an HMAC of the shape.
"""

from __future__ import annotations

import hmac
import re
from functools import lru_cache
from hashlib import sha256

from fuse_otel.core.model.call import Entry
from fuse_otel.core.model.module_kinds import ANNOUNCING, AUTHORS_TEXT, INPUT, LEAVING, SETTING
from fuse_otel.core.redaction.technical_words import technical_words, words_of

_INFO = b"fuse-otel/fingerprint/1"
_BYTES = 8
_LONGEST = 4096  # characters of a line that count
_TOKEN = re.compile(r"[^\W_]+")
_WORD, _NUMBER = "<w>", "<n>"
_CLOSED = INPUT | SETTING | AUTHORS_TEXT
"""Their lines are what a caller said, the value of a variable, or the author's own text."""
_OPEN = (
    (LEAVING | ANNOUNCING | {"call recording", "compare variable", "record"}) - INPUT - {"unknown"}
)
"""Their lines are Plum's own. Of a module that is not known, only errors are."""


def has_fingerprint(entry: Entry, log_class: str, kind: str) -> bool:
    """Whether a hidden line of the entry gets one: only if Plum wrote the line. ``kind`` is that of
    its execution; an error that names no module is the platform's own.
    """
    if log_class == "error":
        return entry.module_type is None or kind not in _CLOSED
    return kind in _OPEN


def fingerprint(line: str, pseudonym_key: bytes) -> str:
    """16 hex digits. The same shape and key always give the same ones."""
    key = _key(pseudonym_key)
    return hmac.digest(key, shape_of(line).encode(), sha256)[:_BYTES].hex()


@lru_cache(maxsize=64)  # one for each account, and never of anything that a call contains
def _key(pseudonym_key: bytes) -> bytes:
    """HKDF-SHA256 (RFC 5869), no salt, 32 bytes."""
    extracted = hmac.digest(bytes(32), pseudonym_key, sha256)
    return hmac.digest(extracted, _INFO + b"\1", sha256)


def shape_of(line: str) -> str:
    """The words of the line that are in the list, with a placeholder for each run of others."""
    known = technical_words()
    shape: list[str] = []
    for token in _TOKEN.findall(line[:_LONGEST]):
        for part in _parts(token, known):
            # A name has one or several words, and a number one or several groups.
            if part not in (_WORD, _NUMBER) or shape[-1:] != [part]:
                shape.append(part)
    return " ".join(shape)


def _parts(token: str, known: frozenset[str]) -> list[str]:
    if any(char.isdigit() for char in token):
        return [_NUMBER]
    lower = token.lower()
    if lower in known:
        return [lower]
    if not token.isascii():
        return [_WORD]
    return [word if word in known else _WORD for word in words_of(token)]
