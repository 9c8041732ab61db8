"""The two numbers of a call: our own may leave, the caller's or called person's becomes a hash."""

from __future__ import annotations

import hmac
import re
from hashlib import sha256
from unicodedata import normalize

from msgspec.structs import replace

from fuse_otel.core.model.call import CallRecord, Direction, ListedCall
from fuse_otel.core.redaction.phone_number import digits_as_written, international_digits

_OUTBOUND = "outbound"  # the `src` of every outbound call is `Outbound`
_WORD = re.compile(r"[a-z][a-z_ -]{0,31}\Z")


def pseudonymise(record: CallRecord, key: bytes | None) -> ListedCall:
    """The record without the number of the caller or called person. Without a ``key`` there is no
    pseudonym either.
    """
    record = with_times(record)
    direction = _direction(record)
    ours, other = record.dest, record.src
    if direction is Direction.OUTBOUND:
        # `dest` is the called customer here; no field holds our own number.
        ours, other = "", record.dest
    elif direction is Direction.UNKNOWN:
        ours = ""
    return ListedCall(
        session_id=record.session_id,
        start=record.start,
        end=record.end,
        direction=direction,
        type=_word(record.type),
        logged=record.logged,
        user_hash=user_hash(other, key),
        destination=digits_as_written(ours) or None,
    )


def with_times(record: CallRecord) -> CallRecord:
    """The record with both times where it has one, and with no end before its start."""
    start, end = record.start, record.end
    if start is None or end is None:
        known = end if start is None else start
        return record if known is None else replace(record, start=known, end=known)
    return record if start <= end else replace(record, end=start)


def developer_key_pseudonym(developer_key: str) -> bytes:
    """The HMAC key for an account without one: HKDF-SHA256 (RFC 5869), no salt, 32 bytes."""
    extracted = hmac.digest(bytes(32), developer_key.encode(), sha256)
    return hmac.digest(extracted, b"fuse-otel/pseudonym/1" + b"\1", sha256)


def _direction(record: CallRecord) -> Direction:
    """Outbound if any field says so, however it spells it: in an outbound call ``dest`` is the
    customer, who must not be taken for our own number.
    """
    if _mentions_outbound(record.src) or _mentions_outbound(record.type):
        return Direction.OUTBOUND
    is_inbound = record.type.strip().lower() == "inbound"
    return Direction.INBOUND if is_inbound else Direction.UNKNOWN


def _mentions_outbound(text: str) -> bool:
    if text.isascii() and text.isdigit():
        return False
    return _OUTBOUND in "".join(filter(str.isalpha, normalize("NFKC", text).casefold()))


def _word(written: str) -> str:
    """A short word, or nothing: any other text could be personal."""
    word = written.strip().lower()
    return word if _WORD.match(word) else ""


def user_hash(number: str, key: bytes | None) -> str | None:
    """The pseudonym of whoever has the number; ``None`` without a key or a number."""
    digits = international_digits(number)
    if key is None or not digits:
        return None
    return hmac.digest(key, digits.encode(), sha256)[:16].hex()
