"""One value of loosely typed JSON, converted to its expected type; ``None`` if that fails."""

from __future__ import annotations

import re

LAST_SECOND = 253_402_300_799  # the end of the year 9999
_MOST = 10**18  # the highest count
_SECONDS = re.compile(r"\s*\+?([0-9]{1,15})(?:\.[0-9]*)?\s*", re.ASCII)
_WORDS = {"1": True, "true": True, "yes": True, "": False, "0": False, "false": False, "no": False}


def text(value: object) -> str | None:
    """A string as it is, a number or boolean as JSON writes it."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value) if isinstance(value, int | float) else None


def seconds(value: object) -> int | None:
    """UNIX seconds after 1970 and before the year 10000; fractions are cut off."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        match = _SECONDS.fullmatch(value)
        value = int(match[1]) if match else None
    if isinstance(value, int | float) and 1 <= value <= LAST_SECOND:
        return int(value)
    return None


def count(value: object) -> int | None:
    """A count, written as a number or as digits."""
    if isinstance(value, str) and value.strip().isdecimal():
        value = int(value) if len(value) < 20 else None  # noqa: PLR2004 - no count has more digits
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(value) if 0 <= value < _MOST else None


def flag(value: object) -> bool | None:
    """A boolean in any of the spellings PHP has for it."""
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        return value != 0
    return _WORDS.get(value.strip().lower()) if isinstance(value, str) else None
