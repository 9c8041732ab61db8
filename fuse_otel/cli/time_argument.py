"""Times and intervals on a command line."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from fuse_otel.config.values.quantities import quoted, read_duration
from fuse_otel.core.timing.windows import RETENTION
from fuse_otel.humanize import moment

_DATE = re.compile(
    r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:\d\d)?)?", re.ASCII
)
_AGE = re.compile(r"\d{1,6}(?:\.\d{1,3})?[smhd]", re.ASCII)
_UNIX = re.compile(r"\d{1,12}(?:\.\d{1,9})?", re.ASCII)
_SLACK = 60  # seconds by which "five days ago" may be older when it arrives here


def read_moment(text: str, now: float) -> float:
    """UNIX seconds, of RFC 3339, ``2026-11-18``, ``2026-11-18T09:30`` (UTC unless an offset is
    given), UNIX seconds, an age such as ``36h``, or ``now``. Raises ``ValueError``.
    """
    word = text.strip().upper()
    if word == "NOW":
        return now
    if _AGE.fullmatch(word.lower()):
        return now - read_duration(word.lower())
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


def read_interval(start: str, end: str, now: float) -> tuple[int, int]:
    """``--from`` and ``--to`` as whole UNIX seconds, within the time for which Plum keeps logs.

    Raises ``ValueError`` with a sentence that names the flag.
    """
    first, last = _flag("--from", start, now), _flag("--to", end, now)
    if first < now - RETENTION - _SLACK:
        raise ValueError(
            f"--from: {moment(first)} is more than 5 days ago, and Plum keeps no log longer:"
            f" the earliest is {moment(now - RETENTION)} (5d)."
        )
    if first >= now:
        raise ValueError(f"--from: {moment(first)} is in the future.")
    if last <= first:
        raise ValueError(f"--to: {moment(last)} is not after --from, {moment(first)}.")
    return int(max(first, now - RETENTION)), int(min(last, now))


def _flag(name: str, text: str, now: float) -> float:
    try:
        return read_moment(text, now)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from error
