"""What a caller keyed or said, in the line of an entry."""

from __future__ import annotations

import re

from fuse_otel.core.model import semconv
from fuse_otel.core.redaction.lines import KEYED, LONGEST, Facts

_STARTS = ("User input: ", "No match: ")
_KEYED = re.compile(KEYED, re.ASCII)
_SECRET_CODE = 3  # digits


def zeroed(line: str) -> str:
    """The same count of zeros, or of letters, in place of what a caller keyed."""
    match = _KEYED.fullmatch(line) if line.startswith(_STARTS) and len(line) <= LONGEST else None
    if match is None:
        return line
    keyed = match[2]
    other = ("0" if keyed.isdecimal() else "x") * len(keyed)
    return line[: match.start(2)] + other + line[match.end(2) :]


def keyed_in(facts: Facts, line: str) -> str:
    length = facts.attributes[semconv.INPUT_LENGTH]
    return line.partition(": ")[2][: length if isinstance(length, int) else 0]


def is_secret_code(facts: Facts, line: str) -> bool:
    """Whether a caller keyed enough digits for a code on a card or a secret number."""
    digits = sum(char.isdecimal() for char in line)
    return semconv.INPUT_LENGTH in facts.attributes and digits >= _SECRET_CODE
