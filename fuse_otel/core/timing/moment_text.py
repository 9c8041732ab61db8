"""A moment as people write it, on a command line or in a query."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from fuse_otel.humanize import quoted

_DATE = re.compile(
    r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:\d\d)?)?", re.ASCII
)
_AGE = re.compile(r"\d{1,6}(?:\.\d{1,3})?[smhd]", re.ASCII)
_UNIX = re.compile(r"\d{1,12}(?:\.\d{1,9})?", re.ASCII)
_SECONDS = {"D": 86_400, "H": 3_600, "M": 60, "S": 1}


def read_moment(text: str, now: float) -> float:
    """UNIX seconds, of RFC 3339, ``2026-11-18``, ``2026-11-18T09:30`` (UTC unless an offset is
    given), UNIX seconds, an age such as ``36h``, or ``now``. Raises ``ValueError``.
    """
    word = text.strip().upper()
    if word == "NOW":
        return now
    if _AGE.fullmatch(word.lower()):
        return now - float(word[:-1]) * _SECONDS[word[-1]]
    if _UNIX.fullmatch(word):
        return float(word)
    try:
        if _DATE.fullmatch(word):
            at = datetime.fromisoformat(word)
            return at.replace(tzinfo=at.tzinfo or UTC).timestamp()
    except ValueError:
        pass  # such as the 31st of February: the error below
    raise ValueError(
        f"{quoted(text)} is no time. Write 2026-11-18T09:30Z, 2026-11-18, 36h (ago) or UNIX"
        " seconds."
    )
