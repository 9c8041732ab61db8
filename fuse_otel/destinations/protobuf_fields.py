"""The few bytes of protobuf that back ends answer with, field by field."""

from __future__ import annotations

from collections.abc import Iterator

from fuse_otel.core.raw_fields import raw_fields

_SIGN = 1 << 63


def fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Field number and content (a varint as a signed 64-bit integer) in the order of the bytes.

    Raises ``ValueError`` where the data stops being protobuf.
    """
    for number, _, content in raw_fields(memoryview(data)):
        if number == 0:
            raise ValueError("field number 0")
        if isinstance(content, int):
            yield number, content - ((content & _SIGN) << 1)
        else:
            yield number, bytes(content)
