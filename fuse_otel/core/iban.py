"""International bank account numbers in text, known by their check digits (ISO 13616)."""

from __future__ import annotations

import re
from collections import Counter

_SHORTEST = 15
_LETTERS = 10
# Two letters, two digits, and more of both; people write it in groups.
_START = re.compile(r"(?<![A-Za-z0-9])[A-Za-z]{2}[0-9]{2}(?:[ \u00a0-]?[A-Za-z0-9]){11,30}")


def without_ibans(text: str, redactions: Counter[str]) -> str:
    parts, at = [], 0
    while found := _START.search(text, at):
        size = _size(found[0], text[found.end() : found.end() + 1])
        if size:
            redactions["iban"] += 1
        end = found.start() + (size or 4)
        parts += [text[at : found.start()], "[iban]" if size else text[found.start() : end]]
        at = end
    return "".join([*parts, text[at:]]) if parts else text


def _size(candidate: str, following: str) -> int:
    """How many characters of it are an account number, 0 for none: it may run on into the words
    that follow. The check digits make the number, the first four characters moved to its end, 1
    modulo 97, letters counting from 10.
    """
    moved = int("".join(str(int(each, 36)) for each in candidate[:4]))
    size, length, rest = 0, 4, 0
    for at in range(4, len(candidate)):
        if candidate[at].isalnum():
            value = int(candidate[at], 36)
            rest = (rest * (100 if value >= _LETTERS else 10) + value) % 97
            length += 1
            ends = not (candidate[at + 1 : at + 2] or following).isalnum()
            if ends and length >= _SHORTEST and (rest * 10**6 + moved) % 97 == 1:
                size = at + 1
    return size
