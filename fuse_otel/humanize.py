"""Times, durations and sizes as text for people. Unknown is a dash, never 0."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

UNKNOWN = "\N{EN DASH}"
_STAND_IN = "\N{REPLACEMENT CHARACTER}"

_MINUTE = 60
_UNITS = ((86_400, "d"), (3600, "h"), (_MINUTE, "min"), (1, "s"))
_TENTHS_BELOW = 10  # seconds, where a tenth matters
_KIBI = 1024
_SHOWN = 64  # characters of a wrong value in a message


def moment(seconds: float | None) -> str:
    """UNIX seconds as date and time, UTC."""
    if seconds is None:
        return UNKNOWN
    return f"{_utc(seconds):%Y-%m-%d %H:%M:%S}Z"


def time_of_day(seconds: float) -> str:
    """UNIX seconds as ``14:05:09``, UTC."""
    return f"{_utc(seconds):%H:%M:%S}"


def clock_time(seconds: float) -> str:
    """UNIX seconds as ``14:05Z``, UTC."""
    return f"{_utc(seconds):%H:%M}Z"


def machine(seconds: float) -> str:
    """UNIX seconds as RFC 3339, UTC."""
    return f"{_utc(seconds):%Y-%m-%dT%H:%M:%SZ}"


def _utc(seconds: float) -> datetime:
    # Not fromtimestamp: on some platforms it refuses what is far away.
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=int(seconds))


def duration(seconds: float | None) -> str:
    """Two units at most: ``4.3 s``, ``2 min 5 s``, ``3 h 20 min``, ``4 d 23 h``."""
    if seconds is None:
        return UNKNOWN
    if seconds < 0:
        return f"\N{MINUS SIGN}{duration(-seconds)}"
    if seconds < _TENTHS_BELOW:
        return f"{seconds:.1f} s".replace(".0 ", " ")
    whole = round(seconds)
    for (large, name), (small, small_name) in pairwise(_UNITS):
        if whole >= large:
            count, rest = divmod(whole, large)
            rest //= small
            return f"{count} {name} {rest} {small_name}" if rest else f"{count} {name}"
    return f"{whole} s"


def ago(then: float | None, now: float) -> str:
    return UNKNOWN if then is None else f"{duration(max(now - then, 0.0))} ago"


def offset(seconds: float) -> str:
    """A moment within a call: ``0:07``, ``12:30``, ``1:02:03``."""
    whole = max(int(seconds), 0)
    minutes, second = divmod(whole, _MINUTE)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minutes}:{second:02}"


def size(count: int) -> str:
    amount = float(count)
    for unit in ("B", "KiB", "MiB"):
        if amount < _KIBI:
            return f"{amount:.1f} {unit}" if unit != "B" else f"{count} B"
        amount /= _KIBI
    return f"{amount:.1f} GiB"


def plural(count: int, one: str, many: str | None = None) -> str:
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def clean(text: str) -> str:
    """One line of printable characters. What a caller or an author wrote must not move the
    cursor, set a title or reverse the line. White space becomes one space.
    """
    line = " ".join(text.split())
    if line.isprintable():
        return line
    return "".join(each if each.isprintable() else _STAND_IN for each in line)


def in_quotes(text: str) -> bool:
    """Whether the text begins and ends with the same quote, as a person writes it for a shell."""
    return len(text) > 1 and text[0] == text[-1] and text[0] in "\"'"


def quoted(value: object) -> str:
    """A wrong value for a message, on one line. Not for values that may be secret."""
    text = " ".join(plain_text(value)[: 2 * _SHOWN].split())
    if not text.isprintable():
        text = repr(text)[1:-1]  # a control character, or half of a surrogate pair
    return f'"{text[:_SHOWN]}…"' if len(text) > _SHOWN else f'"{text}"'


def plain_text(value: object) -> str:
    try:
        return str(value)
    except ValueError:  # Python writes no whole number of more than 4,300 digits
        return "a number with too many digits"
