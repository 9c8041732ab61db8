"""A line of the log, and how it is written. Pure: no clock, no stream."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from enum import IntEnum
from typing import TypeAlias

from msgspec import Struct, field

Field: TypeAlias = str | int | float | bool | None
Write: TypeAlias = Callable[[Mapping[str, Field]], str]

_BARE = re.compile(r"[^\s=\"\\\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_ESCAPES = {"\n": "\\n", "\r": "\\r", "\t": "\\t", '"': '\\"', "\\": "\\\\"}
_UNPRINTABLE = re.compile(r"[\"\\\x00-\x1f\x7f-\x9f\u2028\u2029]")


class LogLevel(IntEnum):
    DEBUG = 10
    INFO = 20
    WARN = 30
    ERROR = 40


class Line(Struct, frozen=True):
    """What the log writes about one event. Fields that are ``None`` are left out.

    Lines with the same ``repeats`` key are one problem: the first is written at once, the others
    are summed up. ``weight`` is how many occurrences the line reports.
    """

    level: LogLevel
    message: str
    fields: Mapping[str, Field] = field(default_factory=dict)
    repeats: tuple[str, ...] = ()
    weight: int = 1


def logfmt(fields: Mapping[str, Field]) -> str:
    """``key=value`` pairs, values quoted where logfmt requires it; no end of line."""
    present = ((key, value) for key, value in fields.items() if value is not None)
    return " ".join(f"{key}={_quoted(_plain(value))}" for key, value in present)


def json_line(fields: Mapping[str, Field]) -> str:
    """One JSON object; no end of line."""
    present = {key: value for key, value in fields.items() if value is not None}
    rounded = {
        key: round(value, 3) if isinstance(value, float) else _text(value)
        for key, value in present.items()
    }
    return json.dumps(rounded, ensure_ascii=False)


def timestamp(seconds: float) -> str:
    """RFC 3339 with milliseconds, UTC."""
    moment = datetime.fromtimestamp(seconds, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _plain(value: Field) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:.3f}"
    return str(_text(value))


def _text(value: Field) -> Field:
    """A lone surrogate cannot be written to a stream."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode("utf-8")
    return value


def _quoted(text: str) -> str:
    if _BARE.fullmatch(text):
        return text
    return '"' + _UNPRINTABLE.sub(_escaped, text) + '"'


def _escaped(found: re.Match[str]) -> str:
    character = found.group()
    return _ESCAPES.get(character, f"\\u{ord(character):04x}")
