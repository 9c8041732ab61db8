"""The shipped list of technical English: words that describe a fault and never a person."""

from __future__ import annotations

import re
from functools import cache
from importlib import resources

_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")


@cache
def technical_words() -> frozenset[str]:
    """The words of the list, in small letters."""
    file = resources.files(__package__).joinpath("technical_words.txt")
    return frozenset(file.read_text(encoding="ascii").split())


def is_technical(name: str) -> bool:
    """Whether a name in camel case consists of words of the list: ``OrderNotFoundError`` does. An
    author can name an exception after anything, also after a caller.
    """
    parts = _PARTS.findall(name)
    return "".join(parts) == name and all(part.lower() in technical_words() for part in parts)


def words_of(token: str) -> list[str]:
    """The words in camel case inside a token, in small letters."""
    return [part.lower() for part in _PARTS.findall(token)]
