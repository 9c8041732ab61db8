"""How long a server asks its client to wait."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime

_LONGEST = 3600.0


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """Seconds from ``now`` (UNIX seconds), within 0 and 3600; ``None`` where nothing is asked.

    Reads ``Retry-After`` (seconds or an HTTP date), else ``X-RateLimit-Reset`` (UNIX seconds)
    unless ``X-RateLimit-Remaining`` says that requests are left. ``headers`` is case-insensitive.
    """
    told = _number(headers.get("Retry-After"))
    if told is None:
        until = http_date(headers.get("Retry-After"))
        if until is None:
            until = _reset(headers)
        told = None if until is None else until - now
    return None if told is None else min(max(told, 0.0), _LONGEST)


def http_date(text: str | None) -> float | None:
    """An HTTP date as UNIX seconds, ``None`` if it is none."""
    if text is None:
        return None
    try:
        date = parsedate_to_datetime(text)
    except ValueError:
        return None
    return (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp()


def _reset(headers: Mapping[str, str]) -> float | None:
    remaining = _number(headers.get("X-RateLimit-Remaining"))
    if remaining is not None and remaining > 0:
        return None
    return _number(headers.get("X-RateLimit-Reset"))


def _number(text: str | None) -> float | None:
    try:
        number = float(text or "")
    except ValueError:
        return None
    return number if math.isfinite(number) else None
