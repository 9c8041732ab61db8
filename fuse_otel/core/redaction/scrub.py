"""Texts and names that may leave without their personal data. Every pass is linear in the text."""

from __future__ import annotations

import re
from functools import lru_cache

from fuse_otel.core.model.limits import MAX_NAME
from fuse_otel.core.model.tally import Tally
from fuse_otel.core.redaction.credentials import without_credentials
from fuse_otel.core.redaction.lettered_numbers import without_lettered_numbers
from fuse_otel.core.redaction.masks import (
    AT,
    DIGITS,
    EMAIL,
    NAME_NUMBER,
    TEXT_NUMBER,
    replaced_words,
    without_digits,
)
from fuse_otel.core.redaction.personal_data import without_personal
from fuse_otel.core.redaction.tokens import Tokens

REDACTED = "[redacted]"

_IN_NUMBERS = re.compile(r"[\W\d_]").match
_UP_TO_A_SPACE = re.compile(r".*\s", re.DOTALL)
_WORD = re.compile(r"\S+")
_TOKEN = re.compile(r"[\w.~+/=-]{20,}")
_DIGIT, _LETTER = re.compile(r"\d"), re.compile(r"[^\W\d_]")
_SHORTEST_TOKEN = 20
_NAME = 128
_LONGEST_KEPT = 512
_ROUNDS = 4

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
    text = without_credentials(text, tally)
    text = _without_emails(text, tally)
    if len(text) >= _SHORTEST_TOKEN:
        text = _TOKENS.replaced(text, _is_number, tally)
    # Without its four last digits 212x555x0123 is no phone number.
    text = without_digits(TEXT_NUMBER, without_lettered_numbers(text, tally), tally)
    return _as_strict_as_standard(text, tally)


def _as_strict_as_standard(text: str, tally: Tally, *, is_name: bool = False) -> str:
    """What ``standard`` removes, ``strict`` removes too. One mask may complete the shape of
    another, so it is repeated until nothing changes.
    """
    for _ in range(_ROUNDS):
        found = Tally()
        clean = without_personal(text, _no_number_is_known, found, is_name=is_name)
        if clean == text:
            return text
        tally.add(found)
        text = clean
    return REDACTED


def _no_number_is_known(_run: str) -> bool:
    return False


def _without_emails(text: str, tally: Tally) -> str:
    """The whole word is removed: its other characters may be a part of the address."""
    if not AT.search(text):
        return text
    return replaced_words(_WORD, text, _has_at, EMAIL, tally)


def _has_at(word: str) -> bool:
    return AT.search(word) is not None


def is_scrubbed(text: str) -> bool:
    """Whether ``standard`` would let a text of ``strict`` leave as it is."""
    return scrub_around_names(text, Tally()) == text


def scrub_around_names(text: str, tally: Tally) -> str:
    """A text of ours around clean names: scrubbed as under ``standard``, so that numbers of four
    digits in a name stay.
    """
    if len(text) > _LONGEST_KEPT:
        return _as_strict_as_standard(text, tally)
    return _counted(_kept_around_names(text), tally)


@lru_cache(maxsize=2048)
def _kept_around_names(text: str) -> _Clean:
    tally = Tally()
    return _as_strict_as_standard(text, tally), tuple(tally.redactions.items())


def scrub_start(text: str, most: int, tally: Tally) -> str:
    """The first ``most`` characters, scrubbed. They end between words: half a number or half an
    address would not be recognised.
    """
    clean = scrub(cut_between_words(text, most), tally)
    return cut_between_words(clean, most)[:most]


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
    without numbers, addresses and credentials. Long names with a digit are common: they are no
    tokens.
    """
    if len(name) > MAX_NAME:
        tally.redactions["name"] += 1
        return REDACTED
    # Only short names are kept: an author's have some 20 characters, a peer's may have thousands.
    clean = _kept_name(name) if len(name) <= _LONGEST_KEPT else _cleaned_name(name)
    return _counted(clean, tally) if clean[1] else clean[0]


@lru_cache(maxsize=4096)  # names are few, and are in every call
def _kept_name(name: str) -> _Clean:
    return _cleaned_name(name)


def _cleaned_name(name: str) -> _Clean:
    tally = Tally()
    if not name.isprintable():
        name = "".join(char if char.isprintable() else " " for char in name)
    name = _without_emails(without_credentials(name, tally), tally)
    name = without_lettered_numbers(name, tally)
    words = without_digits(NAME_NUMBER, name, tally).split()
    name = " ".join(words)[:_NAME].rstrip()
    return _as_strict_as_standard(name, tally, is_name=True), tuple(tally.redactions.items())


def _counted(clean: _Clean, tally: Tally) -> str:
    text, taken = clean
    for rule, count in taken:
        tally.redactions[rule] += count
    return text


def _is_token(word: str) -> bool:
    """A key, a hash, a session: long, without a space, of digits and letters."""
    return bool(_DIGIT.search(word) and _LETTER.search(word))


def _is_number(digits: str) -> bool:
    """Whether they are masked also without those that a token took."""
    return TEXT_NUMBER.fullmatch(digits) is not None


def _masked(_number: str, tally: Tally) -> str:
    tally.redactions["digits"] += 1
    return DIGITS


_TOKENS = Tokens(_TOKEN, _is_token, TEXT_NUMBER, _masked)
