"""Read an answer's body under a bound, so that neither a huge one nor a gzip bomb fills memory."""

from __future__ import annotations

import zlib

import httpx

_GZIP = 16 + zlib.MAX_WBITS
_MEMBER = b"\x1f"  # the first byte of another one; its second may be in the next chunk


class BodyTooLarge(Exception):
    """The decoded body is longer than the limit; the rest was not read."""


def read_limited(response: httpx.Response, limit: int) -> bytes:
    """The decoded body of a streamed response, at most ``limit`` bytes of it in memory.

    Raises ``BodyTooLarge``, ``httpx.DecodingError`` (damaged or cut gzip, an encoding that was
    not asked for) and what httpx raises while reading. The response is closed in any case.
    """
    body = bytearray()
    try:
        encoding = response.headers.get("Content-Encoding", "").strip().lower()
        if encoding in {"", "identity"}:
            _read_plain(response, body, limit)
        elif encoding in {"gzip", "x-gzip"}:
            _read_gzip(response, body, limit)
        else:
            raise httpx.DecodingError("the answer has a content encoding that was not asked for")
        return bytes(body)
    finally:
        # The traceback of an error keeps this frame, for as long as anybody keeps the error.
        body.clear()
        response.close()


def _read_plain(response: httpx.Response, body: bytearray, limit: int) -> None:
    for chunk in response.iter_raw():
        body += chunk
        if len(body) > limit:
            raise BodyTooLarge


def _read_gzip(response: httpx.Response, body: bytearray, limit: int) -> None:
    inflater = zlib.decompressobj(_GZIP)
    begun = False
    for chunk in response.iter_raw():
        begun = begun or bool(chunk)
        inflater = _inflate(inflater, chunk, body, limit)
    if begun and not inflater.eof:
        raise httpx.DecodingError("the answer's gzip is cut off")


def _inflate(
    inflater: zlib._Decompress, chunk: bytes, body: bytearray, limit: int
) -> zlib._Decompress:
    """Append what ``chunk`` holds to ``body``; a new member begins a new inflater."""
    while chunk:
        if inflater.eof:
            if not chunk.startswith(_MEMBER):  # padding after the last member
                return inflater
            inflater = zlib.decompressobj(_GZIP)
        try:
            body += inflater.decompress(chunk, limit + 1 - len(body))
        except zlib.error as error:
            raise httpx.DecodingError("the answer's gzip is damaged") from error
        if len(body) > limit:
            raise BodyTooLarge
        chunk = inflater.unused_data if inflater.eof else inflater.unconsumed_tail
    return inflater
