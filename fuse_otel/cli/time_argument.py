"""Times and intervals on a command line."""

from __future__ import annotations

from fuse_otel.core.timing.moment_text import read_moment
from fuse_otel.core.timing.windows import RETENTION
from fuse_otel.humanize import moment

_SLACK = 60  # seconds by which "five days ago" may be older when it arrives here


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
