"""Reading OTLP/JSON that may come from a file somebody edited: whatever is missing or of another
shape reads as absent, nothing raises.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeAlias

PlainValue: TypeAlias = str | bool | int | float | tuple[object, ...] | dict[str, object] | None
PlainAttributes: TypeAlias = Mapping[str, PlainValue]
Node: TypeAlias = Mapping[str, object]

_MAX_DEPTH = 32
_MAX_DIGITS = 20


def nodes(parent: Node, name: str) -> Iterator[Node]:
    """The objects in the array ``name``."""
    value = parent.get(name)
    if isinstance(value, list | tuple):
        yield from (child for child in value if isinstance(child, Mapping))


def node(parent: Node, name: str) -> Node:
    value = parent.get(name)
    return value if isinstance(value, Mapping) else {}


def text(parent: Node, name: str) -> str:
    value = parent.get(name)
    return value if isinstance(value, str) else ""


def integer(value: object) -> int:
    """A 64-bit number, which OTLP/JSON writes as a string or as a number; 0 for anything else."""
    if isinstance(value, str):
        digits = value.removeprefix("-")
        return int(value) if digits.isdecimal() and len(digits) <= _MAX_DIGITS else 0
    return int(value) if isinstance(value, int) else 0


def plain_attributes(parent: Node) -> PlainAttributes:
    return {
        text(pair, "key"): plain_value(node(pair, "value")) for pair in nodes(parent, "attributes")
    }


def plain_value(value: Node, depth: int = 0) -> PlainValue:
    """An ``AnyValue`` as a value of Python; ``None`` for one that is empty or nested absurdly."""
    if depth > _MAX_DEPTH:
        return None
    if "intValue" in value:
        return integer(value["intValue"])
    if "arrayValue" in value:
        inner = nodes(node(value, "arrayValue"), "values")
        return tuple(plain_value(each, depth + 1) for each in inner)
    if "kvlistValue" in value:
        pairs = nodes(node(value, "kvlistValue"), "values")
        return {text(pair, "key"): plain_value(node(pair, "value"), depth + 1) for pair in pairs}
    scalars = (
        value.get(name) for name in ("stringValue", "boolValue", "doubleValue", "bytesValue")
    )
    return next((each for each in scalars if isinstance(each, str | bool | int | float)), None)
