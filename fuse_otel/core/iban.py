"""International bank account numbers in text, known by their check digits (ISO 13616)."""

from __future__ import annotations

import re
from collections import Counter

_SHORTEST, _LONGEST = 15, 34
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
    that follow.
    """
    for end in range(len(candidate), _SHORTEST - 1, -1):
        after = candidate[end : end + 1] or following
        if after.isalnum():
            continue
        compact = "".join(each for each in candidate[:end] if each.isalnum()).upper()
        if _SHORTEST <= len(compact) <= _LONGEST and _checks(compact):
            return end
    return 0


def _checks(compact: str) -> bool:
    return int("".join(str(int(each, 36)) for each in compact[4:] + compact[:4])) % 97 == 1
