"""The few bytes of protobuf that back ends answer with, field by field."""

from __future__ import annotations

from collections.abc import Iterator

_VARINT, _EIGHT_BYTES, _CHUNK, _FOUR_BYTES = 0, 1, 2, 5
_WIDTHS = {_EIGHT_BYTES: 8, _FOUR_BYTES: 4}
_MAX_VARINT = 10  # bytes
_SIGN = 1 << 63


def fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Field number and content (a varint as a signed 64-bit integer) in the order of the bytes.

    Raises ``ValueError`` where the data stops being protobuf.
    """
    position = 0
    while position < len(data):
        tag, position = _varint(data, position)
        number, wire_type = tag >> 3, tag & 7
        if number == 0:
            raise ValueError("field number 0")
        if wire_type == _VARINT:
            value, position = _varint(data, position)
            yield number, value - ((value & _SIGN) << 1)
        else:
            end, position = _end(data, position, wire_type)
            yield number, data[position:end]
            position = end


def _end(data: bytes, position: int, wire_type: int) -> tuple[int, int]:
    """Where the content ends, and where it begins."""
    if wire_type == _CHUNK:
        length, position = _varint(data, position)
    elif wire_type in _WIDTHS:
        length = _WIDTHS[wire_type]
    else:
        raise ValueError(f"wire type {wire_type}")
    if position + length > len(data):
        raise ValueError("cut off")
    return position + length, position


def _varint(data: bytes, position: int) -> tuple[int, int]:
    """The number, and the position behind it."""
    number = 0
    for place, byte in enumerate(data[position : position + _MAX_VARINT]):
        number |= (byte & 0x7F) << (7 * place)
        if not byte & 0x80:
            return number & (2 * _SIGN - 1), position + place + 1
    raise ValueError("a number is cut off or too long")
