"""Words of the command line and of JSON: numbers, durations, rates, and dataclasses of switches."""

from __future__ import annotations

import math
import re
import types
from collections.abc import Callable, Mapping
from dataclasses import fields
from enum import Enum
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

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


_T = TypeVar("_T")
_TRUE, _FALSE = {"1", "true", "yes", "on"}, {"0", "false", "no", "off"}


def build(kind: Callable[..., _T], given: Mapping[str, object], what: str) -> _T:
    """``kind(**given)``, each value read as its field's type. Raises ``ValueError`` with one
    sentence that names the switch and what it takes.
    """
    hints = get_type_hints(kind)
    names = [field.name for field in fields(kind) if field.init]  # type: ignore[arg-type]
    values = {}
    for name, value in given.items():
        if name not in names:
            raise ValueError(f"there is no {what} {name!r}; there is: {', '.join(names)}")
        values[name] = _read(hints[name], value, f"{what} {name!r}")
    return kind(**values)


def _read(hint: Any, value: object, what: str) -> object:  # noqa: ANN401 - a type hint is of any type
    if get_origin(hint) is types.UnionType:  # only `X | None` occurs
        if value is None:
            return None
        hint = next(part for part in get_args(hint) if part is not types.NoneType)
    try:
        return _READERS.get(hint, hint)(value)
    except (TypeError, ValueError, OverflowError):
        raise ValueError(f"{what} takes {_choice(hint)}") from None


def _choice(hint: Any) -> str:  # noqa: ANN401 - a type hint is of any type
    if issubclass(hint, Enum):
        return "one of: " + ", ".join(str(word) for word in hint)
    return {bool: "true or false", int: "a whole number", float: "a number"}.get(hint, "text")


def _read_bool(value: object) -> bool:
    word = str(value).lower()
    if word not in _TRUE | _FALSE:
        raise ValueError(word)
    return word in _TRUE


def _read_finite(value: Any) -> float:  # noqa: ANN401 - whatever JSON holds
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(value)
    return number


_READERS: Mapping[Any, Callable[[Any], object]] = {bool: _read_bool, float: _read_finite}
