"""Regular expressions of the operator: they run over every text, so none may run away."""

from __future__ import annotations

import re

# Python has no public door to a parsed expression; a test holds this one to what it promises.
from re import _parser  # type: ignore[attr-defined]
from typing import Any, TypeAlias

from fuse_otel.config.quantities import read_required_text

_Parsed: TypeAlias = Any
_FEW = 10
_REPEATS = {"MAX_REPEAT", "MIN_REPEAT"}
_CLOSED = {"POSSESSIVE_REPEAT", "ATOMIC_GROUP", "ASSERT", "ASSERT_NOT"}
_REFERENCES = {"GROUPREF", "GROUPREF_EXISTS", "GROUPREF_IGNORE"}
_TANGLED = (
    "It can take for ever on some texts: something that varies is repeated, or refers back."
    " Let the inner part give nothing back, like \\d++ or (?>...), or repeat it a fixed number of"
    " times."
)


def read_pattern(value: object) -> str:
    text = read_required_text(value)
    try:
        found = re.compile(text).search("")
        tangled = _is_tangled(_parser.parse(text), repeated=False)
    except re.error as error:
        where = "" if error.pos is None else f" at position {error.pos}"
        raise ValueError(f"It is no regular expression: {error.msg}{where}.") from None
    except (RecursionError, OverflowError):
        raise ValueError("It is no regular expression anybody could read.") from None
    if found:
        raise ValueError("It finds nothing everywhere: let it ask for one character at least.")
    if tangled:
        raise ValueError(_TANGLED)
    return text


def _is_tangled(parsed: _Parsed, *, repeated: bool) -> bool:
    """Whether two ways through the same text can multiply: ``repeated`` says that this part of the
    expression may be gone through again and again.
    """
    return any(_is_tangled_step(str(step), told, repeated=repeated) for step, told in parsed)


def _is_tangled_step(step: str, told: _Parsed, *, repeated: bool) -> bool:
    if step in _REPEATS:
        low, high, inner = told
        again = high > 1 and (low != high or high > _FEW)
        return (repeated and low != high) or _is_tangled(inner, repeated=repeated or again)
    if step == "BRANCH":
        return (repeated and not _are_apart(told[1])) or any(
            _is_tangled(way, repeated=repeated) for way in told[1]
        )
    if step == "SUBPATTERN":
        return _is_tangled(told[-1], repeated=repeated)
    if step in _CLOSED:
        # What is inside is gone through in one way alone.
        inner = told if step == "ATOMIC_GROUP" else told[-1]
        return _is_tangled(inner, repeated=False)
    return step in _REFERENCES


def _are_apart(ways: _Parsed) -> bool:
    """Whether the first character tells which way is meant."""
    first = [next(iter(way), None) for way in ways]
    letters = {each[1] for each in first if each is not None and str(each[0]) == "LITERAL"}
    return len(letters) == len(first)
