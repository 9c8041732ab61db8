"""Words of the command line and of JSON: numbers, durations, rates, and dataclasses of switches."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from typing import Any, TypeVar, get_args, get_type_hints

from pydantic import ConfigDict, TypeAdapter, ValidationError

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
_FINITE = ConfigDict(allow_inf_nan=False, coerce_numbers_to_str=True)


def read_pairs(words: Iterable[str], form: str) -> dict[str, object]:
    """``name=value`` words. Raises ``ValueError`` with one sentence, which names the ``form``."""
    given: dict[str, object] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals:
            raise ValueError(f"{form}, not {word!r}")
        given[name] = value
    return given


def build(kind: Callable[..., _T], given: Mapping[str, object], what: str) -> _T:
    """``kind(**given)``, each value read as its field's type. Raises ``ValueError`` with one
    sentence that names the switch and what it takes.
    """
    hints = get_type_hints(kind)
    values = {}
    for name, value in given.items():
        if name not in hints:
            raise ValueError(f"there is no {what} {name!r}; there is: {', '.join(hints)}")
        try:
            values[name] = TypeAdapter(hints[name], config=_FINITE).validate_python(value)
        except ValidationError:
            raise ValueError(f"{what} {name!r} takes {_choice(hints[name])}") from None
    return kind(**values)


def _choice(hint: Any) -> str:  # noqa: ANN401 - a type hint is of any type
    hint = next(iter(get_args(hint)), hint)  # of `X | None`
    if issubclass(hint, Enum):
        return "one of: " + ", ".join(str(word) for word in hint)
    return {bool: "true or false", int: "a whole number", float: "a number"}.get(hint, "text")
