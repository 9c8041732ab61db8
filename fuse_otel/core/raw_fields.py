"""Protobuf's bytes field by field, without a copy and without knowing the message."""

from __future__ import annotations

from collections.abc import Iterator

VARINT, EIGHT_BYTES, CHUNK, FOUR_BYTES = 0, 1, 2, 5

_SIZES = {EIGHT_BYTES: 8, FOUR_BYTES: 4}
_MAX_VARINT = 10
_MAX_UINT64 = (1 << 64) - 1


def raw_fields(data: memoryview) -> Iterator[tuple[int, int, int | memoryview]]:
    """Field number, wire type and what was written, in the order of the bytes.

    Raises ``ValueError`` where the data stops being protobuf.
    """
    position = 0
    while position < len(data):
        tag, position = _varint(data, position)
        wire_type = tag & 7
        if wire_type == VARINT:
            number, position = _varint(data, position)
            yield tag >> 3, wire_type, number
        else:
            chunk, position = _chunk(data, position, wire_type)
            yield tag >> 3, wire_type, chunk


def _chunk(data: memoryview, position: int, wire_type: int) -> tuple[memoryview, int]:
    if wire_type == CHUNK:
        size, position = _varint(data, position)
    elif wire_type in _SIZES:
        size = _SIZES[wire_type]
    else:
        raise ValueError(f"no protobuf message: wire type {wire_type}")
    end = position + size
    if end > len(data):
        raise ValueError("the protobuf message is cut off")
    return data[position:end], end


def _varint(data: memoryview, position: int) -> tuple[int, int]:
    """The number and the position behind it."""
    number = 0
    for place, byte in enumerate(data[position : position + _MAX_VARINT]):
        number |= (byte & 0x7F) << (7 * place)
        if byte <= 0x7F:  # noqa: PLR2004 - the highest bit says that more bytes follow
            return number & _MAX_UINT64, position + place + 1
    raise ValueError("no protobuf message: a number in it is cut off or too long")
