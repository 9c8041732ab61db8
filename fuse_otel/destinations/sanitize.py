"""Makes a back end's words fit to be shown: they may quote what we sent."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

_MAX = 300  # characters
_MOST_READ = 131_072  # characters: more would keep the processor busy for seconds
_MASK = "*"
_SECRET = 6  # characters: a shorter one would mask parts of ordinary words

# An address begins where its run of letters does: found in one pass, however long the text.
_EMAIL = re.compile(r"(?<![^\s@<>\"'(),;:])[^\s@<>\"'(),;:]++@[^\s@<>\"'(),;:]+")
# Seven digits in a row, or a phone or card number as people write them; a date stays readable.
_NUMBER = re.compile(r"\d{7,}|\(?\d{3}\)?[-. ]+\d{3}[-. ]\d{4}|\d{4}(?:[- ]\d{4}){2,}(?:[- ]\d+)?")


def scrub(text: str, secrets: Iterable[str] = ()) -> str:
    """One line of at most 300 characters. Control characters, the secrets, e-mail addresses and
    long numbers are removed.
    """
    if len(text) > _MOST_READ:
        text = text[:_MOST_READ].rpartition(" ")[0]  # a secret cut in two would not be known
    for secret in sorted(secrets, key=len, reverse=True):
        if len(secret) >= _SECRET:
            text = text.replace(secret, _MASK)
    text = "".join(letter if letter.isprintable() else " " for letter in text)
    text = _NUMBER.sub(_MASK, _EMAIL.sub(_MASK, " ".join(text.split())))
    return text if len(text) <= _MAX else text[: _MAX - 1] + "…"


def secrets_of(headers: Iterable[tuple[str, str]]) -> Iterator[str]:
    """The values of our headers (name, value), which an answer may quote."""
    for _, value in headers:
        yield value
        yield value.rpartition(" ")[2]  # the token of "Bearer …"
