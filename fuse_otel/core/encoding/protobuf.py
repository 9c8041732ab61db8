"""Writes protobuf's smallest parts: varints, strings, attribute values. Written for speed, because
every span and log record of every call passes here.

The bytes equal those of protobuf's deterministic serialisation: fields in the order of their
numbers, empty scalars left out, the chosen member of a oneof always written.
"""

from __future__ import annotations

from functools import lru_cache
from struct import Struct

from fuse_otel.core.model.telemetry import Attributes, Value

MAX_FIXED64 = 2**64 - 1
_INT64 = range(-(2**63), 2**63)
_DOUBLE = Struct("<d")
_LAST_SMALL = 0x7F


_TRUE, _FALSE = b"\x12\x02\x10\x01", b"\x12\x02\x10\x00"


def varint(number: int) -> bytes:
    """``number`` is not negative."""
    out = bytearray()
    while number > _LAST_SMALL:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def _string_value(size: int) -> bytes:
    """The bytes before a string of ``size`` bytes that is an attribute's value: the field
    ``KeyValue.value``, the length of its ``AnyValue``, the field ``AnyValue.string_value``.
    """
    return b"\x12" + varint(1 + len(varint(size)) + size) + b"\n" + varint(size)


# Nearly every length on the path is under 2 KiB: attribute values are cut there.
_TABLE = 4096
_LENGTHS = tuple(varint(number) for number in range(_TABLE))
_STRING_VALUES = tuple(_string_value(size) for size in range(_TABLE))
_INT_VALUES = tuple(b"\x12\x02\x18" + varint(number) for number in range(_LAST_SMALL + 1))


def length(size: int) -> bytes:
    """``size`` as a varint, mostly from a table."""
    return _LENGTHS[size] if size < _TABLE else varint(size)


def utf8(text: str) -> bytes:
    """The text as UTF-8. A lone surrogate becomes U+FFFD, a pair of them its character."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode()


def message(tag: bytes, payload: bytes) -> bytes:
    """A length-delimited field, written even when it is empty."""
    size = len(payload)
    return tag + (_LENGTHS[size] if size < _TABLE else varint(size)) + payload


def string(tag: bytes, text: str) -> bytes:
    """A string field, nothing for an empty text."""
    return message(tag, utf8(text)) if text else b""


def number_field(tag: bytes, number: int) -> bytes:
    """A varint field, nothing for 0 and below."""
    return tag + varint(number) if number > 0 else b""


def _any_string(raw: bytes) -> bytes:
    size = len(raw)
    return (_STRING_VALUES[size] if size < _TABLE else _string_value(size)) + raw


def _any_int(number: int) -> bytes:
    """An integer beyond 64 bits, which OTLP cannot carry, is written as its decimal digits."""
    if number not in _INT64:
        return _any_string(b"%d" % number)
    return message(b"\x12", b"\x18" + varint(number & MAX_FIXED64))


def _any_strings(values: tuple[str, ...]) -> bytes:
    array = b"".join(message(b"\n", message(b"\n", utf8(value))) for value in values)
    return message(b"\x12", message(b"\x2a", array))


def _any_other(value: bool | float | tuple[str, ...]) -> bytes:
    """``KeyValue.value`` with its tag, for values that are no strings."""
    if isinstance(value, bool):
        return _TRUE if value else _FALSE
    if isinstance(value, int):
        return _INT_VALUES[value] if 0 <= value <= _LAST_SMALL else _any_int(value)
    if isinstance(value, float):
        return b"\x12\x09\x21" + _DOUBLE.pack(value)
    return _any_strings(value)


@lru_cache(maxsize=1024)
def _key(key: str) -> bytes:
    """``KeyValue.key``. The keys of the data model are few. Keys from outside must not fill the
    memory.
    """
    return string(b"\n", key)


_LONGEST_KEPT = 64  # characters of a key and its value
_MOST_KEPT = 8192
_WRITTEN: dict[bytes, dict[tuple[str, Value], bytes]] = {}
"""A cache by tag, for all calls. It changes no byte."""
_SMALL: dict[bytes, dict[tuple[str, Value], bytes]] = {}
"""The same for small integers. In one cache with strings they would be taken for booleans: ``1``
and ``True`` are equal as keys and differ on the wire.
"""


class AttributeWriter:
    """Writes attributes as repeated ``KeyValue`` fields with one tag.

    Most short strings repeat, within a call (the session id on each span) and between calls (a
    module's name), and so do small integers, so their bytes are kept. Long strings differ, and so
    do the values of the key ``unique``.
    """

    __slots__ = ("_small", "_tag", "_unique", "_written")

    def __init__(self, tag: bytes, unique: str = "") -> None:
        self._tag = tag
        self._unique = unique
        self._written = _WRITTEN.setdefault(tag, {})
        self._small = _SMALL.setdefault(tag, {})

    def __call__(self, attributes: Attributes) -> bytes:
        written, write = self._written.get, self._write
        return b"".join([written(item) or write(item) for item in attributes.items()])

    def _write(self, item: tuple[str, Value]) -> bytes:
        key, value = item
        if isinstance(value, str):
            pair = _key(key) + _any_string(utf8(value))
            part = self._tag + length(len(pair)) + pair
            if len(key) + len(value) <= _LONGEST_KEPT and key != self._unique:
                _keep(self._written, item, part)
            return part
        if type(value) is int and 0 <= value <= _LAST_SMALL:
            return self._small.get(item) or self._write_small(item, value)
        return message(self._tag, _key(key) + _any_other(value))

    def _write_small(self, item: tuple[str, Value], number: int) -> bytes:
        part = message(self._tag, _key(item[0]) + _INT_VALUES[number])
        if len(item[0]) <= _LONGEST_KEPT:
            _keep(self._small, item, part)
        return part


def _keep(written: dict[tuple[str, Value], bytes], item: tuple[str, Value], part: bytes) -> None:
    if len(written) >= _MOST_KEPT:
        written.clear()
    written[item] = part
