"""Gzip as batches use it: exactly one member, no name, no time, so equal data is equal bytes.

``isal`` is several times as fast as zlib. It is a dependency only where it has wheels.
"""

from __future__ import annotations

import zlib
from struct import Struct
from types import ModuleType

_codec: ModuleType
try:
    from isal import isal_zlib
except ImportError:  # no wheel for this system
    _codec, _LEVEL = zlib, 6
else:
    _codec, _LEVEL = isal_zlib, 2

INFLATE_LIMIT = 64 * 1024 * 1024

# Magic, deflate, no flags, modification time 0, no extra flags, operating system unknown. zlib
# would write the system it was built on.
_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
_TRAILER = Struct("<II")
_RAW = -15
_GZIP = 31


def deflate(data: bytes) -> bytes:
    """``data`` as one gzip member."""
    trailer = _TRAILER.pack(zlib.crc32(data), len(data) & 0xFFFFFFFF)
    return b"".join((_HEADER, _codec.compress(data, _LEVEL, _RAW), trailer))


def noted_size(data: bytes) -> int:
    """The size of the content, as the last four bytes of the gzip member have it."""
    return int.from_bytes(data[-4:], "little")


def inflate(data: bytes, limit: int = INFLATE_LIMIT) -> bytes:
    """The content of one gzip member, at most ``limit`` bytes.

    Raises ``ValueError`` if the data is no gzip member, is cut off or damaged, has something
    behind it, or holds more than ``limit`` bytes. No more than ``limit`` is ever in memory.
    """
    content, rest, complete = _inflate(data, limit + 1)
    if len(content) > limit:
        raise ValueError(f"the gzip member holds more than {limit} bytes")
    if not complete:
        raise ValueError("the gzip member is cut off")
    if rest:
        raise ValueError("there is something behind the gzip member")
    return content


def _inflate(data: bytes, max_length: int) -> tuple[bytes, bytes, bool]:
    """The content, what follows the member, and whether its end was reached."""
    reader = _codec.decompressobj(_GZIP)
    try:
        content = reader.decompress(data, max_length)
    except _codec.error as error:
        raise ValueError(f"not a gzip member: {error}") from error
    return content, reader.unused_data, reader.eof
