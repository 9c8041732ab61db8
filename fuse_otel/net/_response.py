"""What is read of a response under a bound: its body, its wait, its date; and a failure's words.

A peer may send anything. Nothing here raises for the content of a header.
"""

from __future__ import annotations

import math
import re
import zlib
from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime

import httpx

_GZIP = 16 + zlib.MAX_WBITS
_MEMBER = b"\x1f"  # the first byte of a further member; its second may be in the next chunk
_LONGEST_WAIT = 3600.0  # seconds
_FARTHEST_WAIT = 86_400.0  # seconds; a header that asks for more is a mistake
_LONGEST_VALUE = 100  # characters of a number or a date in a header
_ERROR_NUMBER = re.compile(r"\[Errno -?\d+\] ")  # Python puts it before the system's words


class BodyTooLarge(Exception):
    """The decoded body is longer than the limit. The rest was not read."""


def read_limited(response: httpx.Response, limit: int) -> bytes:
    """The decoded body of a streamed response, with at most ``limit`` bytes of it in memory.

    Raises ``BodyTooLarge``, ``httpx.DecodingError`` (damaged or truncated gzip, an encoding that
    the request did not accept) and what httpx raises while reading. Closes the response.
    """
    body = bytearray()
    try:
        encoding = response.headers.get("Content-Encoding", "").strip().lower()
        if encoding in {"", "identity"}:
            _read_plain(response, body, limit)
        elif encoding in {"gzip", "x-gzip"}:
            _read_gzip(response, body, limit)
        else:
            raise httpx.DecodingError("it has a content encoding that the request did not accept")
        return bytes(body)
    finally:
        # The traceback of an error keeps this frame for as long as the error is kept.
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
        raise httpx.DecodingError("its gzip data is truncated")


def _inflate(
    inflater: zlib._Decompress, chunk: bytes, body: bytearray, limit: int
) -> zlib._Decompress:
    """Append the content of ``chunk`` to ``body``. Each gzip member has its own inflater."""
    while chunk:
        if inflater.eof:
            if not chunk.startswith(_MEMBER):  # padding after the last member
                return inflater
            inflater = zlib.decompressobj(_GZIP)
        try:
            body += inflater.decompress(chunk, limit + 1 - len(body))
        except zlib.error as error:
            raise httpx.DecodingError("its gzip data is damaged") from error
        if len(body) > limit:
            raise BodyTooLarge
        chunk = inflater.unused_data if inflater.eof else inflater.unconsumed_tail
    return inflater


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """The wait in seconds from ``now`` (UNIX seconds), 0 to 3600; ``None`` if none is requested or
    if the value cannot be meant: more than a day ahead.

    Reads ``Retry-After`` (seconds or an HTTP date), else ``X-RateLimit-Reset`` (UNIX seconds)
    unless ``X-RateLimit-Remaining`` is above 0. ``headers`` is case-insensitive.
    """
    wait = _number(headers.get("Retry-After"))
    if wait is None:
        until = http_date(headers.get("Retry-After"))
        if until is None:
            until = _reset(headers)
        wait = None if until is None else until - now
    return None if wait is None else believable_wait(wait)


def believable_wait(seconds: float) -> float | None:
    """A wait that a peer asks for, bounded to 0 to 3600 seconds; ``None`` for more than a day."""
    # A broken gateway sent `X-RateLimit-Reset: 9999…`: nobody asks for an hour of silence by that.
    return None if seconds > _FARTHEST_WAIT else min(max(seconds, 0.0), _LONGEST_WAIT)


def http_date(text: str | None) -> float | None:
    """An HTTP date as UNIX seconds, ``None`` for any other text."""
    if text is None or len(text) > _LONGEST_VALUE:
        return None
    try:
        date = parsedate_to_datetime(text)
        return (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp()
    except (ValueError, TypeError, IndexError, OverflowError, OSError):
        # `Mon, 01 Jan 9999999999 00:00:00 GMT` is an OverflowError, and not only there.
        return None


def _reset(headers: Mapping[str, str]) -> float | None:
    remaining = _number(headers.get("X-RateLimit-Remaining"))
    if remaining is not None and remaining > 0:
        return None
    return _number(headers.get("X-RateLimit-Reset"))


def _number(text: str | None) -> float | None:
    try:
        number = float((text or "")[:_LONGEST_VALUE])
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def words_of(error: httpx.HTTPError) -> str:
    """The operating system's words for a failed connection."""
    return _ERROR_NUMBER.sub("", str(error))
