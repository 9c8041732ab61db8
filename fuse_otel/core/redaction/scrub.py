"""Texts and names that may leave without their personal data. Every pass is linear in the text."""

from __future__ import annotations

import re
from functools import lru_cache

from fuse_otel.core.model.limits import MAX_NAME
from fuse_otel.core.model.tally import Tally
from fuse_otel.core.redaction.masks import (
    NAME_NUMBER,
    TEXT_NUMBER,
    replaced_words,
    without_digits,
    without_emails,
)

REDACTED = "[redacted]"

_IN_NUMBERS = re.compile(r"[\W\d_]").match
_UP_TO_A_SPACE = re.compile(r".*\s", re.DOTALL)
_TOKEN = re.compile(r"[\w.~+/=-]{20,}")
_DIGIT, _LETTER = re.compile(r"\d"), re.compile(r"[^\W\d_]")
_SHORTEST_TOKEN = 20
_NAME = 128
_LONGEST_KEPT = 512

_Clean = tuple[str, tuple[tuple[str, int], ...]]
"""The clean text, and the removed values: rule → count."""


def scrub(text: str, tally: Tally) -> str:
    """``text`` with e-mail addresses, tokens and long numbers replaced by their kind."""
    if len(text) > _LONGEST_KEPT:
        return _scrubbed(text, tally)
    return _counted(_kept_text(text), tally)


@lru_cache(maxsize=2048)  # what comes here is the same for all callers
def _kept_text(text: str) -> _Clean:
    tally = Tally()
    return _scrubbed(text, tally), tuple(tally.redactions.items())


def _scrubbed(text: str, tally: Tally) -> str:
    if "@" in text:
        text = without_emails(text, tally)
    if len(text) >= _SHORTEST_TOKEN:
        text = replaced_words(_TOKEN, text, _is_token, "[token]", tally)
    return without_digits(TEXT_NUMBER, text, tally)


def scrub_start(text: str, most: int, tally: Tally) -> str:
    """The first ``most`` characters, scrubbed. They end between words: half a number or half an
    address would not be recognised.
    """
    return scrub(cut_between_words(text, most), tally)[:most]


def cut_between_words(text: str, most: int) -> str:
    """At most ``most`` characters that end with a word, not inside a number of several groups."""
    if len(text) <= most:
        return text
    whole_words = _UP_TO_A_SPACE.match(text[: most + 1])
    if not whole_words:
        return REDACTED
    kept = whole_words[0].rstrip()
    last = next((at for at in range(len(kept), 0, -1) if not _IN_NUMBERS(kept[at - 1])), 0)
    return kept[:last] if _DIGIT.search(kept, last) else kept


def clean_name(name: str, tally: Tally) -> str:
    """A name an author gave (an application's, a module's): one line, at most 128 characters,
    without numbers and addresses. Long names with a digit are common: they are no tokens.
    """
    if len(name) > MAX_NAME:
        tally.redactions["name"] += 1
        return REDACTED
    # Only short names are kept: an author's have some 20 characters, a peer's may have thousands.
    clean = _kept_name(name) if len(name) <= _LONGEST_KEPT else _cleaned_name(name)
    return _counted(clean, tally)


@lru_cache(maxsize=4096)  # names are few, and are in every call
def _kept_name(name: str) -> _Clean:
    return _cleaned_name(name)


def _cleaned_name(name: str) -> _Clean:
    tally = Tally()
    if "@" in name:
        name = without_emails(name, tally)
    if not name.isprintable():
        name = "".join(char if char.isprintable() else " " for char in name)
    words = without_digits(NAME_NUMBER, name, tally).split()
    return " ".join(words)[:_NAME].rstrip(), tuple(tally.redactions.items())


def _counted(clean: _Clean, tally: Tally) -> str:
    text, taken = clean
    for rule, count in taken:
        tally.redactions[rule] += count
    return text


def _is_token(word: str) -> bool:
    """A key, a hash, a session: long, without a space, of digits and letters."""
    return bool(_DIGIT.search(word) and _LETTER.search(word))
