"""Numbers as people write them: ``0.5/s``, ``6/m``, ``300/h``; ``90``, ``30s``, ``3h``, ``2d``."""

from __future__ import annotations

import math
import re

_LONGEST_NUMBER = 12
_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)([smhd]?)", re.ASCII)
_RATE = re.compile(r"(\d+(?:\.\d+)?)/([smhd])", re.ASCII)


def is_number(text: str) -> bool:
    """Whether this is a whole number of at most 12 ASCII digits."""
    return text.isascii() and text.isdigit() and len(text) <= _LONGEST_NUMBER


def read_rate(text: str) -> float:
    """Calls a second. Raises ``ValueError`` with one sentence."""
    match = _RATE.fullmatch(text)
    if match is None or not (rate := float(match[1]) / _SECONDS[match[2]]):
        raise ValueError(f"a rate is written like 6/m, 0.5/s or 300/h, not {text!r}")
    return rate


def read_duration(text: str) -> float:
    """Seconds. Raises ``ValueError`` with one sentence."""
    match = _DURATION.fullmatch(text)
    if match is None or math.isinf(seconds := float(match[1]) * _SECONDS[match[2] or "s"]):
        raise ValueError(f"a duration is written like 30s, 5m, 3h or 2d, not {text!r}")
    return seconds
