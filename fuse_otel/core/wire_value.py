"""Protobuf's smallest pieces: varints, strings, attribute values. Written for speed, because every
span and log record of every call passes here.

Bytes equal those of protobuf's deterministic serialisation: fields in the order of their numbers,
empty scalars left out, the chosen member of a ``oneof`` always written.
"""

from __future__ import annotations

from collections.abc import Mapping
from struct import Struct

from fuse_otel.core.telemetry import Attributes, Value

MAX_FIXED64 = 2**64 - 1

_INT64 = range(-(2**63), 2**63)
_DOUBLE = Struct("<d")
_LAST_SMALL = 0x7F


def varint(number: int) -> bytes:
    """``number`` is not negative."""
    out = bytearray()
    while number > _LAST_SMALL:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def _string_value(size: int) -> bytes:
    """What stands before the ``size`` bytes of a string that is an attribute's value: the field
    ``KeyValue.value``, the length of its ``AnyValue``, the field ``AnyValue.string_value``.
    """
    return b"\x12" + varint(1 + len(varint(size)) + size) + b"\n" + varint(size)


# Nearly every length on the path is under 2 KiB: attribute values are cut there.
_TABLE = 4096
_LENGTHS = tuple(varint(number) for number in range(_TABLE))
_STRING_VALUES = tuple(_string_value(size) for size in range(_TABLE))
_INT_VALUES = tuple(b"\x12\x02\x18" + varint(number) for number in range(_LAST_SMALL + 1))
_TRUE, _FALSE = b"\x12\x02\x10\x01", b"\x12\x02\x10\x00"


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
    """``KeyValue.value`` with its tag, for what is no string."""
    if isinstance(value, bool):
        return _TRUE if value else _FALSE
    if isinstance(value, int):
        return _INT_VALUES[value] if 0 <= value <= _LAST_SMALL else _any_int(value)
    if isinstance(value, float):
        return b"\x12\x09\x21" + _DOUBLE.pack(value)
    return _any_strings(value)


class AttributeWriter:
    """Writes attributes as repeated ``KeyValue`` fields with one tag.

    Made anew for every call: most strings come again within a call (the session id on each span,
    a module's name on each of its entries), and are encoded once.
    """

    __slots__ = ("_tag", "_written")

    def __init__(self, tag: bytes) -> None:
        self._tag = tag
        self._written: dict[tuple[str, Value], bytes] = {}

    def __call__(self, attributes: Attributes) -> bytes:
        written = self._written
        parts: list[bytes] = []
        for item in attributes.items():
            part = written.get(item)
            if part is None:
                part = self._write(item)
            parts.append(part)
        return b"".join(parts)

    def _write(self, item: tuple[str, Value]) -> bytes:
        key, value = item
        if isinstance(value, str):
            pair = _KEYS[key] + _any_string(utf8(value))
            # Only strings are kept: 1, 1.0 and True are equal as keys and differ on the wire.
            part = self._written[item] = self._tag + length(len(pair)) + pair
            return part
        return message(self._tag, _KEYS[key] + _any_other(value))


class _Keys(dict[str, bytes]):
    """Attribute keys as ``KeyValue.key``. The keys of the data model are few; those that come
    from outside must not fill the memory.
    """

    _limit = 1024

    def __missing__(self, key: str) -> bytes:
        encoded = string(b"\n", key)
        if len(self) < self._limit:
            self[key] = encoded
        return encoded


_KEYS: Mapping[str, bytes] = _Keys()
