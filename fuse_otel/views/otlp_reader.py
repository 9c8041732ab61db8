"""Reads OTLP/JSON: the lines of the file destination, of ``convert`` and of the Collector's file
exporter, and the store's bytes as they are printed. A file may have been edited: what is missing or
of another shape counts as absent. Nothing raises.

It stays JSON, and is not read into protobuf's classes, because ``show --otlp`` prints the lines as
they are, with fields of a newer OTLP too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias

import msgspec

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


_SIGNALS = (("resourceSpans", "scopeSpans", "spans"), ("resourceLogs", "scopeLogs", "logRecords"))


class Requests(msgspec.Struct):
    """Export requests joined into one for traces and one for logs, as OTLP/JSON. ``session_id``
    keeps only the spans and records of that call.
    """

    session_id: str = ""
    traces: dict[str, list[Node]] = msgspec.field(default_factory=dict)
    logs: dict[str, list[Node]] = msgspec.field(default_factory=dict)

    def add(self, request: Node) -> None:
        for joined, (resources, scopes, members) in zip(
            (self.traces, self.logs), _SIGNALS, strict=True
        ):
            for resource in nodes(request, resources):
                kept = self._kept(resource, scopes, members)
                if kept is not None:
                    joined.setdefault(resources, []).append(kept)

    def _kept(self, resource: Node, scopes: str, members: str) -> Node | None:
        if not self.session_id:
            return resource
        chosen = []
        for scoped in nodes(resource, scopes):
            own = [each for each in nodes(scoped, members) if _of_call(each, self.session_id)]
            if own:
                chosen.append({**scoped, members: own})
        return {**resource, scopes: chosen} if chosen else None


def _of_call(member: Node, session_id: str) -> bool:
    return any(
        text(pair, "key") == "session.id" and text(node(pair, "value"), "stringValue") == session_id
        for pair in nodes(member, "attributes")
    )


def first_lines(stream: Iterable[bytes]) -> list[bytes]:
    """The lines up to the first that is not blank: enough to recognise the file."""
    lines = []
    for line in stream:
        lines.append(line)
        if line.strip():
            break
    return lines


def is_otlp_lines(first: Sequence[bytes]) -> bool:
    """Whether the first line that is not blank is an export request."""
    return bool(first) and _request(first[-1]) is not None


def read_otlp_lines(lines: Iterable[bytes], into: Requests) -> Iterator[int]:
    """Add all requests of the lines, and yield the number (from 1) of each line that is none.

    A last line without an end of line is still being written, which is no error.
    """
    for number, line in enumerate(lines, start=1):
        request = _request(line)
        if request is not None:
            into.add(request)
        elif line.endswith(b"\n") and line.strip():
            yield number


def _request(line: bytes) -> Node | None:
    try:
        value = msgspec.json.decode(line)
    except (ValueError, RecursionError):
        return None
    known = isinstance(value, dict) and any(names[0] in value for names in _SIGNALS)
    return value if known else None
