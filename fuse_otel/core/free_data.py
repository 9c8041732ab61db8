"""What the data model has no name for, as attributes: JSON of any shape, one level deep."""

from __future__ import annotations

from collections.abc import Iterator

DATA = "fuse.data."
PERSONAL = "fuse.pii."
MOST = 128  # attributes of one key
_DEEPEST = 12
_LONGEST_PATH, _LONGEST_NAME = 256, 128
_MOST_SCALARS = 128  # of one list
_HUGE = 10**18  # Python takes long to write integers of thousands of digits, or refuses

Leaf = str | bool | int | float | tuple[str, ...]


def leaves(key: str, value: object, dropped: frozenset[str]) -> Iterator[tuple[str, Leaf]]:
    """(path, value) for every scalar inside, in order, at most ``MOST``; the names of a path are
    joined by dots. A list of scalars is one leaf. Keys in ``dropped`` are left out with all below.
    """
    stack: list[tuple[str, object, int]] = [(_name(key), value, 0)]
    found = 0
    while stack and found < MOST:
        path, inner, depth = stack.pop()
        if isinstance(inner, dict | list) and depth < _DEEPEST:
            scalars = _scalars(inner)
            if scalars is None:
                stack += reversed(_below(path, inner, depth, dropped))
                continue
            inner = scalars
        if isinstance(inner, str | bool | int | float | tuple):
            found += 1
            yield path, inner


def written(number: float) -> str:
    """As it would stand in a text; ``4111111111111111.0`` without its fraction."""
    if isinstance(number, float) and number.is_integer():
        number = int(number)
    if isinstance(number, int) and not -_HUGE < number < _HUGE:
        return "0" * 20  # nothing but somebody's number is so long
    return str(number)


def _scalars(value: dict[str, object] | list[object]) -> tuple[str, ...] | None:
    """A list of nothing but scalars as texts."""
    if isinstance(value, dict) or any(isinstance(each, dict | list) for each in value):
        return None
    return tuple(_text(each) for each in value[:_MOST_SCALARS] if each is not None)


def _text(scalar: object) -> str:
    if isinstance(scalar, bool):
        return "true" if scalar else "false"
    return written(scalar) if isinstance(scalar, int | float) else str(scalar)


def _below(
    path: str, value: dict[str, object] | list[object], depth: int, dropped: frozenset[str]
) -> list[tuple[str, object, int]]:
    named = value.items() if isinstance(value, dict) else enumerate(value)
    return [
        (f"{path}.{_name(str(name))}", inner, depth + 1)
        for name, inner in list(named)[:MOST]
        if len(path) <= _LONGEST_PATH and name not in dropped
    ]


def _name(key: str) -> str:
    """A name that is longer is none, and half of it could be half of somebody's number."""
    return key if len(key) <= _LONGEST_NAME else "[long]"
