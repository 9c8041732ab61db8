"""Sanitizes a back end's messages, which may quote sent data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from fuse_otel.core.redaction.masks import mask_personal

_MAX = 300  # characters
_MOST_READ = 131_072  # characters: more would keep the processor busy for seconds
_MASK = "*"
_SECRET = 6  # characters: a shorter one would mask parts of ordinary words


def scrub(text: str, secrets: Iterable[str] = ()) -> str:
    """One line of at most 300 characters. Control characters, the secrets, e-mail addresses and
    long numbers are removed.
    """
    if len(text) > _MOST_READ:
        text = text[:_MOST_READ].rpartition(" ")[0]  # a secret that is cut would not be recognised
    for secret in sorted(secrets, key=len, reverse=True):
        if len(secret) >= _SECRET:
            text = text.replace(secret, _MASK)
    text = "".join(letter if letter.isprintable() else " " for letter in text)
    text = mask_personal(" ".join(text.split()))
    return text if len(text) <= _MAX else text[: _MAX - 1] + "…"


def secrets_of(headers: Iterable[tuple[str, str]]) -> Iterator[str]:
    """The values of our headers (name, value), which an answer may quote."""
    for _, value in headers:
        yield value
        yield value.rpartition(" ")[2]  # the token of "Bearer …"
