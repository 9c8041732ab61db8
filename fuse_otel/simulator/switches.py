"""Words of the command line and of JSON into the fields of a frozen dataclass of switches."""

from __future__ import annotations

import math
import types
from collections.abc import Callable, Mapping
from dataclasses import fields
from enum import Enum
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

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
